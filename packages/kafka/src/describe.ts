import type { AdapterTracing, Delivery, OutgoingMessage, Partition, SendResults } from '@tracebaton/core/adapter'
import type { MessageLike, MetadataLike, ReceivedMessage } from './client.ts'

/** `messaging.system.name`. */
export const SYSTEM = 'kafka'

/** @param fits of all messages of the call to this topic */
export function toOutgoing(
  tracing: AdapterTracing,
  topic: string,
  { key, value, headers, partition }: MessageLike,
  fits: OutgoingMessage['fits'],
  delay?: number,
): OutgoingMessage {
  return {
    carrier: headers,
    destination: { name: topic },
    facts: {
      partition: partition === undefined ? undefined : String(partition),
      tombstone: value === null ? true : undefined,
      messageKey: keyText(tracing, key),
      bodySize: sizeOf(tracing, value),
    },
    delay,
    fits,
  }
}

/** Where a single message ended up. Of several the answer does not tell which went where. */
export function toSendResults(answer: unknown, count: number): SendResults | undefined {
  const places: readonly MetadataLike[] = Array.isArray(answer) ? answer : []
  const [place, ...more] = places
  if (count !== 1 || place === undefined || more.length > 0) return undefined
  const offset = safeInteger(place.baseOffset ?? place.offset)
  return { messages: [{ facts: { partition: String(place.partition), offset } }] }
}

/**
 * One arrival of a message. Kafka counts no deliveries; the same position read again by this process is known by its
 * offset together with its timestamp, because a topic that was deleted and made again starts over at offset 0.
 *
 * @param partition `undefined`: unknown
 * @param deliveredAt when the batch that it came in was delivered, ms since the epoch. Default: now
 */
export function toDelivery(
  tracing: AdapterTracing,
  { key, value, headers, offset, timestamp }: ReceivedMessage,
  topic: string | undefined,
  partition: Partition | undefined,
  consumerGroup?: string,
  clientId?: string,
  deliveredAt?: number,
): Delivery {
  const sentAt = Number(timestamp)
  return {
    system: SYSTEM,
    destination: partition?.destination ?? { name: topic },
    carrier: headers,
    facts: {
      consumerGroup,
      clientId,
      partition: partition?.id,
      offset: safeInteger(offset),
      tombstone: value === null ? true : undefined,
      messageKey: keyText(tracing, key),
      bodySize: sizeOf(tracing, value),
    },
    memory: partition,
    source: partition,
    key: offset,
    // Kafka writes -1 where a producer gave no time.
    sentAt: sentAt > 0 ? sentAt : undefined,
    deliveredAt,
    verdict: undefined,
    arrival: undefined,
  }
}

function keyText({ captures }: AdapterTracing, key: MessageLike['key']): string | undefined {
  return captures.messageKey && key !== null && key !== undefined ? key.toString() : undefined
}

function sizeOf({ captures }: AdapterTracing, value: MessageLike['value']): number | undefined {
  return captures.bodySize && value !== null ? Buffer.byteLength(value) : undefined
}

/** Offsets are 64 bits long; one that a number cannot hold is left out rather than changed. */
function safeInteger(text: string | undefined): number | undefined {
  const value = Number(text)
  return text !== undefined && Number.isSafeInteger(value) ? value : undefined
}
