import { randomUUID } from 'node:crypto'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import { deadLetter, retryLater, traceKafka, type MessagePayload } from '@tracebaton/kafka'
import { assertJourney, assertPropagation, createRecorder } from '@tracebaton/testing'
import type { Consumer } from 'kafkajs'
import { inject, test } from 'vitest'
import { versionOf } from '../src/adapters/client.ts'
import { runElsewhere } from '../src/adapters/elsewhere.ts'
import { kafkaCapabilities } from '../src/adapters/kafka-capabilities.ts'
import { confluentAsKafkajs, loadConfluent } from '../src/adapters/kafka-confluent.ts'
import { createKafkaFixture } from '../src/adapters/kafka.ts'
import { contract } from '../src/contract.ts'
import { createTopics } from '../src/framework-brokers.ts'
import { TEN } from '../src/ten-scenarios.ts'

// It is compiled when it is installed, or fetched from elsewhere than the registry: so it is no dependency here.
const { TRACEBATON_CONFLUENT: folder } = process.env
const { kafka: address } = inject('brokers')

test("Confluent's client, by hand: three attempts, then the dead letter", async () => {
  const { KafkaJS } = loadConfluent(folder!)
  const orders = `orders-${randomUUID()}`
  const dead = `${orders}-dead`
  await createTopics(address, orders, dead)
  const recorder = createRecorder()
  const provider = new NodeTracerProvider({ spanProcessors: [recorder] })
  provider.register()

  const kafka = traceKafka(new KafkaJS.Kafka({ kafkaJS: { brokers: [address] } }), { tracerProvider: provider })
  const producer = kafka.producer()
  await producer.connect()
  const config = { kafkaJS: { groupId: `${orders}-billing`, fromBeginning: true } }
  const consumer: Consumer = kafka.consumer(config as never)
  await consumer.connect()
  await consumer.subscribe({ topics: [orders, dead] })
  const error = new Error('the bank is busy')
  const handle = async (payload: MessagePayload): Promise<void> => {
    if (payload.topic === dead) return
    const result = await retryLater(producer, payload, { error, maxAttempts: 3 })
    if (result === 'exhausted') await deadLetter(producer, payload, { to: dead, error })
  }
  await consumer.run({ eachMessage: handle })
  await producer.send({ topic: orders, messages: [{ value: 'order' }] })

  await recorder.until(
    (spans) =>
      assertJourney(spans, [
        `send ${orders}`,
        `process ${orders} attempt 1 retry_scheduled`,
        `process ${orders} attempt 2 retry_scheduled`,
        `process ${orders} attempt 3 dead_lettered`,
        `dead letter ${dead} attempt 1 acked`,
      ]),
    { timeout: 40_000 },
  )
  await consumer.disconnect()
  await producer.disconnect()
  assertPropagation(recorder)
})

const client = confluentAsKafkajs(folder!)

contract(
  `Confluent's client ${versionOf(client)}`,
  async () => ({
    ...(await createKafkaFixture(address, undefined, client)),
    // The other process has kafkajs.
    elsewhere: (task) => runElsewhere('kafka-process.js', address, task),
  }),
  kafkaCapabilities,
  { golden: 'kafka', only: TEN, words: { KafkaJSProtocolError: 'KafkaJSNonRetriableError' } },
)
