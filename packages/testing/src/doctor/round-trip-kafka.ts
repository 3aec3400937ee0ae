import { setTimeout } from 'node:timers/promises'
import type { Admin, Kafka, KafkaMessage } from 'kafkajs'
import type { Headers, Exchange } from './exchange.ts'

/** Through a topic of its own, by a group of its own. */
export async function exchangeOverKafka(exchange: Exchange): Promise<Headers> {
  const { load, address, client, fields, name, stopped, within } = exchange
  const kafka = (client ?? connectionTo(load('kafkajs') as typeof import('kafkajs'), address)) as Kafka
  const admin = kafka.admin()
  const producer = kafka.producer()
  const consumer = kafka.consumer({ groupId: name })
  try {
    await admin.connect()
    await admin.createTopics({ topics: [{ topic: name, numPartitions: 1 }], waitForLeaders: false })
    await untilServed(admin, name, stopped)
    await Promise.all([producer.connect(), consumer.connect()])
    await consumer.subscribe({ topic: name, fromBeginning: true })
    const arrived = new Promise<KafkaMessage>((resolve) => {
      void consumer.run({ eachMessage: async ({ message }) => resolve(message) })
    })
    const message = { value: 'tracebaton doctor', ...(fields ? { headers: fields } : {}) }
    await within(() => producer.send({ topic: name, messages: [message] }))
    return (await Promise.race([arrived, stopped])).headers ?? {}
  } finally {
    await Promise.allSettled([consumer.disconnect(), producer.disconnect()])
    await Promise.allSettled([admin.deleteTopics({ topics: [name] })])
    await Promise.allSettled([admin.disconnect()])
  }
}

/** What `waitForLeaders` does, which gives up where it asks before the broker knows the topic. */
async function untilServed(admin: Admin, topic: string, stopped: Promise<never>): Promise<void> {
  // Only a leader knows the offsets.
  const isServed = (): Promise<boolean> =>
    admin.fetchTopicOffsets(topic).then(
      () => true,
      () => false,
    )
  while (!(await Promise.race([isServed(), stopped]))) await Promise.race([setTimeout(50), stopped])
}

function connectionTo({ Kafka: Client, logLevel }: typeof import('kafkajs'), address: string): Kafka {
  return new Client({
    clientId: 'tracebaton-doctor',
    brokers: address.split(','),
    // What goes wrong is in the error.
    logLevel: logLevel.NOTHING,
    retry: { retries: 3 },
  })
}
