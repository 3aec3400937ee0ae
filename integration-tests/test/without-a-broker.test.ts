import type { Channel, ConsumeMessage } from 'amqplib'
import type { Consumer, ConsumerRunConfig, EachMessagePayload } from 'kafkajs'
import type { Job } from 'bullmq'
import { expect, test } from 'vitest'
import { recorder, traceparent, tracerProvider } from '../src/without-a-broker.ts'
import { traceChannel } from '@tracebaton/amqp'
import { traceConsumer } from '@tracebaton/kafka'
import { traceHandler as traceJob } from '@tracebaton/bullmq'
import { traceHandler as traceMessage } from '@tracebaton/sqs'

// The tests of docs/tests-without-a-broker.md.

test('an order from SQS continues the trace of its sender', async () => {
  const handle = traceMessage(async () => {}, { queueUrl: 'https://sqs.example/1/orders', tracerProvider })
  await handle({
    MessageId: '1',
    Body: 'order 1042',
    Attributes: { ApproximateReceiveCount: '2' },
    MessageAttributes: { traceparent: { DataType: 'String', StringValue: traceparent } },
  })
  expect(recorder.spans.at(-1)).toMatchObject({ name: 'process orders', traceId: traceparent.slice(3, 35) })
})

test('an order from Kafka continues the trace of its sender', async () => {
  let given: ConsumerRunConfig = {}
  const hollow = { on: () => () => {}, run: async (config: ConsumerRunConfig) => void (given = config) }
  const consumer = traceConsumer(hollow as unknown as Consumer, { groupId: 'billing', tracerProvider })
  await consumer.run({ eachMessage: async () => {} })
  const message = {
    offset: '42',
    timestamp: String(Date.now()),
    value: Buffer.from('order 1042'),
    headers: { traceparent },
  }
  await given.eachMessage?.({ topic: 'orders', partition: 0, message } as unknown as EachMessagePayload)
  expect(recorder.spans.at(-1)).toMatchObject({ name: 'process orders', traceId: traceparent.slice(3, 35) })
})

test('an order from RabbitMQ continues the trace of its sender', async () => {
  let deliver: ((message: ConsumeMessage) => unknown) | undefined
  const consume = async (_: string, act: typeof deliver) => void (deliver = act)
  const hollow = { on() {}, once() {}, ack() {}, consume }
  const channel = traceChannel(hollow as unknown as Channel, { tracerProvider })
  await channel.consume('orders', (message) => message && channel.ack(message))
  const fields = { deliveryTag: 1, redelivered: false, exchange: '', routingKey: 'orders', consumerTag: 'billing' }
  await deliver?.({
    fields,
    content: Buffer.from(''),
    properties: { headers: { traceparent } },
  } as unknown as ConsumeMessage)
  expect(recorder.spans.at(-1)).toMatchObject({ name: 'process orders', traceId: traceparent.slice(3, 35) })
})

test('an order from BullMQ continues the trace of its sender', async () => {
  const processor = traceJob(async (job: Job) => `billed ${job.id}`, { tracerProvider })
  const opts = { attempts: 3, telemetry: { metadata: JSON.stringify({ traceparent }) } }
  const job = {
    id: '1',
    name: 'bill',
    queueName: 'orders',
    opts,
    attemptsMade: 0,
    attemptsStarted: 1,
    timestamp: Date.now(),
  }
  expect(await processor(job as unknown as Job)).toBe('billed 1')
  expect(recorder.spans.at(-1)).toMatchObject({ name: 'process orders', traceId: traceparent.slice(3, 35) })
})
