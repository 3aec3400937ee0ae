import { deadLetter, traceKafka } from '@tracebaton/kafka'
import { Kafka, logLevel } from 'kafkajs'
import { createTopic } from '../../adapters/kafka-topic.js'

/** A message that fails once, dies, and is handled as a dead letter. */
export async function play({ address, orders, dead, optionsOf, work }) {
  const bare = new Kafka({
    brokers: [address],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 30, maxRetryTime: 300, retries: 12 },
  })
  const [shop, billing] = ['shop', 'billing'].map((service) => traceKafka(bare, optionsOf(service)))
  const [admin, producer, mover] = [bare.admin(), shop.producer(), billing.producer()]
  await Promise.all([admin, producer, mover].map((client) => client.connect()))
  await Promise.all([orders, dead].map((topic) => createTopic(admin, topic)))
  await producer.send({ topic: orders, messages: [{ value: 'order' }] })
  const handlers = work((payload, error) => deadLetter(mover, payload, { to: dead, error }))
  const consumers = await Promise.all(
    [orders, dead].map(async (topic) => {
      const consumer = billing.consumer({ groupId: `group-${topic}`, maxWaitTimeInMs: 100 })
      await consumer.connect()
      await consumer.subscribe({ topic, fromBeginning: true })
      await consumer.run({ eachMessage: handlers[topic] })
      return consumer
    }),
  )
  await handlers.finished
  await Promise.all([...consumers, admin, producer, mover].map((client) => client.disconnect()))
}
