import { retryLater, traceKafka } from '@tracebaton/kafka'
import { Kafka, logLevel } from 'kafkajs'
import { perform, unlessPatched } from './task.js'

const trace = unlessPatched(traceKafka)
const clientOf = (address, options) =>
  trace(new Kafka({ clientId: 'elsewhere', brokers: [address], logLevel: logLevel.NOTHING }), options)

await perform({
  async send(address, options, { destination, bodies }) {
    const producer = clientOf(address, options).producer()
    await producer.connect()
    for (const value of bodies) await producer.send({ topic: destination, messages: [{ value }] })
    await producer.disconnect()
  },
  async handle(address, options, { destination }, { handler, finished }) {
    const kafka = clientOf(address, options)
    const producer = kafka.producer()
    await producer.connect()
    const consumer = kafka.consumer({
      groupId: `group-${destination}`,
      sessionTimeout: 6000,
      maxWaitTimeInMs: 200,
    })
    await consumer.connect()
    await consumer.subscribe({ topic: destination, fromBeginning: true })
    await consumer.run({
      eachMessage: async (payload) => {
        const { value, headers } = payload.message
        return handler((to) => retryLater(producer, payload, to), String(value), headers)
      },
    })
    await finished
    await consumer.disconnect()
    await producer.disconnect()
  },
})
