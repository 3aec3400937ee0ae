import { copyWith, createArrivals, createDeliveries, traced } from '@tracebaton/core/adapter'
import type { AdapterTracing, Arrival, Arrivals, Deliveries, Delivery, HandledAttempt } from '@tracebaton/core/adapter'
import type { Batch, Handler, StreamConsumer, StreamMessage } from './client.ts'
import { toDelivery } from './describe.ts'

const arrivals: Arrivals = createArrivals('example.stream.arrivals.1')
const unsettled: Deliveries<StreamConsumer> = createDeliveries('example.stream.unsettled.1', (one) => one.isClosed())

export function traceConsumer(tracing: AdapterTracing, consumer: StreamConsumer): StreamConsumer {
  const arrive = (message: StreamMessage) => tracing.guard(() => toArrived(tracing, consumer, message)) ?? message
  return traced(consumer, {
    consume: (handler, ...rest) => consumer.consume((message) => traceHandler(handler)(arrive(message)), ...rest),
    consumeBatch: (handler) =>
      consumer.consumeBatch((messages) => {
        const batch = messages.map(arrive)
        const deliveries = batch.flatMap((message) => arrivalOf(message)?.delivery ?? [])
        return tracing.processBatch(deliveries, () => handler(batch))
      }),
  })
}

/** The message as the application gets it: it settles the attempt with the delivery. */
function toArrived(tracing: AdapterTracing, consumer: StreamConsumer, message: StreamMessage): StreamMessage {
  const arrival = { tracing, delivery: toDelivery(consumer, message) }
  const arrived = copyWith(message, {
    ack: () => unsettled.settle(arrival, 'ack', 'acked', () => message.ack()),
    nak: (delay) => unsettled.settle(arrival, 'nak', 'requeued', () => message.nak(delay)),
    term: () => unsettled.settle(arrival, 'term', 'rejected', () => message.term()),
  })
  arrivals.note(arrived, arrival)
  return arrived
}

const is = (one: StreamMessage) => (arrived: Delivery) => arrived.identity === toDelivery(undefined, one).identity
/** `undefined`: no traced consumer handed the message out, or it is not being handled. */
export const arrivalOf = (message: StreamMessage): Arrival | undefined => arrivals.of(message, is(message))
export const attemptOf = (one: StreamMessage): HandledAttempt | undefined => arrivals.attemptOf(one, is(one))

/** Wraps a handler: its span ends when the message is both handled and settled. */
export function traceHandler<Result>(handler: Handler<Result>): Handler<Result> {
  return function (this: unknown, message) {
    return unsettled.handle(arrivalOf(message), () => handler.call(this, message))
  }
}

/** Handles messages one after the other, and stops at the first that fails. */
export async function forEachMessage<Result>(batch: Batch, handler: Handler<Result>): Promise<Awaited<Result>[]> {
  const results: Awaited<Result>[] = []
  for (const message of batch) results.push(await traceHandler(handler)(message))
  return results
}
