import {
  hasMethods,
  isObject,
  moveMessage,
  originalOf,
  partitionsOf,
  refusalOf,
  retryResult,
  tracingFor,
  writableOnly,
  type AdapterTracing,
  type DeadLetterOptions,
  type Delivery,
  type Move,
  type RedriveOptions,
  type RetryOptions,
  type RetryResult,
} from '@tracebaton/core/adapter'
import type { HeaderValue, MessagePayload, RecordLike, SenderLike } from './client.ts'
import { arrivalOf } from './consumer.ts'
import { toDelivery } from './describe.ts'
import { factsOf, inject, toPublication } from './producer.ts'
import { SCOPE } from './scope.ts'

/** What the `send` of a producer, or of a transaction, gives. */
export type Sent<Sender extends SenderLike> = ReturnType<Sender['send']>

/**
 * Sends a received message again, for its next attempt: same key, value and headers, same trace context, with its history
 * and the facts of the failure. Kafka knows no delay: `delay` is what the consumer of a retry topic means to wait, and is
 * not counted as time in the queue.
 *
 * May be called inside the handler or later, with a producer (or transaction) that is traced or not. The message at hand
 * stays where it is: return from the handler once this has resolved. Resolves, and rejects, as `send` does; and rejects
 * with the code `ERR_TRACEBATON_DESTINATION` where it is unknown which topic is meant.
 *
 * @param payload as `eachMessage` gets it; of a batch `{ topic, partition, message }`
 * @param options `to`: a topic, default the one that the message came from
 */
export function retryLater(
  producer: SenderLike,
  payload: MessagePayload,
  options?: RetryOptions,
): Promise<RetryResult> {
  return retryResult(move(producer, payload, 'retry', options))
}

/** Sends a received message to a dead-letter topic; otherwise as {@link retryLater}. */
export function deadLetter<Sender extends SenderLike>(
  producer: Sender,
  payload: MessagePayload,
  options: DeadLetterOptions,
): Sent<Sender> {
  return move(producer, payload, 'dead_letter', options)
}

/**
 * Sends a dead letter back to a topic, where its attempts count from 1 again; otherwise as {@link retryLater}.
 *
 * @param options `to`: a topic, default the one where the message says it was at first
 */
export function redrive<Sender extends SenderLike>(
  producer: Sender,
  payload: MessagePayload,
  options?: RedriveOptions,
): Sent<Sender> {
  return move(producer, payload, 'redrive', options)
}

const NOT_DELAYED =
  'Kafka delays no message: retryLater sent one back to its own topic at once. ' +
  'Give `to`, a topic whose consumer waits until attemptOf(message).due'

function move<Sender extends SenderLike>(
  producer: Sender,
  payload: MessagePayload,
  kind: Move['kind'],
  options: RetryOptions | undefined,
): Sent<Sender> {
  const refusal = refusalOf(
    kind,
    [producer, hasMethods('send')(producer), 'a producer first'],
    [payload, isObject(payload?.message), 'the payload of eachMessage second'],
  )
  if (refusal !== undefined) return refusal as Sent<Sender>
  const { to, error, delay, maxAttempts } = options ?? {}
  const { topic, partition, message } = payload
  const arrival = arrivalOf(message, payload)
  const tracing = tracingFor(producer, arrival, SCOPE)
  const unknown = (): Delivery => toDelivery(tracing, message, topic, partitionsOf(undefined).of(topic, partition))
  const delivery = arrival?.delivery ?? tracing.guard(unknown)
  const from = kind === 'retry' ? topic : delivery && tracing.moveFacts(delivery)?.originalDestination
  const { headers } = message
  const key = writable(tracing, message.key, arrival?.message.key)
  const value = writable(tracing, message.value, arrival?.message.value)
  const copy = headers === undefined ? { key, value } : { key, value, headers: writableHeaders(tracing, headers) }
  const recordTo = (place: string): RecordLike => ({ topic: place, messages: [copy] })
  return moveMessage(
    { kind, tracing, delivery, to, from, error, delay, maxAttempts },
    (place) => toPublication(tracing, [recordTo(place)], factsOf(producer), delay),
    (place, injection) => {
      const record = recordTo(place)
      if (delay !== undefined && delay > 0 && to === undefined) tracing.warn(NOT_DELAYED)
      const [injected = record] = tracing.guard(() => inject(tracing, [record], [injection])) ?? []
      return originalOf<SenderLike>(producer).send(injected as never)
    },
  ) as Sent<Sender>
}

/**
 * What the client can write, of a part of a message. Frameworks hand out clones whose parts they have parsed: these go as
 * they arrived, or as JSON where that is not known.
 */
function writable<Part>(tracing: AdapterTracing, part: Part, received?: Part): Part {
  if (part === null || part === undefined || isWritten(part)) return part
  if (ArrayBuffer.isView(received)) return received
  return tracing.guard(() => JSON.stringify(part) as Part) ?? part
}

/**
 * The client reads headers that it cannot write: those without a value, and functions, because it takes what every object has
 * for an earlier header of that name (`constructor`). Of a header that repeats, the other values stay.
 */
function writableHeaders(
  tracing: AdapterTracing,
  headers: Readonly<Record<string, HeaderValue>>,
): Readonly<Record<string, HeaderValue>> {
  const entries = Object.entries(headers).map(([name, value]) => [name, writableValue(tracing, value)] as const)
  return writableOnly(tracing, entries, (_, value) => (Array.isArray(value) ? value.length > 0 : isWritten(value)))
}

function writableValue(tracing: AdapterTracing, value: HeaderValue): HeaderValue {
  return Array.isArray(value) ? value.map((one) => writable(tracing, one)).filter(isWritten) : writable(tracing, value)
}

function isWritten(value: unknown): boolean {
  return typeof value === 'string' || ArrayBuffer.isView(value)
}
