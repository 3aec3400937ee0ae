import {
  rejectWithoutDestination,
  resolveTracing,
  type DeadLetterOptions,
  type Move,
  type RedriveOptions,
  type RetryOptions,
} from '@tracebaton/core/adapter'
import { receivedFrom } from './consumer.ts'
import { toDelivery } from './describe.ts'
import { publish } from './producer.ts'
import type { Message, Queues, ReceivedMessage } from './queues.ts'
import { originalOf } from './trace.ts'
import { SCOPE } from './scope.ts'

/** What the queues answer to one message. */
type Published = ReturnType<Queues['publish']>

/** Publishes a received message once more, for its next attempt. Resolves, and rejects, as `publish` does. */
export function retryLater(queues: Queues, message: ReceivedMessage, options: RetryOptions = {}): Published {
  const { to = receivedFrom.get(message)?.queue, error, delay } = options
  return move(queues, message, 'retry', to, error, delay)
}

/** Publishes a received message to a dead-letter queue. Resolves, and rejects, as `publish` does. */
export function deadLetter(queues: Queues, message: ReceivedMessage, { to, error }: DeadLetterOptions): Published {
  return move(queues, message, 'dead_letter', to, error)
}

/** Publishes a dead letter to where it was at first. Resolves, and rejects, as `publish` does. */
export function redrive(queues: Queues, message: ReceivedMessage, { to }: RedriveOptions = {}): Published {
  return move(queues, message, 'redrive', to)
}

function move(
  queues: Queues,
  message: ReceivedMessage,
  kind: Move['kind'],
  asked: string | undefined,
  error?: unknown,
  delay?: number,
): Published {
  const client = originalOf(queues)
  const received = receivedFrom.get(message)
  const tracing = client.tracing ?? received?.tracing ?? resolveTracing(undefined, SCOPE)
  const delivery = tracing.guard(() => toDelivery(received?.queue, message))
  const to = asked ?? (kind === 'redrive' && delivery ? tracing.moveFacts(delivery)?.originalDestination : undefined)
  if (to === undefined) return rejectWithoutDestination(kind)
  const { body, headers } = message
  const copy: Message = { body, ...(headers && { headers }), ...(delay !== undefined && { delay }) }
  return publish(tracing, client.original, to, copy, delivery && { kind, delivery, error })
}
