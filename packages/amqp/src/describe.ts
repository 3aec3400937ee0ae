import type { Delivery, Facts, Publication, AdapterTracing } from '@tracebaton/core/adapter'
import { connectionOf, type ChannelLike, type MessageLike, type PropertiesLike } from './client.ts'
import { placeOf } from './destination.ts'
import { createRoom, tableGetter } from './headers.ts'
import { readHistory } from './history.ts'

/** `messaging.system.name`. */
export const SYSTEM = 'rabbitmq'

/** The client's package. */
export const LIBRARY = 'amqplib'

/** One call of `publish` or `sendToQueue`. */
export interface Sending {
  readonly exchange: string
  readonly routingKey: string
  readonly content: Uint8Array
  readonly options: Readonly<Record<string, unknown>>
}

export function toPublication(
  tracing: AdapterTracing,
  channel: ChannelLike,
  { exchange, routingKey, content, options }: Sending,
): Publication {
  const { destination } = placeOf(channel, exchange, routingKey, undefined)
  const { frameMax } = (connectionOf(channel) ?? {}) as { readonly frameMax?: unknown }
  return {
    system: SYSTEM,
    operation: 'publish',
    destination,
    batch: false,
    messages: [
      {
        carrier: options['headers'],
        getter: tableGetter,
        stampTime: true,
        fits: createRoom(options['headers'], typeof frameMax === 'number' ? frameMax : Infinity, tracing.isField),
      },
    ],
    facts: factsOf(tracing, channel, options, routingKey, undefined, content),
  }
}

/**
 * One arrival of a message. Another message may bear the same id, so the context that it was made with is a part of its
 * identity.
 *
 * @param queue where it arrived; `undefined`: nobody knows
 */
export function toDelivery(
  tracing: AdapterTracing,
  channel: ChannelLike,
  message: MessageLike,
  queue: string | undefined,
  noAck: boolean,
): Delivery {
  const { content, fields, properties } = message
  const { exchange, routingKey, deliveryTag } = fields
  const messageId = text(properties.messageId)
  const made =
    text((properties.headers as { readonly traceparent?: unknown } | undefined)?.traceparent)?.slice(-20) ?? ''
  const identityAt = (place: string | undefined): string | undefined =>
    place === undefined || messageId === undefined
      ? undefined
      : // Joined it is one text; a template would keep its parts.
        [SYSTEM, place, messageId, made].join(':')
  const { facts: history, before } = readHistory(message, queue)
  const { destination, addresses } = placeOf(channel, exchange, routingKey, queue)
  return {
    system: SYSTEM,
    destination,
    carrier: properties.headers,
    getter: tableGetter,
    facts: factsOf(tracing, channel, properties, routingKey, deliveryTag, content),
    identity: identityAt(queue),
    identityBefore: identityAt(before),
    // Not the message: whoever keeps the delivery must not keep its content.
    handle: fields,
    position: messageId ?? String(deliveryTag),
    queue,
    addresses,
    count: history.count,
    kind: history.kind,
    deadLetter: history.deadLetter,
    queuedAt: history.queuedAt,
    movedAt: history.movedAt,
    delay: history.delay,
    // Without acknowledgements the broker has forgotten the message already.
    meaning: noAck ? discarded : undefined,
  }
}

function discarded() {
  return { outcome: 'discarded', steered: false } as const
}

/** Made in one step, because growing a copy costs each message a shape of its own. */
function factsOf(
  tracing: AdapterTracing,
  channel: ChannelLike,
  { messageId, correlationId }: PropertiesLike,
  routingKey: string,
  deliveryTag: number | undefined,
  content: Uint8Array,
): Facts {
  const { serverAddress, serverPort } = serverFacts(channel)
  return {
    serverAddress,
    serverPort,
    messageId: text(messageId),
    conversationId: text(correlationId),
    routingKey,
    deliveryTag,
    bodySize: tracing.captures.bodySize ? content.byteLength : undefined,
  }
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
