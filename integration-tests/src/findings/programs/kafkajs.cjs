const { KafkaJsInstrumentation } = require('@opentelemetry/instrumentation-kafkajs')
const { begin, ours, play } = require('./play.cjs')

begin(KafkaJsInstrumentation)
const { Kafka, logLevel } = require('kafkajs')
const { deadLetter, forEachMessage, traceKafka } = require('@tracebaton/kafka')

void play(async (address) => {
  const retry = { initialRetryTime: 50, maxRetryTime: 500, retries: 20 }
  const bare = new Kafka({ clientId: 'app', brokers: [address], logLevel: logLevel.NOTHING, retry })
  const kafka = ours ? traceKafka(bare) : bare
  const producer = kafka.producer()
  await producer.connect()
  const consumers = []
  const run = async (topic, config) => {
    const consumer = kafka.consumer({ groupId: `group-${topic}`, sessionTimeout: 6000, maxWaitTimeInMs: 200, retry })
    consumers.push(consumer)
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run(config)
  }
  return {
    async create(queues) {
      const admin = kafka.admin()
      await admin.connect()
      const { createTopic } = await import('../../adapters/kafka-topic.js')
      await Promise.all(Object.values(queues).map((topic) => createTopic(admin, topic)))
      await admin.disconnect()
    },
    send: (topic, value) => producer.send({ topic, messages: [{ value }] }),
    sendBatch: (topic, values) => producer.send({ topic, messages: values.map((value) => ({ value })) }),
    // As applications do it: the message goes on with its headers. Ours has a helper.
    bury: (payload, topic) => {
      if (ours) return deadLetter(producer, payload, { to: topic, error: new Error('poison') })
      const { value, headers } = payload.message
      return producer.send({ topic, messages: [{ value, headers }] })
    },
    pass: ({ message: { value, headers } }, topic) => producer.send({ topic, messages: [{ value, headers }] }),
    consume: (topic, handler) => run(topic, { eachMessage: handler }),
    consumeBatch: (topic, count, handler) =>
      new Promise((resolve, reject) => {
        let seen = 0
        run(topic, {
          eachBatch: async (payload) => {
            const { partition, messages } = payload.batch
            const handle = (some) => handler(some.map((message) => ({ topic, partition, message })))
            if (ours) await forEachMessage(payload, (message) => handle([message]))
            else handle(messages)
            seen += messages.length
            if (seen === count) setImmediate(resolve)
          },
        }).catch(reject)
      }),
    async close() {
      for (const client of [...consumers, producer]) await client.disconnect()
    },
  }
})
