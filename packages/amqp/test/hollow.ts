import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Channel, ConfirmChannel, ConsumeMessage, MessageProperties } from 'amqplib'
import type * as callback from 'amqplib/callback_api'

const require = createRequire(import.meta.url)
/** The client's inside, of which it exports nothing. */
const inside = (file: string): Record<string, never> => require(join(dirname(require.resolve('amqplib')), 'lib', file))

const definitions = inside('defs.js') as Readonly<Record<string, number>>
const apis = { promise: inside('channel_model.js'), callback: inside('callback_model.js') }

/** A message as it left for the broker. */
export interface Published {
  readonly exchange: string
  readonly routingKey: string
  /** All headers that go onto the wire, inherited ones too. */
  readonly headers: Readonly<Record<string, unknown>>
  readonly content: Buffer
  readonly properties: Partial<MessageProperties>
}

/** A settlement as it left for the broker. */
export interface Settled {
  readonly verb: 'ack' | 'nack' | 'reject'
  readonly deliveryTag: number
  readonly multiple: boolean | undefined
  readonly requeue: boolean | undefined
}

/** What differs from an ordinary delivery. */
export interface Part {
  readonly queue?: string
  readonly headers?: Readonly<Record<string, unknown>>
  readonly properties?: Partial<MessageProperties>
  readonly fields?: Partial<ConsumeMessage['fields']>
}

/** A real channel of the client on a connection that goes nowhere. */
export interface Hollow<Kind> {
  readonly channel: Kind
  readonly published: Published[]
  readonly settled: Settled[]
  /** What `publish` gives from now on. */
  full: boolean
  /** Hands a message to the consumer of its queue, and gives the delivery tag. */
  deliver(part?: Part): number
  /** The broker cancels a consumer. */
  cancel(queue?: string): void
  /** Puts a message where `get` finds it. */
  put(part?: Part): void
  /** The broker's word on a message that was published, by its number from 1. */
  confirm(tag: number, good: boolean, multiple?: boolean): void
  /** The broker closes the channel because of an error; throws where nobody listens. */
  closeByBroker(): void
  /** The connection ends. */
  loseConnection(): void
}

export type Kinds = {
  readonly promise: { readonly plain: Channel; readonly confirm: ConfirmChannel }
  readonly callback: { readonly plain: callback.Channel; readonly confirm: callback.ConfirmChannel }
}

/** @returns an open channel of the promise API, plain, unless it is to be another */
export function createHollow<Api extends keyof Kinds = 'promise', Kind extends keyof Kinds[Api] = 'plain'>(
  api: Api = 'promise' as Api,
  kind: Kind = 'plain' as Kind,
): Hollow<Kinds[Api][Kind]> {
  const published: Published[] = []
  const settled: Settled[] = []
  const waiting: Part[] = []
  let tag = 0
  /** What the broker answers in the next turn, unless the channel is gone by then. */
  const soon = (answer: () => void): void => {
    setImmediate(() => {
      if (channel.pending !== null) answer()
    })
  }
  const later = (id: string, fields: object = {}): void => soon(() => channel.accept({ id: definitions[id], fields }))
  const arrive = (id: string, part: Part, more: object): number => {
    const { fields, properties, headers = {}, queue = 'orders' } = part
    tag += 1
    const told = { deliveryTag: tag, redelivered: false, exchange: '', routingKey: queue, ...more, ...fields }
    channel.accept({ id: definitions[id], fields: told })
    const all = { messageId: `m-${tag}`, headers, ...properties }
    channel.accept({ id: definitions['BasicProperties'], fields: all, size: 5 })
    channel.accept({ content: Buffer.from('hello') })
    return told.deliveryTag
  }
  const answers: Readonly<Record<string, (fields: Readonly<Record<string, never>>) => void>> = {
    BasicConsume: ({ queue }) => later('BasicConsumeOk', { consumerTag: queue }),
    BasicRecover: () => later('BasicRecoverOk'),
    QueueDeclare: ({ queue }) => later('QueueDeclareOk', { queue: queue || 'amq.gen-1' }),
    ChannelClose: () => later('ChannelCloseOk'),
    BasicGet() {
      soon(() => {
        const part = waiting.shift()
        if (part === undefined) channel.accept({ id: definitions['BasicGetEmpty'], fields: {} })
        else arrive('BasicGetOk', part, { messageCount: 0 })
      })
    },
    BasicAck: (fields) => settled.push({ ...(fields as object as Settled), verb: 'ack' }),
    BasicNack: (fields) => settled.push({ ...(fields as object as Settled), verb: 'nack' }),
    BasicReject: (fields) => settled.push({ ...(fields as object as Settled), verb: 'reject' }),
  }
  const names = new Map(Object.keys(answers).map((name) => [definitions[name], name]))
  const connection = {
    freshChannel: () => 1,
    releaseChannel() {},
    sendMethod(_: number, method: number, fields: Readonly<Record<string, never>>) {
      answers[names.get(method) ?? '']?.(fields)
      return !hollow.full
    },
    sendMessage(_: number, __: number, fields: Published, ___: number, properties: Published, content: Buffer) {
      if (!Buffer.isBuffer(content)) throw new TypeError('content is not a buffer')
      const written: Record<string, unknown> = {}
      const { headers } = properties
      for (const name in headers) if (headers[name] !== undefined) written[name] = headers[name]
      published.push({
        exchange: fields.exchange,
        routingKey: fields.routingKey,
        headers: written,
        content,
        properties,
      })
      return !hollow.full
    },
  }
  const Class = apis[api][kind === 'confirm' ? 'ConfirmChannel' : 'Channel'] as unknown as new (parent: object) => {
    readonly pending: unknown
    accept(frame: object): void
    allocate(): void
    toClosed(reason: string): void
  }
  const channel = new Class(connection)
  channel.allocate()
  const hollow: Hollow<Kinds[Api][Kind]> = {
    channel: channel as unknown as Kinds[Api][Kind],
    published,
    settled,
    full: false,
    deliver: (part = {}) => arrive('BasicDeliver', part, { consumerTag: part.queue ?? 'orders' }),
    cancel: (queue = 'orders') => channel.accept({ id: definitions['BasicCancel'], fields: { consumerTag: queue } }),
    put: (part = {}) => void waiting.push(part),
    confirm: (deliveryTag, good, multiple = false) =>
      channel.accept({ id: definitions[good ? 'BasicAck' : 'BasicNack'], fields: { deliveryTag, multiple } }),
    closeByBroker: () =>
      channel.accept({
        id: definitions['ChannelClose'],
        fields: { replyCode: 406, replyText: 'PRECONDITION_FAILED', classId: 60, methodId: 80 },
      }),
    loseConnection: () => channel.toClosed('the connection is gone'),
  }
  return hollow
}
