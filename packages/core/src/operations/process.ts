import type { Context } from '@opentelemetry/api'
import { callIn } from '../base/call.ts'
import type { OutcomeOf } from '../base/policy.ts'
import { getWork, sameDelivery } from '../verdict/verdict.ts'
import { activeContext, secondsSince } from '../otel/span.ts'
import type { Runtime } from '../runtime.ts'
import type { Delivery } from '../verdict/delivery.ts'
import { adopt, beginAttempt, endAttempt, handled, hear, type Attempt } from './attempt.ts'
import { passOn } from './read.ts'

/**
 * Runs the handler of one message as one attempt: in a CONSUMER span of its own, with the message's context and baggage.
 * Inside an attempt on the very same arrival that has not ended it runs as a part of that one, however often it is called.
 * Gives what the handler gives and throws what it throws; see {@link callIn}. Nothing of ours is ever thrown.
 */
export function processDelivery<Result>(
  runtime: Runtime,
  delivery: Delivery,
  handler: () => Result,
  outcomeOf?: OutcomeOf,
): Result {
  if (runtime.isIdle()) return passOn(runtime, delivery, handler)
  let attempt: Attempt | undefined
  let running: Attempt | undefined
  try {
    const active = activeContext(runtime)
    running = runningAttempt(active, delivery)
    if (running === undefined) attempt = beginAttempt(runtime, delivery, active)
    else adopt(running, delivery)
  } catch (error) {
    runtime.report.failed('span', error)
  }
  if (attempt === undefined) {
    const part = running
    if (part === undefined || outcomeOf === undefined) return handler()
    return callIn(undefined, handler, runtime.report, (ending) => hear(part, ending, outcomeOf))
  }
  const begun = attempt
  const startedAt = begun.measured === undefined ? 0 : performance.now()
  return callIn(begun.context, handler, runtime.report, (ending) => {
    hear(begun, ending, outcomeOf ?? runtime.outcomeOf)
    handled(begun, ending, begun.measured === undefined ? 0 : secondsSince(startedAt))
    endAttempt(begun)
  })
}

/** The attempt on this very arrival in the active context, if it has not ended. */
function runningAttempt(active: Context, delivery: Delivery): Attempt | undefined {
  const around = getWork(active)
  if (around?.verdict === undefined || around.ended || !sameDelivery(around.verdict.delivery, delivery))
    return undefined
  return around as Attempt
}
