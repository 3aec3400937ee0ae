import type { Delivery, Destination, Facts, OutgoingMessage, SendResults } from '@tracebaton/core/adapter'
import type { OutgoingEntry, ReceivedMessage } from './client.ts'
import { attributesGetter, slotOf, TRACE_HEADER } from './headers.ts'

/** `messaging.system.name`. */
export const SYSTEM = 'aws.sqs'

/** A queue, as its URL or its ARN names it. */
export interface Queue {
  /** `<account>/<name>`: the same from a URL and from an ARN; `undefined`: unknown. */
  readonly id: string | undefined
  readonly destination: Destination
  readonly facts: Facts
}

/** Most calls are about the queue of the call before. */
let last: Queue | undefined

/** The queue of a URL; without a name where the URL has none. Users, passwords and parameters of URLs are not told. */
export function queueOfUrl(url: string | undefined): Queue {
  if (last !== undefined && last.destination.address === url) return last
  const queueUrl = url?.replace(/[?#].*$/s, '').replace(/:\/\/[^/]*@/, '://')
  const [name, account] = (queueUrl ?? '').split('/').filter(Boolean).toReversed()
  const id = name === undefined ? undefined : `${account}/${name}`
  return (last = { id, destination: { name, address: url }, facts: { queueUrl } })
}

/** Whether a queue keeps the order of its messages, which its name has to tell. */
export function isFifo(url: string | undefined): boolean {
  return url?.endsWith('.fifo') === true
}

/** What identifies a message on the queue that an ARN names. */
function identityAt(arn: string, messageId: string): { id: string; name: string } {
  const [name = '', account = ''] = arn.split(':').toReversed()
  return { id: identity(`${account}/${name}`, messageId), name }
}

function identity(queue: string, messageId: string): string {
  return `sqs:${queue}:${messageId}`
}

/**
 * @param fits whether fields have room on this message; see `createBudget`
 * @param delay ms. Default: what the service is asked for
 */
export function toOutgoing(
  entry: OutgoingEntry,
  fits: OutgoingMessage['fits'],
  delay: number | undefined = entry.DelaySeconds === undefined ? undefined : entry.DelaySeconds * 1000,
): OutgoingMessage {
  return {
    carrier: entry.MessageAttributes,
    getter: attributesGetter,
    delay,
    slot: entry.MessageSystemAttributes?.[TRACE_HEADER] === undefined,
    fits,
  }
}

/** The answer to `SendMessage`, or to `SendMessageBatch`, by the position of the entries. */
export function toSendResults(output: unknown, entries: readonly OutgoingEntry[]): SendResults {
  const {
    MessageId,
    Successful = [],
    Failed = [],
  } = output as {
    MessageId?: string
    Successful?: readonly { Id?: string; MessageId?: string }[]
    Failed?: readonly { Id?: string; Code?: string }[]
  }
  return {
    facts: requestFacts(output),
    messages: entries.map(({ Id }) => {
      const failed = Failed.find((entry) => entry.Id === Id)
      if (failed !== undefined) return { error: failed.Code ?? '_OTHER' }
      return { facts: { messageId: MessageId ?? Successful.find((entry) => entry.Id === Id)?.MessageId } }
    }),
  }
}

/** Positions that the answer to a batch call lists as failed. */
export function refusedPositions(output: unknown, entries: readonly { readonly Id?: string | undefined }[]): number[] {
  const failed = new Set((output as { Failed?: readonly { Id?: string }[] }).Failed?.map(({ Id }) => Id))
  return [...entries.keys()].filter((index) => failed.has(entries[index]?.Id))
}

export function requestFacts(output: unknown): Facts {
  return { requestId: (output as { $metadata?: { requestId?: string } }).$metadata?.requestId }
}

/**
 * One arrival of a message.
 *
 * On a dead-letter queue the broker's receive count may include the receives on the source queue, so it is not taken
 * there, and nobody says when the message was moved. The same holds for one that came back to its source queue, where the
 * service still names that: emulators do.
 *
 * @param receivedAt when a traced client received it, ms since the epoch; `undefined`: none did
 */
export function toDelivery(
  message: ReceivedMessage,
  queue: Queue,
  receivedAt: number | undefined,
  maxReceiveCount?: number,
): Delivery {
  const { MessageId: messageId, Attributes: attributes } = message
  const source = attributes?.['DeadLetterQueueSourceArn']
  const before = source === undefined || messageId === undefined ? undefined : identityAt(source, messageId)
  const receives = positive(attributes?.['ApproximateReceiveCount'])
  const own = messageId === undefined || queue.id === undefined ? undefined : identity(queue.id, messageId)
  const back = before !== undefined && before.id === own
  const dead = before !== undefined && !back
  return {
    system: SYSTEM,
    destination: queue.destination,
    carrier: message.MessageAttributes,
    getter: attributesGetter,
    slot: slotOf(attributes?.[TRACE_HEADER]),
    facts: { messageId, queueUrl: queue.facts.queueUrl },
    identity: own,
    identityBefore: dead ? before.id : undefined,
    key: message.ReceiptHandle || undefined,
    sentAt: positive(attributes?.['SentTimestamp']),
    queuedAt: before === undefined ? undefined : null,
    count: before !== undefined || receives === undefined ? undefined : { deliveries: receives, exact: true },
    maxAttempts: maxReceiveCount,
    exhausted: 'dead_lettered',
    kind: dead ? 'dead_letter' : back ? 'redrive' : undefined,
    redrives: back ? 1 : undefined,
    deadLetter: dead ? { source: before.name, reason: 'maxReceiveCount' } : undefined,
    deliveredAt: receivedAt,
    received: receivedAt !== undefined,
    verdict: undefined,
    arrival: undefined,
  }
}

function positive(text: string | undefined): number | undefined {
  const value = Number(text)
  return value > 0 ? value : undefined
}
