import { randomUUID } from 'node:crypto'
import { attemptOf, deadLetter, forEachMessage, redrive, retryLater, traceHandler, traceKafka } from '@tracebaton/kafka'
import * as kafkajs from 'kafkajs'
import type {
  Consumer as KafkaConsumer,
  EachBatchPayload,
  EachMessagePayload,
  Kafka,
  KafkaMessage,
  Message,
  Producer,
  ProducerConfig,
} from 'kafkajs'
import type { Batch, Client, Consumer, Fixture, HeaderValue, Observer, Received } from '../contract/fixture.ts'
import type { OtherClient } from './client.ts'
import { runElsewhere } from './elsewhere.ts'
import { createTopic } from './kafka-topic.js'
import { patchedFor } from './patched.ts'
import { toTexts } from './texts.ts'

/** Short, so that a redelivery does not take seconds, and often enough for a broker that restarts. */
const RETRY = { initialRetryTime: 50, maxRetryTime: 500, retries: 20 }

/**
 * kafkajs and Kafka for the suite that every adapter passes.
 *
 * @param restart restarts the broker, where the fixture may
 * @param other another version of kafkajs
 * @param patched whether traced clients are made by the patched module, and not wrapped
 */
export async function createKafkaFixture(
  address: string,
  restart?: () => Promise<void>,
  other?: OtherClient<typeof kafkajs>,
  patched = false,
): Promise<Fixture> {
  const module = other?.module ?? kafkajs
  const config = { clientId: 'contract', brokers: [address], logLevel: module.logLevel.NOTHING, retry: RETRY }
  const kafka = new module.Kafka(config)
  const admin = kafka.admin()
  await admin.connect()
  return {
    system: 'kafka',
    impossible: 'no topic is called this!',
    patience: 30_000,
    async createDestination(concurrency) {
      const topic = `orders-${randomUUID()}`
      await createTopic(admin, topic, concurrency)
      return topic
    },
    headers: (headers) => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, toHeader(value)])),
    message: (body, headers): Message => ({
      value: body,
      ...(headers && { headers: headers as NonNullable<Message['headers']> }),
    }),
    connect: (options, observe) => {
      const Observed = observe === undefined ? module.Kafka : observed(module.Kafka, observe)
      if (options === undefined) return connect(new Observed(config))
      if (!patched) return connect(traceKafka(new Observed(config), options))
      const { Kafka: Traced } = patchedFor('kafkajs', { ...module, Kafka: Observed }, options)
      return connect(new Traced(config))
    },
    elsewhere: (task) => runElsewhere('kafka-process.js', address, task, other, patched),
    restart: () => restart?.() ?? Promise.reject(new Error('This broker is not ours to restart')),
    [Symbol.asyncDispose]: () => admin.disconnect(),
  }
}

async function connect(kafka: Kafka): Promise<Client> {
  const producer = kafka.producer()
  await producer.connect()
  const send: Client['sendBatch'] = (topic, inputs) =>
    producer.send(Object.freeze({ topic, messages: Object.freeze(inputs) as Message[] }))
  return {
    send: (topic, input) => send(topic, [input]),
    sendBatch: send,
    consume: (topic, handler, concurrency = 1) =>
      keepRunning(kafka, topic, (consumer) =>
        consumer.run(
          Object.freeze({
            partitionsConsumedConcurrently: concurrency,
            eachMessage: async (payload: EachMessagePayload) => {
              const received = toReceived(payload.message)
              payloads.set(received, payload)
              return (await handler(received)) as void
            },
          }),
        ),
      ),
    consumeBatch: (topic, handler) =>
      keepRunning(kafka, topic, (consumer) =>
        consumer.run(
          Object.freeze({
            eachBatch: async (payload: EachBatchPayload) => {
              await handler(toBatch(payload))
            },
          }),
        ),
      ),
    attemptOf(message, cloned) {
      const own = payloadOf(message).message
      return attemptOf(cloned === true ? { ...own } : own)
    },
    moves: {
      retryLater: (message, options) => retryLater(producer, payloadOf(message), options),
      deadLetter: (message, options) => deadLetter(producer, payloadOf(message), options),
      redrive: (message, options) => redrive(producer, payloadOf(message), options),
    },
    [Symbol.asyncDispose]: () => producer.disconnect(),
  }
}

/** The client's class, whose producers tell what they have sent. */
function observed(Client: typeof Kafka, observe: Observer): typeof Kafka {
  return class extends Client {
    override producer(config?: ProducerConfig): Producer {
      const producer = super.producer(config)
      const send = producer.send.bind(producer)
      producer.send = async (record) => {
        // Some clients write headers of their own kind onto the messages.
        const sent = record.messages.map(({ headers }) => toTexts(headers))
        const answer = await send(record)
        for (const headers of sent) observe({ destination: record.topic, headers })
        return answer
      }
      return producer
    }
  }
}

/** What `eachMessage` got with each message. */
const payloads = new WeakMap<Received, EachMessagePayload>()

function payloadOf(message: Received): EachMessagePayload {
  const payload = payloads.get(message)
  if (payload === undefined) throw new Error(`${message.body} was not received one by one`)
  return payload
}

/** One group for each topic, which the other process belongs to as well. */
async function subscribe(kafka: Kafka, topic: string): Promise<KafkaConsumer> {
  const consumer = kafka.consumer({
    groupId: `group-${topic}`,
    sessionTimeout: 6000,
    heartbeatInterval: 1000,
    maxWaitTimeInMs: 200,
    retry: RETRY,
  })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  return consumer
}

/** Starts a consumer, and another one whenever it gives up: kafkajs does so for what it takes for a programming error. */
async function keepRunning(
  kafka: Kafka,
  topic: string,
  run: (consumer: KafkaConsumer) => Promise<void>,
): Promise<Consumer> {
  let stopped = false
  const start = async (): Promise<KafkaConsumer> => {
    const consumer = await subscribe(kafka, topic)
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart && !stopped) running = start()
    })
    await run(consumer)
    return consumer
  }
  let running = start()
  await running
  return {
    async [Symbol.asyncDispose]() {
      stopped = true
      await (await running).disconnect()
    },
  }
}

/** kafkajs takes bytes only as a Buffer. */
function toHeader(value: HeaderValue): string | Buffer | (string | Buffer)[] {
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return Buffer.from(value)
  return value.map((part) => (typeof part === 'string' ? part : Buffer.from(part)))
}

function toReceived({ value, headers }: KafkaMessage): Received {
  return { body: String(value), headers: toTexts(headers) }
}

function toBatch(payload: EachBatchPayload): Batch {
  const received = new Map(payload.batch.messages.map((message) => [message, toReceived(message)]))
  const originals = new Map([...received].map(([message, neutral]) => [neutral, message]))
  return {
    messages: [...received.values()],
    forEachMessage: (handler) => forEachMessage(payload, (message) => handler(received.get(message)!)),
    traceHandler: (handler) => {
      const traced = traceHandler(function (this: unknown, message: KafkaMessage) {
        return handler.call(this, received.get(message)!)
      })
      return function (this: unknown, message) {
        return traced.call(this, originals.get(message)!)
      }
    },
  }
}
