import { beginAttempt, endAttempt, handled } from './attempt.ts'
import { callIn } from '../base/call.ts'
import type { Delivery } from '../verdict/delivery.ts'
import { passOn } from './pass-on.ts'
import type { Runtime } from '../runtime.ts'
import { secondsSince } from '../otel/span.ts'

/**
 * Runs the handler of one message as one attempt: in a CONSUMER span of its own, with the message's context and
 * baggage. Gives what the handler gives and throws what it throws; see {@link callIn}. Nothing of ours is ever thrown.
 */
export function processDelivery<Result>(runtime: Runtime, delivery: Delivery, handler: () => Result): Result {
  if (runtime.isIdle()) return passOn(runtime, delivery, handler)
  const attempt = runtime.report.guard('span', () => beginAttempt(runtime, delivery))
  if (attempt === undefined) return handler()
  const startedAt = performance.now()
  return callIn(attempt.context, handler, runtime.report, (ending) => {
    handled(attempt, ending, secondsSince(startedAt))
    endAttempt(attempt)
  })
}
