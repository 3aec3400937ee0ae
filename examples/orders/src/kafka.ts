import { SpanKind, type TracerProvider } from '@opentelemetry/api'
import { traceKafka, type TracingOptions } from '@tracebaton/kafka'
import { Kafka, logLevel, type Admin, type Consumer, type KafkaMessage, type Producer } from 'kafkajs'
import { answered, findBroker, type Recipe } from './container.ts'
import { charge, MAX_ATTEMPTS, ORDERS, pause } from './orders.ts'
import type { Telemetry } from './telemetry.ts'

/** Topics of this run alone, on a broker that may hold other people's. */
const RUN = `-demo-${process.pid}-${Date.now()}`
const TOPICS = { orders: `orders${RUN}`, dead: `orders-dead${RUN}`, emails: `emails${RUN}` }

/** One broker that is its own controller. It reaches itself by a listener of its own. */
const KAFKA: Recipe = {
  name: 'Kafka',
  broker: 'kafka',
  images: ['apache/kafka:4.3.0', 'tracebaton/kafka'],
  variable: 'TRACEBATON_KAFKA',
  port: 9092,
  address: (port) => `localhost:${port}`,
  environment: (port) => ({
    KAFKA_NODE_ID: '1',
    KAFKA_PROCESS_ROLES: 'broker,controller',
    KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
    KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
    KAFKA_INTER_BROKER_LISTENER_NAME: 'BROKER',
    KAFKA_LISTENERS: 'PLAINTEXT://:9092,BROKER://:9094,CONTROLLER://:9093',
    KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://localhost:${port},BROKER://localhost:9094`,
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,BROKER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
  }),
}

/** Runs the story on Kafka, in a container or at an address. Ends when every order has ended. */
export async function runOnKafka(telemetry: Telemetry): Promise<void> {
  try {
    const brokers = [await findBroker(KAFKA)]
    const admin = await createTopics(brokers)
    try {
      await sellAndHandle(brokers, telemetry)
    } finally {
      await admin.deleteTopics({ topics: Object.values(TOPICS) })
      await admin.disconnect()
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(1)
  }
}

async function createTopics(brokers: string[]): Promise<Admin> {
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING, retry: { retries: 2 } }).admin()
  await answered(KAFKA, brokers.join(), () => admin.connect())
  const topics = Object.values(TOPICS)
  await admin.createTopics({ topics: topics.map((topic) => ({ topic })), waitForLeaders: false })
  await Promise.all(topics.map((topic) => untilServed(admin, topic)))
  return admin
}

/** What `waitForLeaders` does, which gives up where it asks before the broker knows the topic. */
async function untilServed(admin: Admin, topic: string): Promise<void> {
  // Only a leader knows the offsets.
  const isServed = (): Promise<boolean> =>
    admin.fetchTopicOffsets(topic).then(
      () => true,
      () => false,
    )
  for (let left = 200; left > 0 && !(await isServed()); left--) await pause(50)
}

async function sellAndHandle(brokers: string[], { shop, billing, mailer }: Telemetry): Promise<void> {
  const connect = (tracerProvider: TracerProvider, options?: TracingOptions): Kafka =>
    traceKafka(new Kafka({ brokers, logLevel: logLevel.NOTHING }), {
      tracerProvider,
      destinationTemplate: ({ name }) => name?.replace(RUN, ''),
      ...options,
    })
  const seller = connect(shop).producer()
  // Whatever the worker publishes with the headers of the order at hand is that order, given up.
  const worker = connect(billing, { republish: () => 'dead_letter' })
  const consumer = worker.consumer({
    groupId: `billing${RUN}`,
    retry: { initialRetryTime: 700, multiplier: 1, factor: 0 },
  })
  const producer = worker.producer()
  const postman = connect(mailer).consumer({ groupId: `mailer${RUN}` })

  const clients = [seller, producer, consumer, postman]
  await Promise.all(clients.map((client) => client.connect()))
  try {
    await work(consumer, producer)
    await Promise.all([mail(postman), sell(seller, shop)])
  } finally {
    await Promise.all(clients.map((client) => client.disconnect()))
  }
}

/** The shop: each order arrives over HTTP and goes into a topic. */
async function sell(producer: Producer, provider: TracerProvider): Promise<void> {
  const tracer = provider.getTracer('shop')
  for (const { id } of ORDERS) {
    await tracer.startActiveSpan(
      'POST /orders',
      { kind: SpanKind.SERVER, attributes: { 'order.id': id } },
      async (span) => {
        await producer.send({ topic: TOPICS.orders, messages: [{ value: id }] })
        await pause(5)
        span.end()
      },
    )
  }
}

/** The worker: charges the card, then tells the mailer. kafkajs hands out an order again that failed, in place. */
async function work(consumer: Consumer, producer: Producer): Promise<void> {
  const failures = new Map<string, number>()
  const handle = async ({ value, headers }: KafkaMessage): Promise<void> => {
    const id = String(value)
    try {
      await charge(id)
    } catch (error) {
      const count = (failures.get(id) ?? 0) + 1
      failures.set(id, count)
      if (count < MAX_ATTEMPTS) throw error
      await producer.send({ topic: TOPICS.dead, messages: [{ value, headers: { ...headers } }] })
      return
    }
    await producer.send({ topic: TOPICS.emails, messages: [{ value: `Order ${id} is paid` }] })
  }
  await consumer.subscribe({ topics: [TOPICS.orders], fromBeginning: true })
  await consumer.run({ eachMessage: ({ message }) => handle(message) })
}

/** The mailer: writes to customers, and to the people on call about every dead letter. Ends with the last order. */
async function mail(consumer: Consumer): Promise<void> {
  let sent = 0
  await consumer.subscribe({ topics: [TOPICS.emails, TOPICS.dead], fromBeginning: true })
  await new Promise<void>((resolve, reject) => {
    const eachMessage = async (): Promise<void> => {
      await pause(8)
      sent += 1
      if (sent === ORDERS.length) resolve()
    }
    consumer.run({ eachMessage }).catch(reject)
  })
}
