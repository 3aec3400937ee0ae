import {
  hasMethods,
  isObject,
  moveMessage,
  originalOf,
  refusalOf,
  retryResult,
  tracingFor,
  writableOnly,
} from '@tracebaton/core/adapter'
import type {
  AdapterTracing,
  DeadLetterOptions,
  Delivery,
  Move,
  RedriveOptions,
  RetryOptions,
  RetryResult,
} from '@tracebaton/core/adapter'
import { frameSizeOf, hasConfirms, invoke, type ChannelLike, type MessageLike } from './client.ts'
import { arrivalOf } from './consumer.ts'
import { toDelivery, toPublication } from './describe.ts'
import { createWriter, isWritableProperty } from './headers.ts'
import { inject } from './producer.ts'
import { SCOPE } from './scope.ts'

/**
 * Publishes a received message again, for its next attempt: same content, properties and headers, same trace context,
 * with its history and the facts of the failure. What the broker wrote onto the old copy (`x-death`, its expiration) stays
 * behind.
 *
 * May be called inside the handler or later, with a channel that is traced or not. Settle the message at hand once this has
 * resolved: on a channel with confirms when the broker has taken the copy, else when the copy has been written. Rejects as
 * `sendToQueue` throws, or as the broker says; and with the code `ERR_TRACEBATON_DESTINATION` where it is unknown which
 * queue is meant.
 *
 * @param options `to`: a queue, which has to exist; default the one that the message came from. With both `to` and `delay`
 * the copy expires after so many ms: `to` is then a queue without consumers that dead-letters to where it is tried again.
 * Without `to` the wait is yours
 */
export function retryLater(channel: ChannelLike, message: MessageLike, options?: RetryOptions): Promise<RetryResult> {
  return retryResult(move(channel, message, 'retry', options))
}

/** Publishes a received message to a dead-letter queue; otherwise as {@link retryLater}. */
export function deadLetter(channel: ChannelLike, message: MessageLike, options: DeadLetterOptions): Promise<void> {
  return move(channel, message, 'dead_letter', options)
}

/**
 * Publishes a dead letter to a queue, where its attempts count from 1 again; otherwise as {@link retryLater}.
 *
 * @param options `to`: a queue, default the one where the message says it was handled at first
 */
export function redrive(channel: ChannelLike, message: MessageLike, options?: RedriveOptions): Promise<void> {
  return move(channel, message, 'redrive', options)
}

const NOT_DELAYED =
  'RabbitMQ delays no message by itself: retryLater sent one back at once. ' +
  'Give `to`, a queue without consumers that dead-letters to where it is tried again'

async function move(
  channel: ChannelLike,
  message: MessageLike,
  kind: Move['kind'],
  asked: RetryOptions | undefined,
): Promise<void> {
  const refusal = refusalOf(
    kind,
    [channel, hasMethods('sendToQueue')(channel), 'a channel first'],
    [message, isObject(message?.fields) && isObject(message.properties), 'a received message second'],
  )
  if (refusal !== undefined) return refusal
  const { to, error, maxAttempts } = asked ?? {}
  const delay = asked?.delay ?? 0
  const original = originalOf(channel)
  const arrival = arrivalOf(message, original)
  const tracing = tracingFor(channel, arrival, SCOPE)
  const unknown = (): Delivery => toDelivery(tracing, original, message.fields, message, undefined, false, false)
  const delivery = arrival?.delivery ?? tracing.guard(unknown)
  // A destination may be an exchange, and then the message tells the queue, too.
  const { originalConsumer: first, originalDestination } = (delivery && tracing.moveFacts(delivery)) ?? {}
  const from = kind === 'retry' ? delivery?.queue : (first ?? originalDestination)
  // Back in its own queue, the message would expire there. One that is due already has to leave the queue where it waits.
  const expires = delay !== 0 && to !== undefined && to !== delivery?.queue
  if (delay > LONGEST_DELAY) tracing.warn(`retryLater waits at most ${LONGEST_DELAY} ms, as long as a queue can`)
  const options = {
    ...propertiesOf(tracing, original, message),
    expiration: expires ? String(Math.round(Math.min(Math.max(delay, 0) || 0, LONGEST_DELAY))) : undefined,
  }
  return moveMessage(
    { kind, tracing, delivery, to, from, error, delay, maxAttempts },
    (queue) => toPublication(tracing, original, '', queue, message.content, options, delay),
    (queue, injection) => {
      if (delay > 0 && !expires) tracing.warn(NOT_DELAYED)
      const args = [queue, message.content, options]
      inject(tracing, original, 'sendToQueue', args, injection)
      return publish(original, args)
    },
  )
}

function publish(channel: ChannelLike, args: readonly unknown[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const confirmed = (error: unknown): void => (error ? reject(error) : resolve())
    const confirms = hasConfirms(channel)
    invoke(channel, 'sendToQueue', confirms ? [...args, confirmed] : args)
    if (!confirms) resolve()
  })
}

/** ms. RabbitMQ closes the channel of a message that is to expire later. */
const LONGEST_DELAY = 2 ** 32 - 1

/** What the broker wrote onto the old copy says nothing of the new one, which goes to one queue and to no others. */
const OF_THE_OLD_COPY = /^(?:x-death|x-(?:first|last)-death-.*|x-delivery-count|x-acquired-count|x-delay|B?CC)$/

/** Properties of the old copy that are the message's: not the user, who may be another one. */
function propertiesOf(
  tracing: AdapterTracing,
  channel: ChannelLike,
  { properties }: MessageLike,
): Readonly<Record<string, unknown>> {
  const { headers, userId: _userId, clusterId: _clusterId, ...others } = properties as Readonly<Record<string, unknown>>
  const kept = writableOnly(tracing, Object.entries(others), isWritableProperty)
  const table = Object.entries(headers ?? {}).filter(([name]) => !OF_THE_OLD_COPY.test(name))
  return { ...kept, headers: writableOnly(tracing, table, createWriter(kept, frameSizeOf(channel))) }
}
