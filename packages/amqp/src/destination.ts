import { processWide, type Destination } from '@tracebaton/core/adapter'
import { connectionOf, type ChannelLike } from './client.ts'

/** Where messages go or come from, in the words of core. */
export interface Place {
  readonly destination: Destination
  /** Where a message sent back would come from again. */
  readonly addresses: readonly string[]
}

/** What is known of one connection. */
interface Known {
  /** Queues that end with it; the latest of them. */
  readonly exclusive: Set<string>
  /** The places of its messages, because most messages go the same few ways; the latest of them. */
  readonly places: Map<string, Place>
}

const connections = processWide('tracebaton.amqp.connections.1', () => new WeakMap<object, Known>())

/** More are not remembered; whoever makes so many names has made them by a rule anyway. */
const REMEMBERED = 1_000

/** Remembers that a queue ends with the connection of this channel. */
export function rememberExclusive(channel: ChannelLike, queue: unknown): void {
  if (connectionOf(channel) === undefined || typeof queue !== 'string' || queue === '') return
  const { exclusive, places } = knownOf(channel)
  if (exclusive.size >= REMEMBERED) exclusive.clear()
  exclusive.add(queue)
  places.clear()
}

function knownOf(channel: ChannelLike): Known {
  const connection = connectionOf(channel) ?? channel
  let known = connections.get(connection)
  if (known === undefined) {
    known = { exclusive: new Set(), places: new Map() }
    connections.set(connection, known)
  }
  return known
}

/** @param queue where the message comes from; `undefined`: it is being published, or nobody knows */
export function placeOf(channel: ChannelLike, exchange: string, routingKey: string, queue: string | undefined): Place {
  const { places } = knownOf(channel)
  const key = `${exchange}\n${routingKey}\n${queue}`
  let place = places.get(key)
  if (place === undefined) {
    if (places.size >= REMEMBERED) places.clear()
    const address = producerName(exchange, routingKey)
    place = {
      destination:
        queue === undefined
          ? publishedTo(channel, exchange, routingKey)
          : deliveredFrom(channel, exchange, routingKey, queue),
      addresses: queue === undefined ? [address] : [address, queue],
    }
    places.set(key, place)
  }
  return place
}

/** Whether a queue is known to be one that the broker named, or that ends with its connection. */
function isTemporary(channel: ChannelLike, queue: string): boolean {
  return isNamedByBroker(queue) || knownOf(channel).exclusive.has(queue)
}

/** Those for direct replies are among them. No client may use this prefix. */
function isNamedByBroker(queue: string): boolean {
  return queue.startsWith('amq.gen-') || queue.startsWith('amq.rabbitmq.reply-to')
}

/** What a producer calls the place it publishes to: the exchange and the routing key, whichever there are. */
function producerName(exchange: string, routingKey: string): string {
  if (routingKey === '') return exchange === '' ? 'amq.default' : exchange
  return exchange === '' ? routingKey : `${exchange}:${routingKey}`
}

/** Where a message goes. Through the default exchange that is a queue. */
function publishedTo(channel: ChannelLike, exchange: string, routingKey: string): Destination {
  const name = producerName(exchange, routingKey)
  if (exchange === '') return queueDestination(channel, name, routingKey)
  return { name, template: hasId(routingKey) ? producerName(exchange, withoutIds(routingKey)) : undefined }
}

/** Where a message comes from: the exchange, the routing key and the queue; a key that is the queue stands there once. */
function deliveredFrom(channel: ChannelLike, exchange: string, routingKey: string, queue: string): Destination {
  const temporary = isTemporary(channel, queue)
  // The key of a direct reply says more than its queue.
  if (exchange === '' && temporary) return queueDestination(channel, routingKey || queue, queue)
  if (exchange === '' && (routingKey === '' || routingKey === queue)) return { name: queue }
  const behind = routingKey === queue ? '' : `:${queue}`
  const name = producerName(exchange, routingKey) + behind
  if (!temporary && !hasId(routingKey)) return { name }
  const template = producerName(exchange, withoutIds(routingKey)) + (temporary ? '' : behind)
  return { name, template, ...(temporary && { temporary, anonymous: isNamedByBroker(queue) }) }
}

function queueDestination(channel: ChannelLike, name: string, queue: string): Destination {
  return isTemporary(channel, queue) ? { name, temporary: true, anonymous: isNamedByBroker(queue) } : { name }
}

/** A word of a routing key that has too many values for a name: digits in a row, a UUID, a long mixture. */
const ID = /\d{3}|[0-9a-f]{8}-[0-9a-f]{4}-|[0-9a-f]{16}|(?=[^.]*\d)[^.]{20}/i

function hasId(routingKey: string): boolean {
  return ID.test(routingKey)
}

/** In the language of topic exchanges, `*` is any one word. */
function withoutIds(routingKey: string): string {
  return routingKey
    .split('.')
    .map((word) => (ID.test(word) ? '*' : word))
    .join('.')
}
