import { randomUUID } from 'node:crypto'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import { traceKafka } from '@tracebaton/kafka'
import { createRecorder, type RecordedSpan, type Recorder } from '@tracebaton/testing'
import {
  Kafka,
  logLevel,
  type Admin,
  type Consumer,
  type ConsumerConfig,
  type ConsumerRunConfig,
  type KafkaMessage,
  type Producer,
  type ProducerConfig,
} from 'kafkajs'
import { expect, inject, vi } from 'vitest'
import { createTopic } from '../src/adapters/kafka-topic.js'

/** kafkajs, connected to the real broker, and everything that a test makes with it. */
export interface Session extends AsyncDisposable {
  /** The client that a program would use: traced, or as it comes. */
  readonly kafka: Kafka
  readonly admin: Admin
  readonly recorder: Recorder
  /** Failures that tracing has contained; empty where all is well. */
  readonly failures: readonly unknown[]
  /** Makes a topic that nobody else uses. */
  readonly topic: (partitions?: number) => Promise<string>
  /** A connected producer. */
  readonly producer: (config?: ProducerConfig) => Promise<Producer>
  /** A connected consumer of a topic from its beginning; of a group of its own, unless the configuration names one. */
  readonly consumer: (topic: string, config?: Partial<ConsumerConfig>) => Promise<Consumer>
  /** Sends messages with these values to partition 0. */
  readonly fill: (topic: string, ...values: string[]) => Promise<void>
  /** What a group has committed for partition 0; `-1`: nothing. */
  readonly committed: (groupId: string, topic: string) => Promise<string | undefined>
  /** Waits until so many spans of this name have ended, and gives them in the order they started. */
  readonly spans: (name: string, count: number) => Promise<readonly RecordedSpan[]>
}

/** Starts a session. Disposing it ends everything that was made with it. */
export async function openSession(traced: boolean): Promise<Session> {
  const recorder = createRecorder()
  const provider = new NodeTracerProvider({ spanProcessors: [recorder] })
  // Only the first of a file takes effect, and is the same for all: a context manager and a propagator.
  provider.register()
  const failures: unknown[] = []
  const untraced = new Kafka({
    clientId: 'behaviour',
    brokers: [inject('brokers').kafka],
    connectionTimeout: 10_000,
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 30, maxRetryTime: 300, retries: 12 },
  })
  const options = { tracerProvider: provider, onError: (error: unknown) => void failures.push(error) }
  const kafka = traced ? traceKafka(untraced, options) : untraced
  const admin = untraced.admin()
  const filler = untraced.producer({ allowAutoTopicCreation: false })
  const open: { disconnect(): Promise<void> }[] = [filler, admin]
  await Promise.all([admin.connect(), filler.connect()])

  async function opened<Client extends { connect(): Promise<void>; disconnect(): Promise<void> }>(
    client: Client,
  ): Promise<Client> {
    open.unshift(client)
    await client.connect()
    return client
  }

  return {
    kafka,
    admin,
    recorder,
    failures,
    async topic(numPartitions = 1) {
      const topic = `t-${randomUUID()}`
      await createTopic(admin, topic, numPartitions)
      return topic
    },
    producer: (config) => opened(kafka.producer({ allowAutoTopicCreation: false, ...config })),
    async consumer(topic, config) {
      const consumer = await opened(
        kafka.consumer({
          groupId: groupName(),
          allowAutoTopicCreation: false,
          // Nobody fails to leave its group here, and a machine that is busy must not look like it.
          sessionTimeout: 60_000,
          heartbeatInterval: 500,
          maxWaitTimeInMs: 100,
          ...config,
        }),
      )
      await consumer.subscribe({ topics: [topic], fromBeginning: true })
      return consumer
    },
    async fill(topic, ...values) {
      await filler.send({ topic, messages: values.map((value) => ({ value, partition: 0 })) })
    },
    async committed(groupId, topic) {
      const [found] = await admin.fetchOffsets({ groupId, topics: [topic] })
      return found?.partitions.find(({ partition }) => partition === 0)?.offset
    },
    async spans(name, count) {
      const found = await recorder.until(
        (spans) => {
          const named = spans.filter((span) => span.name === name)
          return named.length >= count && named
        },
        { timeout: 20_000, describe: `${count} spans ${name}` },
      )
      return found.toSorted((one, other) => one.startTime - other.startTime)
    },
    async [Symbol.asyncDispose]() {
      for (const client of open) await client.disconnect()
    },
  }
}

export function groupName(): string {
  return `g-${randomUUID()}`
}

/** Runs a consumer and gives the list, which grows, of what its handler was called with. */
export async function collect(
  consumer: Consumer,
  config: ConsumerRunConfig = {},
  handle: (message: KafkaMessage) => unknown = () => {},
): Promise<readonly string[]> {
  const values: string[] = []
  await consumer.run({
    ...config,
    eachMessage: async ({ message }) => {
      values.push(String(message.value))
      await handle(message)
    },
  })
  return values
}

/** Waits until a check no longer fails. */
export async function eventually(check: () => unknown): Promise<void> {
  await vi.waitFor(check, { timeout: 20_000, interval: 20 })
}

/** Waits until a list that grows is this one. */
export async function expectList<Item>(list: readonly Item[], expected: readonly Item[]): Promise<void> {
  await eventually(() => expect(list).toEqual(expected))
}
