import type { Delivery, Facts, OutgoingMessage, SendResults, AdapterTracing } from '@tracebaton/core/adapter'
import type { MessageLike, MetadataLike, ReceivedMessage } from './client.ts'
import { headersGetter } from './headers.ts'

/** `messaging.system.name`. */
export const SYSTEM = 'kafka'

/** The client's package. */
export const LIBRARY = 'kafkajs'

export function toOutgoing(tracing: AdapterTracing, topic: string, message: MessageLike): OutgoingMessage {
  return {
    carrier: message.headers,
    getter: headersGetter,
    destination: { name: topic },
    facts: {
      partition: message.partition === undefined ? undefined : String(message.partition),
      ...payloadFacts(tracing, message),
    },
  }
}

/** Where a single message ended up. Of several nobody says which went where. */
export function toSendResults(answer: unknown, count: number): SendResults | undefined {
  const places: readonly MetadataLike[] = Array.isArray(answer) ? answer : []
  const [place, ...more] = places
  if (count !== 1 || place === undefined || more.length > 0) return undefined
  const offset = safeInteger(place.baseOffset ?? place.offset)
  return { messages: [{ facts: { partition: String(place.partition), offset } }] }
}

/** Where a message was received. */
export interface Position {
  /** `undefined`: nobody told us; so for the partition. */
  readonly topic: string | undefined
  readonly partition: number | undefined
  /** `undefined`: it was no traced consumer that received it. */
  readonly group: Group | undefined
  /** When the batch that it came in was delivered, ms since the epoch. @default now */
  readonly deliveredAt?: number | undefined
}

/** On whose behalf messages are received. */
export interface Group {
  /** `undefined`: nobody told us. */
  readonly id: string | undefined
  /** What the attempts of this group are remembered by: its id, or a name that only this consumer has. */
  readonly memory: string
}

/**
 * One arrival of a message. Kafka counts no deliveries; the same position read again by this process is known by its
 * offset together with its timestamp, because a topic that was deleted and made again starts over at offset 0.
 */
export function toDelivery(
  tracing: AdapterTracing,
  message: ReceivedMessage,
  { topic, partition, group, deliveredAt }: Position,
): Delivery {
  const timestamp = Number(message.timestamp)
  return {
    system: SYSTEM,
    destination: { name: topic },
    carrier: message.headers,
    getter: headersGetter,
    facts: {
      consumerGroup: group?.id,
      partition: partition === undefined ? undefined : String(partition),
      offset: safeInteger(message.offset),
      ...payloadFacts(tracing, message),
    },
    handle: message,
    position: partition === undefined ? undefined : `${partition}:${message.offset}`,
    identity:
      group === undefined || topic === undefined || partition === undefined
        ? undefined
        : `kafka:${group.memory}:${topic}:${partition}:${message.offset}:${message.timestamp}`,
    // Kafka writes -1 where a producer gave no time.
    sentAt: timestamp > 0 ? timestamp : undefined,
    deliveredAt,
  }
}

function payloadFacts(tracing: AdapterTracing, { key, value }: Pick<MessageLike, 'key' | 'value'>): Facts {
  return {
    tombstone: value === null ? true : undefined,
    messageKey: tracing.captures.messageKey && key !== null && key !== undefined ? key.toString() : undefined,
    bodySize: tracing.captures.bodySize && value !== null ? Buffer.byteLength(value) : undefined,
  }
}

/** Offsets are 64 bits long; one that a number cannot hold is left out rather than changed. */
function safeInteger(text: string | undefined): number | undefined {
  const value = Number(text)
  return text !== undefined && Number.isSafeInteger(value) ? value : undefined
}
