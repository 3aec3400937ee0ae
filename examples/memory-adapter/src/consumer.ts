import type { AdapterTracing } from '@tracebaton/core/adapter'
import { toDelivery } from './describe.ts'
import type { Queues, ReceivedMessage } from './queues.ts'

/** Where a message was received, for as long as somebody holds it. */
export const receivedFrom: WeakMap<object, { readonly tracing: AdapterTracing; readonly queue: string }> = new WeakMap()

/** The handling half of a queue, traced: one attempt for each message, one span for each batch. */
export function traceHandling(
  tracing: AdapterTracing,
  queues: Pick<Queues, 'subscribe' | 'subscribeAll'>,
): Pick<Queues, 'subscribe' | 'subscribeAll'> {
  return {
    subscribe: (queue, handler, concurrency) =>
      queues.subscribe(queue, (message) => attempt(tracing, queue, message, () => handler(message)), concurrency),
    subscribeAll: (queue, handler) =>
      queues.subscribeAll(queue, (messages) => {
        for (const message of messages) receivedFrom.set(message, { tracing, queue })
        const deliveries = tracing.guard(() => messages.map((message) => toDelivery(queue, message)))
        const call = (): unknown => handler(messages)
        return deliveries === undefined ? call() : tracing.processBatch(deliveries, call)
      }),
  }
}

/** Wraps a function that handles one message of a batch: each call is one attempt, with a span of its own. */
export function traceHandler<Result>(
  handler: (message: ReceivedMessage) => Result,
): (message: ReceivedMessage) => Result {
  return (message) => {
    const call = (): Result => handler(message)
    const received = receivedFrom.get(message)
    return received === undefined ? call() : attempt(received.tracing, received.queue, message, call)
  }
}

/** Handles the messages of a batch one after the other, each in its own span. Stops at the first that fails. */
export async function forEachMessage<Result>(
  messages: readonly ReceivedMessage[],
  handler: (message: ReceivedMessage) => Result,
): Promise<Awaited<Result>[]> {
  const traced = traceHandler(handler)
  const results: Awaited<Result>[] = []
  for (const message of messages) results.push(await traced(message))
  return results
}

function attempt<Result>(tracing: AdapterTracing, queue: string, message: ReceivedMessage, call: () => Result): Result {
  receivedFrom.set(message, { tracing, queue })
  const delivery = tracing.guard(() => toDelivery(queue, message))
  return delivery === undefined ? call() : tracing.process(delivery, call)
}
