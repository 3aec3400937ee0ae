import { setTimeout } from 'node:timers/promises'
import type { Arrived, Exchange } from './exchange.ts'

interface AdminLike {
  connect(): Promise<void>
  createTopics(options: object): Promise<unknown>
  fetchTopicOffsets(topic: string): Promise<unknown>
  deleteTopics(options: object): Promise<void>
  disconnect(): Promise<void>
}

interface KafkaLike {
  admin(): AdminLike
  producer(): { connect(): Promise<void>; send(record: object): Promise<unknown>; disconnect(): Promise<void> }
  consumer(options: object): {
    connect(): Promise<void>
    subscribe(options: object): Promise<void>
    run(options: { eachMessage(payload: { message: MessageLike }): Promise<void> }): Promise<void>
    disconnect(): Promise<void>
  }
}

interface MessageLike {
  readonly headers?: Readonly<Record<string, unknown>>
}

interface KafkajsLike {
  readonly Kafka: new (options: object) => KafkaLike
}

/** Through a topic of its own, by a group of its own. */
export async function exchangeOverKafka(exchange: Exchange): Promise<Arrived> {
  const { load, address, client, fields, name, stopped, within } = exchange
  const kafka = (client ?? connectionTo(load('kafkajs') as KafkajsLike, address)) as KafkaLike
  const admin = kafka.admin()
  const producer = kafka.producer()
  const consumer = kafka.consumer({ groupId: name })
  try {
    await admin.connect()
    await admin.createTopics({ topics: [{ topic: name, numPartitions: 1 }], waitForLeaders: false })
    await untilServed(admin, name, stopped)
    await Promise.all([producer.connect(), consumer.connect()])
    await consumer.subscribe({ topic: name, fromBeginning: true })
    const arrived = new Promise<MessageLike>((resolve) => {
      void consumer.run({ eachMessage: async ({ message }) => resolve(message) })
    })
    const message = { value: 'tracebaton doctor', ...(fields ? { headers: fields } : {}) }
    await within(() => producer.send({ topic: name, messages: [message] }))
    const { headers = {} } = await Promise.race([arrived, stopped])
    return Object.fromEntries(Object.entries(headers).map(([key, value]) => [key.toLowerCase(), String(value)]))
  } finally {
    await Promise.allSettled([consumer.disconnect(), producer.disconnect()])
    await Promise.allSettled([admin.deleteTopics({ topics: [name] })])
    await Promise.allSettled([admin.disconnect()])
  }
}

/** What `waitForLeaders` does, which gives up where it asks before the broker knows the topic. */
async function untilServed(admin: AdminLike, topic: string, stopped: Promise<never>): Promise<void> {
  // Only a leader knows the offsets.
  const isServed = (): Promise<boolean> =>
    admin.fetchTopicOffsets(topic).then(
      () => true,
      () => false,
    )
  while (!(await Promise.race([isServed(), stopped]))) await Promise.race([setTimeout(50), stopped])
}

function connectionTo({ Kafka }: KafkajsLike, address: string): KafkaLike {
  // Level 0 logs nothing: what goes wrong is in the error.
  return new Kafka({ clientId: 'tracebaton-doctor', brokers: address.split(','), logLevel: 0, retry: { retries: 3 } })
}
