import { isMessaging, messageFacts, type MessageFacts } from './facts.ts'
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
  const facts = messageFacts(span)
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

/**
 * Things by the message that they are about, of several the first. An application may give one id to messages of several
 * queues: what is about the queue comes before what is about another one, where a message may have been moved from.
 *
 * @param aboutOf the message, where it is known, and its queue
 * @returns looks up a message in its queue, and, unless told not to, elsewhere
 */
export function byMessage<T>(
  things: readonly T[],
  aboutOf: (thing: T) => readonly [identity: MessageIdentity | undefined, destination: string | undefined],
): (identity: MessageIdentity, destination: string | undefined, elsewhere?: boolean) => T | undefined {
  const known = new Map<string, T>()
  for (const thing of things) {
    const [identity, destination] = aboutOf(thing)
    if (!identity) continue
    for (const name of [nameAt(identity, destination), identity.key]) if (!known.has(name)) known.set(name, thing)
  }
  return (identity, destination = '', elsewhere = true) =>
    known.get(nameAt(identity, destination)) ??
    known.get(nameAt(identity, withoutQueue(destination))) ??
    (elsewhere ? known.get(identity.key) : undefined)
}

function nameAt({ key }: MessageIdentity, destination = ''): string {
  return `${key}\n${destination}`
}

/** A consumer on RabbitMQ adds its queue to what the producer calls the destination. */
export function withoutQueue(destination: string): string {
  return destination.slice(0, Math.max(0, destination.lastIndexOf(':')))
}
