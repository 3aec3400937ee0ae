import { types } from 'node:util'
import {
  fromHere,
  hasMethods,
  isObject,
  originalOf,
  type AdapterTracing,
  type Followers,
  type Takes,
} from '@tracebaton/core/adapter'

/** What is wrapped here. */
export const TAKES: Takes = {
  traceConnection: {
    words: 'a connection of amqplib',
    fits: hasMethods('createChannel'),
    notYet: ['rabbitmq-client', hasMethods('acquire', 'createPublisher')],
  },
  traceChannel: {
    words: 'a channel of amqplib',
    fits: hasMethods('publish', 'consume', 'ack'),
    notYet: ['rabbitmq-client', hasMethods('basicPublish', 'basicConsume')],
  },
  traceHandler: { words: 'a function that handles a message', fits: (given) => typeof given === 'function' },
}

export const FOLLOWERS: Followers = {
  library: 'amqplib',
  datadog: ['amqplib', 'apm:amqplib:publish:start'],
  sentry: ['Amqplib', 'tracing:orchestrion:amqplib:publish:start'],
}

/** What the broker says of one delivery. */
export interface FieldsLike {
  /** Counts the deliveries of a channel, from 1. */
  readonly deliveryTag: number
  readonly redelivered: boolean
  readonly exchange: string
  readonly routingKey: string
}

/** What producers say of a message. Those of other clients write values of any type. */
export interface PropertiesLike {
  readonly headers?: unknown
  readonly messageId?: unknown
  readonly correlationId?: unknown
}

/** A message as received. */
export interface MessageLike {
  readonly content: Uint8Array
  readonly fields: FieldsLike
  readonly properties: PropertiesLike
}

/**
 * A channel, plain or with confirms, of the promise or the callback API, or one that a library manages. The real client's
 * types fit; `never` takes its arguments as they are.
 */
export interface ChannelLike {
  publish(exchange: string, routingKey: string, content: never, options?: never, confirmed?: never): unknown
  sendToQueue(queue: string, content: never, options?: never, confirmed?: never): unknown
  assertQueue(queue?: string, options?: never, callback?: never): unknown
  consume(queue: string, handler: never, options?: never, callback?: never): unknown
  get(queue: string, options?: never, callback?: never): unknown
  ack(message: never, allUpTo?: boolean): unknown
  ackAll(): unknown
  nack(message: never, allUpTo?: boolean, requeue?: boolean): unknown
  nackAll(requeue?: boolean): unknown
  reject?(message: never, requeue?: boolean): unknown
  recover?(...args: never[]): unknown
  close(...args: never[]): unknown
}

/** A connection, of either API, or one that reconnects by itself. */
export interface ConnectionLike {
  createChannel(...args: never[]): unknown
  createConfirmChannel(...args: never[]): unknown
  close(...args: never[]): unknown
}

/** A function that is called with whatever the caller gave. */
export type Method = (...args: unknown[]) => unknown

/** Calls a method of the client with whatever the caller gave. */
export function invoke(target: object, method: string, args: readonly unknown[]): unknown {
  return Reflect.apply(Reflect.get(target, method) as Method, target, args)
}

/**
 * The same with a callback at the end, where there is one, that runs {@link fromHere}.
 *
 * @param tell told the answer as a callback of either API is: error, value
 */
export function invokeHere(
  tracing: AdapterTracing,
  target: object,
  method: string,
  args: readonly unknown[],
  tell?: (...answer: unknown[]) => void,
): unknown {
  const last = args.at(-1)
  if (typeof last === 'function') {
    const told = fromHere(tracing, last as Method)
    const callback: Method = function (this: unknown, ...answer) {
      tell?.(...answer)
      return Reflect.apply(told, this, answer)
    }
    return invoke(target, method, args.with(args.length - 1, callback))
  }
  const result = invoke(target, method, args)
  if (tell === undefined || !types.isPromise(result)) return result
  return result.then(
    (value) => {
      tell(null, value)
      return value
    },
    (error: unknown) => {
      tell(error)
      throw error
    },
  )
}

/** Whether the broker confirms what is published on a channel. */
export function hasConfirms(channel: ChannelLike): boolean {
  return typeof (channel as { readonly waitForConfirms?: unknown }).waitForConfirms === 'function'
}

/**
 * The client says that a channel is closed by an event, and listening to that would make us a listener of the caller's
 * object. But its list of calls that wait for an answer goes away with the channel.
 */
export function isClosed(channel: ChannelLike): boolean {
  return (channel as { readonly pending?: unknown }).pending === null
}

/** What the client calls the connection of a channel, or of one of its own connections: the same in both APIs. */
export function connectionOf(owner: object): object | undefined {
  const { connection } = owner as { readonly connection?: unknown }
  return isObject(connection) ? connection : undefined
}

/** Whether a library manages a channel: one that connects by itself, and works on another channel each time. */
export function isManaged(channel: ChannelLike): boolean {
  return connectionOf(channel) === undefined
}

/** The client's own channel, which messages come by: of a managed one that of the moment, if it is connected. */
export function channelNow(channel: ChannelLike): ChannelLike {
  if (!isManaged(channel)) return channel
  // So amqp-connection-manager calls it.
  const { _channel: own } = channel as { readonly _channel?: unknown }
  return isObject(own) ? originalOf(own as ChannelLike) : channel
}

/** Bytes that a frame of a channel may have, as far as that is known. */
export function frameSizeOf(channel: ChannelLike): number {
  const { frameMax } = (connectionOf(channel) ?? {}) as { readonly frameMax?: unknown }
  return typeof frameMax === 'number' && frameMax > 0 ? frameMax : Infinity
}
