import { isMessaging, messageFacts, type MessageFacts } from './facts.ts'
import type { RecordedSpan, SpanAttributes } from './span.ts'

/** What tells one message from all others, as far as spans say it. Never its body. */
export interface MessageIdentity {
  /** Equal for all spans that name the same message. */
  readonly key: string
  /** For people: `kafka orders/0@42`, `aws.sqs 5fea7756-…`. */
  readonly text: string
}

/**
 * What identifies the one message of a span, or of a link of a batch's span: on Kafka topic, partition and offset,
 * elsewhere the message id, which BullMQ counts for each queue. Undefined: the span does not say, or it is about several
 * messages.
 *
 * @param link attributes of a link, which say what differs between the messages of a batch
 */
export function messageIdentity(span: RecordedSpan, link?: SpanAttributes): MessageIdentity | undefined {
  if (link) return identityOf(messageFacts({ ...span, attributes: { ...span.attributes, ...link } }))
  if (!isMessaging(span)) return undefined
  const facts = messageFacts(span)
  return facts.batchSize !== undefined && facts.batchSize > 1 ? undefined : identityOf(facts)
}

/** What identifies a message that is described by these facts. */
export function identityOf(
  facts: Pick<MessageFacts, 'system' | 'destinationName' | 'partition' | 'offset' | 'messageId'>,
): MessageIdentity | undefined {
  const { system, destinationName: destination, partition, offset, messageId } = facts
  if (system === undefined) return undefined
  if (partition !== undefined && offset !== undefined && destination !== undefined) {
    return identity(system, `${destination}/${partition}@${offset}`)
  }
  if (messageId === undefined) return undefined
  return identity(system, system === 'bullmq' && destination !== undefined ? `${destination} ${messageId}` : messageId)
}

function identity(system: string, name: string): MessageIdentity {
  const text = `${system} ${name}`
  return { key: text, text }
}
