import { traceKafka } from '@tracebaton/kafka'
import { Kafka, logLevel } from 'kafkajs'
import { perform } from './task.js'

const clientOf = (address, options) =>
  traceKafka(new Kafka({ clientId: 'elsewhere', brokers: [address], logLevel: logLevel.NOTHING }), options)

await perform({
  async send(address, options, { destination, bodies }) {
    const producer = clientOf(address, options).producer()
    await producer.connect()
    for (const value of bodies) await producer.send({ topic: destination, messages: [{ value }] })
    await producer.disconnect()
  },
  async handle(address, options, { destination }, { handler, finished }) {
    const consumer = clientOf(address, options).consumer({
      groupId: `group-${destination}`,
      sessionTimeout: 6000,
      maxWaitTimeInMs: 200,
    })
    await consumer.connect()
    await consumer.subscribe({ topic: destination, fromBeginning: true })
    await consumer.run({ eachMessage: async () => handler() })
    await finished
    await consumer.disconnect()
  },
})
