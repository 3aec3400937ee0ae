import { createHash, randomUUID } from 'node:crypto'
import {
  codedError,
  hasMethods,
  isObject,
  moveMessage,
  refusalOf,
  retryResult,
  tracingFor,
  type AdapterTracing,
  type DeadLetterOptions,
  type Delivery,
  type Move,
  type RedriveOptions,
  type RetryOptions,
  type RetryResult,
} from '@tracebaton/core/adapter'
import type { ReceivedMessage, SendInput, SendingClient, SendOutput } from './client.ts'
import { arrivalOf } from './consumer.ts'
import { isFifo, queueOfUrl, toDelivery, toSendResults } from './describe.ts'
import { toAttribute, TRACE_HEADER } from './headers.ts'
import { inject, MOVED, toPublication } from './producer.ts'
import { SCOPE } from './scope.ts'

/**
 * Sends a received message again, for its next attempt: same body and attributes, same trace context, with its history
 * and the facts of the failure. The copy has the attributes that were received: ask for all of them
 * (`MessageAttributeNames: ['All']`) where there are some of your own. It stays in its message group, as far as that was
 * received, too: a traced client asks for it. On a FIFO queue it comes last of its group, and is never taken for a duplicate.
 *
 * May be called inside the handler or later, with a client that is traced or not. The message at hand stays in its queue:
 * delete it once this has resolved. Resolves, and rejects, as the client's `send` does; and rejects with the code
 * `ERR_TRACEBATON_DESTINATION` where it is unknown which queue is meant.
 *
 * @param options `to`: a queue URL, default the queue that a traced client received the message from. `delay`: up to
 * 900,000 ms, in whole seconds. A FIFO queue delays no single message: on its own one the copy waits for nothing, on
 * another one `delay` is what that queue's `DelaySeconds`, or its consumer, is known to wait
 */
export function retryLater(
  client: SendingClient,
  message: ReceivedMessage,
  options?: RetryOptions,
): Promise<RetryResult> {
  return retryResult(move(client, message, 'retry', options))
}

/** Sends a received message to a dead-letter queue; otherwise as {@link retryLater}. */
export function deadLetter(
  client: SendingClient,
  message: ReceivedMessage,
  options: DeadLetterOptions,
): Promise<SendOutput> {
  return move(client, message, 'dead_letter', options)
}

/**
 * Sends a dead letter back to a queue, where its attempts count from 1 again; otherwise as {@link retryLater}.
 *
 * @param options `to`: a queue URL, default the queue beside the one that a traced client received the message from, of the
 * name by which the message says where it was at first
 */
export function redrive(
  client: SendingClient,
  message: ReceivedMessage,
  options?: RedriveOptions,
): Promise<SendOutput> {
  return move(client, message, 'redrive', options)
}

async function move(
  client: SendingClient,
  message: ReceivedMessage,
  kind: Move['kind'],
  options: RetryOptions | undefined,
): Promise<SendOutput> {
  const refusal = refusalOf(
    kind,
    [client, hasMethods('send')(client), 'a client first'],
    [message, isMessage(message), 'one received message second'],
  )
  if (refusal !== undefined) return refusal
  const { to, error, delay, maxAttempts } = options ?? {}
  const { SendMessageCommand } = await loadClient()
  const arrival = arrivalOf(message)
  const tracing = tracingFor(client, arrival, SCOPE)
  const delivery =
    arrival?.delivery ?? tracing.guard(() => toDelivery(message, queueOfUrl(undefined), undefined, undefined))
  const home = arrival?.queue.destination.address
  const from = kind === 'retry' ? home : delivery && firstQueue(tracing, delivery)
  return moveMessage(
    { kind, tracing, delivery, to, from, error, delay, maxAttempts },
    (place) => {
      const copy = copyOf(message, place, delay)
      // No single message of a FIFO queue waits; another queue of the kind is known to delay all of them.
      const waits = isFifo(place) && place !== home ? delay : undefined
      return toPublication(tracing, place, [copy], false, (output) => toSendResults(output, [copy]), waits)
    },
    (place, injection) => {
      if (delay !== undefined && delay > 0 && place === home && isFifo(place)) tracing.warn(NOT_DELAYED)
      const input = { [MOVED]: true, ...inject(tracing, copyOf(message, place, delay), injection) }
      const command = new SendMessageCommand(input as ConstructorParameters<typeof SendMessageCommand>[0])
      return client.send(command as never) as Promise<SendOutput>
    },
  )
}

const NOT_DELAYED = 'A FIFO queue delays no single message: retryLater sent one back at once'

/** Only here: an application that moves no messages does not load the client because of us, nor has to install it. */
async function loadClient(): Promise<typeof import('@aws-sdk/client-sqs')> {
  try {
    return await import('@aws-sdk/client-sqs')
  } catch (error) {
    const { code } = error as { readonly code?: unknown }
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw error
    const advice = 'npm install @aws-sdk/client-sqs'
    throw codedError('ERR_TRACEBATON_CLIENT', `What moves a message needs the package of its client: ${advice}`)
  }
}

/** And not all that a call received. */
function isMessage(given: unknown): boolean {
  return isObject(given) && !Array.isArray(given) && !('Messages' in given)
}

/** The URL of the queue where a message says it was at first: it says the name only. */
function firstQueue(tracing: AdapterTracing, delivery: Delivery): string | undefined {
  const name = tracing.moveFacts(delivery)?.originalDestination
  return name === undefined ? undefined : delivery.destination.address?.replace(/[^/?#]+(?=[?#].*$|$)/s, () => name)
}

/** @param delay ms, which the service takes in whole seconds. A FIFO queue delays no single message */
function copyOf(message: ReceivedMessage, to: string, delay: number | undefined): SendInput {
  const { Body, Attributes, MessageAttributes, ReceiptHandle } = message
  const { [TRACE_HEADER]: header, MessageGroupId } = Attributes ?? {}
  return {
    QueueUrl: to,
    MessageBody: Body,
    ...(MessageAttributes && { MessageAttributes }),
    ...(header !== undefined && { MessageSystemAttributes: { [TRACE_HEADER]: toAttribute(header) } }),
    ...(delay !== undefined && !isFifo(to) && { DelaySeconds: Math.ceil(delay / 1000) }),
    ...(MessageGroupId !== undefined && { MessageGroupId }),
    ...(isFifo(to) && {
      // The same for a delivery that is moved twice, and another one for its next delivery: the queue takes each once.
      MessageDeduplicationId: createHash('sha256')
        .update(ReceiptHandle || randomUUID())
        .digest('hex'),
    }),
  }
}
