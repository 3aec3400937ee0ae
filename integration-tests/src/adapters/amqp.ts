import { randomUUID } from 'node:crypto'
import { attemptOf, deadLetter, redrive, retryLater, traceConnection, traceHandler } from '@tracebaton/amqp'
import * as amqplib from 'amqplib'
import type { Channel, ChannelModel, ConfirmChannel, ConsumeMessage, Options, RecoveryOptions } from 'amqplib'
import { deferred } from '../contract/deferred.ts'
import type { Client, Consumer, Fixture, HeaderValue, Observer, Received } from '../contract/fixture.ts'
import type { OtherClient } from './client.ts'
import { runElsewhere } from './elsewhere.ts'
import { patchedFor } from './patched.ts'
import { toTexts } from './texts.ts'

/** A message without its queue. */
interface Message {
  /** The client takes bytes only as a Buffer, which freezing and copying do not leave one. */
  readonly content: Uint8Array
  readonly options: Options.Publish
}

/** What the fixture takes of the client: a connection that comes back by itself. */
export type Connecting = Pick<typeof amqplib, 'connect'>

/**
 * amqplib and RabbitMQ for the suite that every adapter passes.
 *
 * @param restart restarts the broker, where the fixture may
 * @param other another version of amqplib
 * @param patched whether traced clients are made by the patched module, and not wrapped
 */
export async function createAmqpFixture(
  address: string,
  restart?: () => Promise<void>,
  other?: OtherClient<Connecting>,
  patched = false,
): Promise<Fixture> {
  const { connect } = other?.module ?? amqplib
  const admin = await connect(address, { recovery: true })
  return {
    system: 'rabbitmq',
    // A routing key has at most 255 bytes.
    impossible: 'x'.repeat(300),
    patience: 30_000,
    async createDestination() {
      const queue = `orders-${randomUUID()}`
      const channel = await admin.createChannel()
      await channel.assertQueue(queue)
      await channel.close()
      return queue
    },
    headers: (headers) => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, toHeader(value)])),
    message: (body, headers): Message => ({
      content: new Uint8Array(Buffer.from(body)),
      options: { persistent: true, messageId: randomUUID(), ...(headers && { headers }) },
    }),
    connect(options, observe) {
      const own = observe === undefined ? connect : observed(connect, observe)
      if (options === undefined) return toClient(own, address, false)
      if (patched) return toClient(patchedFor('amqplib', { connect: own }, options).connect, address, true)
      return toClient(own, address, true, (bare) => traceConnection(bare, options))
    },
    elsewhere: (task) => runElsewhere('amqp-process.js', address, task, other, patched),
    restart: () => restart?.() ?? Promise.reject(new Error('This broker is not ours to restart')),
    [Symbol.asyncDispose]: () => admin.close(),
  }
}

/** A client that comes back by itself: after each connect its `setup` makes all channels anew. */
async function toClient(
  connect: Connecting['connect'],
  address: string,
  isTraced: boolean,
  trace: (bare: ChannelModel) => ChannelModel = (bare) => bare,
): Promise<Client> {
  const consumers = new Set<(connection: ChannelModel) => Promise<void>>()
  let current!: ChannelModel
  let producer = deferred<ConfirmChannel>()
  const connection = await connect(address, {
    recovery: {
      async setup(bare: ChannelModel) {
        current = trace(bare)
        const channel = await current.createConfirmChannel()
        for (const consume of consumers) await consume(current)
        producer.resolve(channel)
      },
    },
  })
  connection.on('error', () => {})
  connection.on('disconnect', () => {
    producer = deferred()
  })
  return {
    async send(queue, input) {
      const { content, options: properties } = input as Message
      const channel = await producer.promise
      const bytes = content instanceof Uint8Array ? Buffer.from(content) : content
      return new Promise((resolve, reject) => {
        channel.sendToQueue(queue, bytes, properties, (error: unknown) => (error ? reject(error) : resolve(undefined)))
      })
    },
    sendBatch: () => Promise.reject(new Error('A call publishes one message')),
    async consume(queue, handler, concurrency = 1) {
      const plainly = (message: ConsumeMessage): unknown => handler(toReceived(message))
      const consumer = createConsumer(queue, isTraced ? traceHandler(plainly) : plainly, concurrency)
      consumers.add(consumer.start)
      await consumer.start(current)
      return {
        async [Symbol.asyncDispose]() {
          consumers.delete(consumer.start)
          await consumer[Symbol.asyncDispose]()
        },
      }
    },
    consumeBatch: () => Promise.reject(new Error('Messages arrive one by one')),
    attemptOf: (message, cloned) =>
      attemptOf(cloned === true ? structuredClone(originalOf(message)) : originalOf(message)),
    moves: {
      retryLater: async (message, to) => retryLater(await producer.promise, originalOf(message), to),
      deadLetter: async (message, to) => deadLetter(await producer.promise, originalOf(message), to),
      redrive: async (message, to) => redrive(await producer.promise, originalOf(message), to),
    },
    [Symbol.asyncDispose]: () => connection.close(),
  }
}

/** `connect`, whose connections tell what they have published. */
function observed(connect: Connecting['connect'], observe: Observer): Connecting['connect'] {
  const connectObserved = (address: string, { recovery }: { readonly recovery: RecoveryOptions }) => {
    const setup = (bare: ChannelModel): unknown => {
      observePublishing(bare, observe)
      return (recovery.setup as ((bare: ChannelModel) => unknown) | undefined)?.(bare)
    }
    return connect(address, { recovery: { ...recovery, setup } })
  }
  return connectObserved as unknown as Connecting['connect']
}

/** Makes the confirm channels of a connection tell what they have published. `sendToQueue` publishes as well. */
function observePublishing(connection: ChannelModel, observe: Observer): void {
  const create = connection.createConfirmChannel.bind(connection)
  connection.createConfirmChannel = async (...parameters) => {
    const channel = await create(...parameters)
    const publish = channel.publish.bind(channel)
    channel.publish = (exchange, routingKey, content, properties, confirmed) => {
      const ready = publish(exchange, routingKey, content, properties, confirmed)
      observe({ destination: exchange === '' ? routingKey : exchange, headers: toTexts(properties?.headers) })
      return ready
    }
    return channel
  }
}

/** What the client gave for each message. */
const originals = new WeakMap<Received, ConsumeMessage>()

function originalOf(received: Received): ConsumeMessage {
  const message = originals.get(received)
  if (message === undefined) throw new Error(`${received.body} is no message of this fixture`)
  return message
}

/** Handles messages as most programs do: what was handled is acknowledged, what failed goes back. */
function createConsumer(
  queue: string,
  handle: (message: ConsumeMessage) => unknown,
  concurrency: number,
): Consumer & { readonly start: (connection: ChannelModel) => Promise<void> } {
  const running = new Set<Promise<void>>()
  let stop: (() => Promise<void>) | undefined
  const work = async (channel: Channel, message: ConsumeMessage): Promise<void> => {
    let handled = false
    try {
      await handle(message)
      handled = true
    } catch {
      // It goes back to the queue.
    }
    try {
      if (handled) channel.ack(message)
      else channel.nack(message)
    } catch {
      // The connection is gone: the broker hands the message out again.
    }
  }
  return {
    async start(connection) {
      const channel = await connection.createChannel()
      await channel.prefetch(concurrency)
      const { consumerTag } = await channel.consume(queue, (message) => {
        if (message === null) return
        const done = work(channel, message).finally(() => running.delete(done))
        running.add(done)
      })
      stop = async () => {
        await channel.cancel(consumerTag)
        await Promise.all(running)
        await channel.close()
      }
    },
    [Symbol.asyncDispose]: async () => stop?.(),
  }
}

/** The client takes bytes only as a Buffer. */
function toHeader(value: HeaderValue): string | Buffer | (string | Buffer)[] {
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return Buffer.from(value)
  return value.map((part) => (typeof part === 'string' ? part : Buffer.from(part)))
}

function toReceived(message: ConsumeMessage): Received {
  const { content, properties } = message
  const received = { body: content.toString(), headers: toTexts(properties.headers) }
  originals.set(received, message)
  return received
}
