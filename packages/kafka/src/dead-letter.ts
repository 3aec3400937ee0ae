import {
  originalOf,
  rejectWithoutDestination,
  resolveTracing,
  tracingOf,
  type DeadLetterOptions,
  type Move,
  type RedriveOptions,
  type RetryOptions,
} from '@tracebaton/core/adapter'
import type { MessagePayload, SenderLike } from './client.ts'
import { receivedAt } from './consumer.ts'
import { toDelivery } from './describe.ts'
import { sendMoved } from './producer.ts'
import { SCOPE } from './scope.ts'

/** What the `send` of a producer, or of a transaction, gives. */
export type Sent<Sender extends SenderLike> = ReturnType<Sender['send']>

/**
 * Sends a received message once more, for its next attempt: same key, value and headers, same trace context, with its
 * history and the facts of the failure. Kafka knows no delay: `delay` is what the consumer of a retry topic means to wait,
 * and is not counted as time in the queue.
 *
 * May be called inside the handler or later, with a producer (or transaction) that is traced or not. The message at hand
 * stays where it is: return from the handler once this has resolved. Resolves, and rejects, as `send` does; and rejects
 * with the code `ERR_TRACEBATON_DESTINATION` where it is unknown which topic is meant.
 *
 * @param payload as `eachMessage` gets it; of a batch `{ topic, partition, message }`
 * @param options `to`: a topic, default the one that the message came from
 */
export function retryLater<Sender extends SenderLike>(
  producer: Sender,
  payload: MessagePayload,
  options: RetryOptions = {},
): Sent<Sender> {
  const { to = payload.topic, error, delay } = options
  return move(producer, payload, 'retry', to, error, delay)
}

/** Sends a received message to a dead-letter topic; otherwise as {@link retryLater}. */
export function deadLetter<Sender extends SenderLike>(
  producer: Sender,
  payload: MessagePayload,
  { to, error }: DeadLetterOptions,
): Sent<Sender> {
  return move(producer, payload, 'dead_letter', to, error)
}

/**
 * Sends a dead letter back to a topic, where its attempts count from 1 again; otherwise as {@link retryLater}.
 *
 * @param options `to`: a topic, default the one where the message says it was at first
 */
export function redrive<Sender extends SenderLike>(
  producer: Sender,
  payload: MessagePayload,
  { to }: RedriveOptions = {},
): Sent<Sender> {
  return move(producer, payload, 'redrive', to)
}

function move<Sender extends SenderLike>(
  producer: Sender,
  { topic, partition, message }: MessagePayload,
  kind: Move['kind'],
  asked: string | undefined,
  error?: unknown,
  delay?: number,
): Sent<Sender> {
  const received = receivedAt.get(message)
  const tracing = tracingOf(producer) ?? received?.tracing ?? resolveTracing(undefined, SCOPE)
  const delivery = tracing.guard(() =>
    toDelivery(tracing, message, received?.position ?? { topic, partition, group: undefined }),
  )
  const to = asked ?? (kind === 'redrive' && delivery ? tracing.moveFacts(delivery)?.originalDestination : undefined)
  if (to === undefined || to === '') return rejectWithoutDestination(kind) as Sent<Sender>
  const { key, value, headers } = message
  const record = { topic: to, messages: [headers === undefined ? { key, value } : { key, value, headers }] }
  const moved = delivery && { kind, delivery, error }
  return sendMoved(tracing, originalOf<SenderLike>(producer), record, moved, delay) as Sent<Sender>
}
