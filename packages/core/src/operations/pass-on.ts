import { context as contexts, propagation, ROOT_CONTEXT, type Context } from '@opentelemetry/api'
import { runIn } from '../base/call.ts'
import type { Runtime } from '../runtime.ts'
import type { Delivery } from '../verdict/delivery.ts'
import { readCarried } from './read.ts'

/** Without an SDK there is nothing to record: what the message carries stays active, and that is all. */
export function passOn<Result>(runtime: Runtime, delivery: Delivery, handler: () => Result): Result {
  const { report } = runtime
  const carried = report.guard('span', () => readCarried(runtime, delivery)) ?? ROOT_CONTEXT
  const context =
    delivery.ambient === true ? report.guard('span', () => withBaggageOf(contexts.active(), carried)) : carried
  return context === undefined ? handler() : runIn(context, handler, report)
}

/** The message's baggage reaches its handler in every mode. */
export function withBaggageOf(context: Context, carried: Context): Context {
  const baggage = propagation.getBaggage(carried)
  return baggage === undefined ? context : propagation.setBaggage(context, baggage)
}
