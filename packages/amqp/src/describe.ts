import type { Delivery, Facts, Publication, Tracing } from '@tracebaton/core'
import type { ChannelLike, MessageLike } from './client.ts'
import { connectionOf, deliveredFrom, producerName, publishedTo } from './destination.ts'
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
  tracing: Tracing,
  channel: ChannelLike,
  { exchange, routingKey, content, options }: Sending,
): Publication {
  const { frameMax } = (connectionOf(channel) ?? {}) as { readonly frameMax?: unknown }
  return {
    system: SYSTEM,
    operation: 'publish',
    destination: publishedTo(channel, exchange, routingKey),
    batch: false,
    messages: [
      {
        carrier: options['headers'],
        getter: tableGetter,
        stampTime: true,
        fits: createRoom(options['headers'], typeof frameMax === 'number' ? frameMax : Infinity, tracing.isField),
      },
    ],
    facts: {
      ...serverFacts(channel),
      messageId: text(options['messageId']),
      conversationId: text(options['correlationId']),
      routingKey,
      bodySize: tracing.captures.bodySize ? content.byteLength : undefined,
    },
  }
}

/**
 * One arrival of a message. Another message may bear the same id, so the context that it was made with is a part of its
 * identity.
 *
 * @param queue where it arrived; `undefined`: nobody knows
 */
export function toDelivery(
  tracing: Tracing,
  channel: ChannelLike,
  message: MessageLike,
  queue: string | undefined,
  noAck: boolean,
): Delivery {
  const { content, fields, properties } = message
  const { exchange, routingKey, deliveryTag } = fields
  const messageId = text(properties.messageId)
  const made = text((properties.headers as { readonly traceparent?: unknown } | undefined)?.traceparent) ?? ''
  const identityAt = (place: string | undefined): string | undefined =>
    place === undefined || messageId === undefined ? undefined : `rabbitmq:${place}:${messageId}:${made}`
  const { facts: history, before } = readHistory(message, queue)
  return {
    system: SYSTEM,
    destination: deliveredFrom(channel, exchange, routingKey, queue),
    carrier: properties.headers,
    getter: tableGetter,
    facts: {
      ...serverFacts(channel),
      messageId,
      conversationId: text(properties.correlationId),
      routingKey,
      deliveryTag,
      bodySize: tracing.captures.bodySize ? content.byteLength : undefined,
    },
    identity: identityAt(queue),
    identityBefore: identityAt(before),
    handle: message,
    position: messageId ?? String(deliveryTag),
    queue,
    homes: [producerName(exchange, routingKey), ...(queue === undefined ? [] : [queue])],
    ...history,
    // Without acknowledgements the broker has forgotten the message already.
    meaning: noAck ? discarded : undefined,
  }
}

function discarded() {
  return { outcome: 'discarded', steered: false } as const
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
