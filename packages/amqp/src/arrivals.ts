import { context, trace } from '@opentelemetry/api'
import {
  processWide,
  type Delivery,
  type OpenAttempt,
  type Outcome,
  type AdapterTracing,
} from '@tracebaton/core/adapter'
import type { ChannelLike, MessageLike } from './client.ts'
import { openUnsettled } from './unsettled.ts'

/** A message as it arrived on a traced channel, and what has become of it since. */
interface Arrival {
  readonly tracing: AdapterTracing
  readonly channel: ChannelLike
  delivery: Delivery
  /** Whether the broker waits for no settlement. */
  readonly noAck: boolean
  attempt: OpenAttempt | undefined
  /** What it was settled with. */
  outcome: Outcome | undefined
}

/** For as long as somebody holds the message. */
const arrivals = processWide('tracebaton.amqp.arrivals.1', () => new WeakMap<object, Arrival>())

export function noteArrival(
  tracing: AdapterTracing,
  channel: ChannelLike,
  message: MessageLike,
  delivery: Delivery,
  noAck: boolean,
): void {
  arrivals.set(message, { tracing, channel, delivery, noAck, attempt: undefined, outcome: undefined })
}

/** Tells what a settlement says of a message: somebody may handle it later. */
export function noteOutcome(message: unknown, outcome: Outcome): void {
  const arrival = arrivalOf(message)
  if (arrival !== undefined) arrival.outcome ??= outcome
}

/** How a message arrived; `undefined`: on a channel without tracing. */
export function arrivalOf(message: unknown): Arrival | undefined {
  return arrivals.get(message as object)
}

/**
 * The attempt at a message, begun when it is first asked for; `undefined`: it arrived on a channel without tracing.
 *
 * A consumer whose message the broker has forgotten may have handed it over, to be handled later. Its own attempt is over
 * by then, so that another one begins.
 *
 * @param told how to trace an attempt that begins now. @default as its channel
 */
export function attemptAt(message: MessageLike, told?: AdapterTracing): OpenAttempt | undefined {
  const arrival = arrivalOf(message)
  if (arrival === undefined) return undefined
  const { attempt, noAck, outcome } = arrival
  if (attempt !== undefined && (attempt.isOpen() || !(noAck || outcome !== undefined))) return attempt
  arrival.attempt = arrival.tracing.guard(() => {
    if (attempt !== undefined) arrival.delivery = again(arrival.delivery, attempt)
    return begin(told ?? arrival.tracing, arrival, message.fields.deliveryTag)
  })
  return arrival.attempt
}

/** A delivery that is handled once more: its attempts count on, and it has been consumed once. */
function again(delivery: Delivery, before: OpenAttempt): Delivery {
  const deliveries = (delivery.count?.deliveries ?? 1) + 1
  const span = before.run(() => trace.getSpanContext(context.active()))
  return {
    ...delivery,
    count: { ...delivery.count, deliveries, exact: false, fresh: false },
    // A remote one is the message's: nobody recorded the attempt.
    previousAttempt: span?.isRemote === true ? undefined : span,
    received: true,
  }
}

function begin(tracing: AdapterTracing, { channel, delivery, noAck, outcome }: Arrival, tag: number): OpenAttempt {
  if (noAck) return tracing.open(delivery, { settledByHandler: true, longHandler: true })
  const attempt = openUnsettled(tracing, channel, tag, delivery)
  if (outcome !== undefined) attempt.settle(outcome)
  return attempt
}
