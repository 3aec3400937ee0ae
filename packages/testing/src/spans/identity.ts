import { identifyingFacts, isMessaging, type MessageFacts } from './facts.ts'
import type { RecordedSpan } from './span.ts'

/** What tells one message from all others, as far as spans say it. Never its body. */
export interface MessageIdentity {
  /** Equal for all spans that name the same message. */
  readonly key: string
  /** For people: `kafka orders/0@42`, `aws.sqs 5fea7756-…`. */
  readonly text: string
}

/**
 * What identifies the one message of a span: on Kafka topic, partition and offset, elsewhere the message id, which BullMQ
 * counts for each queue. Undefined: the span does not say, or it is about several messages.
 */
export function messageIdentity(span: RecordedSpan): MessageIdentity | undefined {
  if (!isMessaging(span)) return undefined
  const facts = identifyingFacts(span)
  return facts.batchSize !== undefined && facts.batchSize > 1 ? undefined : identityOf(facts)
}

/** What identifies a message that is described by these facts. */
export function identityOf(
  facts: Partial<Pick<MessageFacts, 'system' | 'destinationName' | 'partition' | 'offset' | 'messageId'>>,
): MessageIdentity | undefined {
  const { system, destinationName: destination, partition, offset, messageId } = facts
  const isPlace = partition !== undefined && offset !== undefined && destination !== undefined
  const name = isPlace ? `${destination}/${partition}@${offset}` : messageId
  if (system === undefined || name === undefined) return undefined
  const ofQueue = !isPlace && system === 'bullmq' && destination !== undefined
  const text = ofQueue ? `${system} ${destination} ${name}` : `${system} ${name}`
  return { key: text, text }
}
