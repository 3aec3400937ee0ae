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
 * A channel, plain or with confirms, of the promise or the callback API. The real client's types fit; `never` takes its
 * arguments as they are.
 */
export interface ChannelLike {
  publish(exchange: string, routingKey: string, content: never, options?: never, confirmed?: never): boolean
  sendToQueue(queue: string, content: never, options?: never, confirmed?: never): boolean
  assertQueue(queue?: string, options?: never, callback?: never): unknown
  consume(queue: string, handler: never, options?: never, callback?: never): unknown
  get(queue: string, options?: never, callback?: never): unknown
  ack(message: never, allUpTo?: boolean): unknown
  ackAll(): unknown
  nack(message: never, allUpTo?: boolean, requeue?: boolean): unknown
  nackAll(requeue?: boolean): unknown
  reject(message: never, requeue?: boolean): unknown
  recover(callback?: never): unknown
  close(callback?: never): unknown
}

/** A connection, of either API, or one that reconnects by itself. */
export interface ConnectionLike {
  createChannel(...args: never[]): unknown
  createConfirmChannel(...args: never[]): unknown
  close(callback?: never): unknown
}

/** A function that is called with whatever the caller gave. */
export type Method = (...args: unknown[]) => unknown

/** Calls a method of the client with whatever the caller gave. */
export function invoke(target: object, method: string, args: readonly unknown[]): unknown {
  return Reflect.apply(Reflect.get(target, method) as Method, target, args)
}
