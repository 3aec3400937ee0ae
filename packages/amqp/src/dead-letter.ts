import {
  originalOf,
  rejectWithoutDestination,
  resolveTracing,
  tracingOf,
  type AdapterTracing,
  type DeadLetterOptions,
  type Delivery,
  type Injection,
  type Move,
  type RedriveOptions,
  type RetryOptions,
} from '@tracebaton/core/adapter'
import { arrivalOf } from './arrivals.ts'
import { answerTo, hasConfirms, invoke, type ChannelLike, type MessageLike } from './client.ts'
import { toDelivery, toPublication } from './describe.ts'
import { withFields } from './headers.ts'
import { SCOPE } from './scope.ts'

/**
 * Publishes a received message once more, for its next attempt: same content, properties and headers, same trace context,
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
export function retryLater(channel: ChannelLike, message: MessageLike, options: RetryOptions = {}): Promise<void> {
  const home = arrivalOf(message)?.delivery.queue
  const { to = home, error, delay } = options
  return move(channel, message, 'retry', to, error, delay, to !== home)
}

/** Publishes a received message to a dead-letter queue; otherwise as {@link retryLater}. */
export function deadLetter(
  channel: ChannelLike,
  message: MessageLike,
  { to, error }: DeadLetterOptions,
): Promise<void> {
  return move(channel, message, 'dead_letter', to, error)
}

/**
 * Publishes a dead letter to a queue, where its attempts count from 1 again; otherwise as {@link retryLater}.
 *
 * @param options `to`: a queue, default the one where the message says it was handled at first
 */
export function redrive(channel: ChannelLike, message: MessageLike, { to }: RedriveOptions = {}): Promise<void> {
  return move(channel, message, 'redrive', to)
}

async function move(
  channel: ChannelLike,
  message: MessageLike,
  kind: Move['kind'],
  asked: string | undefined,
  error?: unknown,
  delay?: number,
  expires = false,
): Promise<void> {
  const original = originalOf(channel)
  const arrival = arrivalOf(message)
  const tracing = tracingOf(channel) ?? arrival?.tracing ?? resolveTracing(undefined, SCOPE)
  const delivery = tracing.guard(() => arrival?.delivery ?? toDelivery(tracing, original, message, undefined, false))
  const to = asked ?? (kind === 'redrive' && delivery ? firstQueue(tracing, delivery) : undefined)
  // The broker takes a message for the queue without a name, and drops it.
  if (to === undefined || to === '') return rejectWithoutDestination(kind)
  const expiration = expires && delay !== undefined && delay > 0 ? { expiration: String(Math.round(delay)) } : undefined
  const options: Readonly<Record<string, unknown>> = { ...propertiesOf(message), ...expiration }
  const publication = tracing.guard(() => {
    const { content } = message
    const described = toPublication(tracing, original, { exchange: '', routingKey: to, content, options })
    const messages = described.messages.map((outgoing) => Object.assign(outgoing, { delay }))
    return { ...described, messages, move: delivery && { kind, delivery, error } }
  })
  const send = (injection?: Injection): Promise<void> => {
    const fields = injection?.fields
    const headers = fields && tracing.guard(() => withFields(options['headers'], fields, tracing.isField))
    return publish(original, to, message.content, headers === undefined ? options : { ...options, headers })
  }
  await (publication === undefined ? send() : tracing.send(publication, ([injection]) => send(injection)))
}

/** The queue where a message says it was at first. Its destination may be an exchange, and then it tells the queue, too. */
function firstQueue(tracing: AdapterTracing, delivery: Delivery): string | undefined {
  const { originalConsumer, originalDestination } = tracing.moveFacts(delivery) ?? {}
  return originalConsumer ?? originalDestination
}

function publish(channel: ChannelLike, queue: string, content: Uint8Array, options: object): Promise<void> {
  return new Promise((resolve, reject) => {
    const confirms = hasConfirms(channel)
    invoke(channel, 'sendToQueue', [queue, content, options, ...(confirms ? [answerTo(resolve, reject)] : [])])
    if (!confirms) resolve()
  })
}

/** What the broker wrote onto the old copy says nothing of the new one, which goes to one queue and to no others. */
const OF_THE_OLD_COPY = /^(?:x-death|x-(?:first|last)-death-.*|x-delivery-count|x-acquired-count|B?CC)$/

/** Properties of the old copy that are the message's: not its expiration, and not the user, who may be another one. */
function propertiesOf({ properties }: MessageLike): Record<string, unknown> {
  const {
    headers,
    expiration: _,
    userId: __,
    clusterId: ___,
    ...rest
  } = properties as Readonly<Record<string, unknown>>
  const kept = Object.entries(headers ?? {}).filter(([name]) => !OF_THE_OLD_COPY.test(name))
  return { ...rest, headers: Object.fromEntries(kept) }
}
