import { failedMemory, processWide, withoutIds } from '@tracebaton/core/adapter'
import type { AdapterTracing, Delivery, DeliveryCount, Destination, Facts, Publication } from '@tracebaton/core/adapter'
import { connectionOf, frameSizeOf, type ChannelLike, type MessageLike } from './client.ts'
import { createRoom, isTable, tableGetter } from './headers.ts'
import { fingerprintOf, hasHistory, readHistory } from './history.ts'

/** `messaging.system.name`. */
export const SYSTEM = 'rabbitmq'

/**
 * @param content bytes, or a text that will be bytes; the size of anything else is unknown
 * @param delay what the copy is to wait, ms. Default: nothing
 */
export function toPublication(
  tracing: AdapterTracing,
  channel: ChannelLike,
  exchange: string,
  routingKey: string,
  content: unknown,
  options: Readonly<Record<string, unknown>>,
  delay?: number,
): Publication {
  const { headers, messageId, correlationId } = options
  const { serverAddress, serverPort } = serverFacts(channel)
  const deaths = isTable(headers) ? fingerprintOf(headers) : undefined
  const size = sizeOf(content)
  const fits = createRoom(headers, frameSizeOf(channel), tracing.isField, tracing.maxMessageBytes, size)
  return {
    system: SYSTEM,
    operation: 'publish',
    destination: wayOf(channel, exchange, routingKey, undefined).destination,
    batch: false,
    messages: [
      { carrier: headers, getter: tableGetter, delay: delay ?? askedDelay(headers), stampTime: true, deaths, fits },
    ],
    facts: {
      serverAddress,
      serverPort,
      messageId: text(messageId),
      conversationId: text(correlationId),
      routingKey,
      bodySize: tracing.captures.bodySize ? size : undefined,
    },
  }
}

const FIRST: DeliveryCount = { deliveries: 1, exact: true }
const REDELIVERED: DeliveryCount = { deliveries: 2, exact: false }

/**
 * One arrival of a message.
 *
 * @param source what numbers its deliveries: the channel, where that is known
 * @param queue where it arrived; `undefined`: unknown
 * @param received whether a call asked for it
 */
export function toDelivery(
  tracing: AdapterTracing,
  channel: ChannelLike,
  source: object,
  { content, fields, properties }: MessageLike,
  queue: string | undefined,
  noAck: boolean,
  received: boolean,
): Delivery {
  const { exchange, routingKey, deliveryTag, redelivered } = fields
  const { headers, messageId, correlationId } = properties
  const { serverAddress, serverPort } = serverFacts(channel)
  const { destination, addresses } = wayOf(channel, exchange, routingKey, queue)
  return {
    system: SYSTEM,
    destination,
    carrier: headers,
    getter: tableGetter,
    // A literal of its own, not one with publications, of which many may wait for their confirmation: see core's `Place`.
    facts: {
      serverAddress,
      serverPort,
      messageId: text(messageId),
      conversationId: text(correlationId),
      routingKey,
      deliveryTag,
      bodySize: tracing.captures.bodySize ? content.byteLength : undefined,
    },
    memory: failedMemory,
    source,
    key: deliveryTag,
    queue,
    addresses,
    // An exchange that delays turns the sign of what it has kept to.
    delay: askedDelay(headers) === undefined ? undefined : 0,
    count: redelivered ? REDELIVERED : FIRST,
    history:
      isTable(headers) && hasHistory(headers, redelivered)
        ? (own) => readHistory(headers, redelivered, queue, own)
        : undefined,
    received,
    // Without acknowledgements the broker has forgotten the message already.
    meaning: noAck ? discarded : undefined,
    verdict: undefined,
    arrival: undefined,
  }
}

/** Whether a message, or a clone of it, is the one of a delivery. */
export function isOf({ system, key, facts, carrier }: Delivery, { fields, properties }: MessageLike): boolean {
  return (
    system === SYSTEM &&
    key === fields.deliveryTag &&
    facts?.routingKey === fields.routingKey &&
    facts.messageId === text(properties.messageId) &&
    facts.conversationId === text(properties.correlationId) &&
    (carrier === undefined ||
      tableGetter.get(carrier, 'traceparent') === tableGetter.get(properties.headers, 'traceparent'))
  )
}

function discarded() {
  return { outcome: 'discarded', steered: false } as const
}

function sizeOf(content: unknown): number | undefined {
  if (typeof content === 'string') return Buffer.byteLength(content)
  return ArrayBuffer.isView(content) ? content.byteLength : undefined
}

/** ms that a delayed-message exchange is to keep a message. */
function askedDelay(headers: unknown): number | undefined {
  const delay = isTable(headers) ? headers['x-delay'] : undefined
  return typeof delay === 'number' && delay > 0 ? delay : undefined
}

/** The broker's address, as far as the client's socket knows it. */
export function serverFacts(channel: ChannelLike): Pick<Facts, 'serverAddress' | 'serverPort'> {
  const { stream } = (connectionOf(channel) ?? {}) as { readonly stream?: Readonly<Record<string, unknown>> }
  const port = stream?.['remotePort']
  return {
    serverAddress: text(stream?.['remoteAddress']),
    serverPort: typeof port === 'number' ? port : undefined,
  }
}

/** Properties can be of any type; a text that says nothing is none. */
function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** A way that messages take, and how it is called. */
interface Way {
  readonly exchange: string
  readonly routingKey: string
  /** Where the message comes from; `undefined`: it is being published, or unknown. */
  readonly queue: string | undefined
  readonly destination: Destination
  /** Where a message sent back would come from again. */
  readonly addresses: readonly string[]
}

/** Of each connection: queues that end with it, the latest of them, and the way of its latest message. */
const connections = processWide(
  'tracebaton.amqp.connections.2',
  () => new WeakMap<object, { readonly exclusive: Set<string>; last: Way | undefined }>(),
)

/** More are not remembered; so many names were made by a rule anyway. */
const REMEMBERED = 1_000

/** Remembers that a queue ends with the connection of this channel. */
export function rememberExclusive(channel: ChannelLike, queue: unknown): void {
  if (connectionOf(channel) === undefined || typeof queue !== 'string' || queue === '') return
  const known = knownOf(channel)
  if (known.exclusive.size >= REMEMBERED) known.exclusive.clear()
  known.exclusive.add(queue)
  known.last = undefined
}

function knownOf(channel: ChannelLike) {
  const connection = connectionOf(channel) ?? channel
  let known = connections.get(connection)
  if (known === undefined) connections.set(connection, (known = { exclusive: new Set(), last: undefined }))
  return known
}

/** The way of a message, described anew where the message before took another one. */
export function wayOf(channel: ChannelLike, exchange: string, routingKey: string, queue: string | undefined): Way {
  const known = knownOf(channel)
  const { exclusive, last } = known
  if (last?.routingKey === routingKey && last.exchange === exchange && last.queue === queue) return last
  const address = producerName(exchange, routingKey)
  const addresses = queue === undefined ? [address] : [address, queue]
  return (known.last = {
    exchange,
    routingKey,
    queue,
    destination: toDestination(exclusive, exchange, routingKey, queue),
    addresses,
  })
}

/** What a producer calls the place it publishes to: the exchange and the routing key, whichever there are. */
function producerName(exchange: string, routingKey: string): string {
  if (routingKey === '') return exchange === '' ? 'amq.default' : exchange
  return exchange === '' ? routingKey : `${exchange}:${routingKey}`
}

/**
 * The exchange, the routing key and the queue a message comes from; a key that is the queue stands there once. Through the
 * default exchange a message goes to the queue of its key.
 */
function toDestination(exclusive: Set<string>, exchange: string, routingKey: string, queue?: string): Destination {
  const place = queue ?? (exchange === '' ? routingKey : '')
  const anonymous = isNamedByBroker(place)
  const temporary = anonymous || exclusive.has(place)
  const vague = temporary ? { temporary, anonymous } : {}
  if (exchange === '' && (temporary || routingKey === '' || routingKey === place)) {
    // The key of a direct reply says more than its queue.
    return { name: routingKey || place || producerName('', ''), ...vague }
  }
  const behind = queue === undefined || routingKey === queue ? '' : `:${queue}`
  const name = producerName(exchange, routingKey) + behind
  // In the language of topic exchanges, a routing key is made of words, and `*` is any one word.
  const words = withoutIds(routingKey, '.')
  const templated = temporary || words !== undefined
  return {
    name,
    template: templated ? producerName(exchange, words ?? routingKey) + (temporary ? '' : behind) : undefined,
    // And `#` is any number of words.
    commonTemplate: exchange === '' ? undefined : `${exchange}:#${temporary || queue === undefined ? '' : `:${queue}`}`,
    ...vague,
  }
}

/** Those for direct replies are among them. No client may use this prefix. */
function isNamedByBroker(queue: string): boolean {
  return queue.startsWith('amq.gen-') || queue.startsWith('amq.rabbitmq.reply-to')
}
