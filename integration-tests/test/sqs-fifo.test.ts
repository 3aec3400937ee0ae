import { randomUUID } from 'node:crypto'
import { CreateQueueCommand, SendMessageCommand, SQSClient, type Message } from '@aws-sdk/client-sqs'
import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import { assertJourney, assertPropagation, createRecorder } from '@tracebaton/testing'
import { deadLetter, redrive, retryLater, traceHandler, traceSqs } from '@tracebaton/sqs'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { pollQueue } from '../src/adapters/sqs-polling.ts'
import { OrderError } from '../src/contract/order-error.ts'

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
})

/** Two FIFO queues and a client that is traced. */
async function setUp(attributes: Readonly<Record<string, string>>) {
  const recorder = createRecorder()
  const options = { tracerProvider: new BasicTracerProvider({ spanProcessors: [recorder] }) }
  const endpoint = inject('brokers').sqs
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const client = traceSqs(new SQSClient({ endpoint, region: 'eu-west-1', credentials }), options)
  const create = async (name: string): Promise<{ url: string; name: string }> => {
    const QueueName = `${name}-${randomUUID()}.fifo`
    const Attributes = { FifoQueue: 'true', ...attributes }
    await client.send(new CreateQueueCommand({ QueueName, Attributes }))
    return { url: `${endpoint}/000000000000/${QueueName}`, name: QueueName }
  }
  /** The group of each message that came, in order. */
  const groups: (string | undefined)[] = []
  const consume = (url: string, handler: (message: Message) => Promise<unknown>) => {
    const traced = traceHandler(async (message: Message) => {
      groups.push(message.Attributes?.MessageGroupId)
      await handler(message)
    }, options)
    return pollQueue(client, { QueueUrl: url, MaxNumberOfMessages: 1 }, async ([message]) => traced(message!))
  }
  return { client, recorder, consume, groups, orders: await create('orders'), dead: await create('dead') }
}

describe.each([
  ['a deduplication id of its own', { MessageDeduplicationId: 'order-1042' }, {}],
  ['deduplication by its content', {}, { ContentBasedDeduplication: 'true' }],
])('a FIFO message with %s', (_, deduplication, attributes) => {
  test('is tried later, given up and put back in its group, never taken for a duplicate, and is one story', async () => {
    const { client, recorder, consume, groups, orders, dead } = await setUp(attributes)
    const noStock = new OrderError('no stock')
    const moves = [
      (message: Message) => retryLater(client, message, { error: noStock, delay: 60_000 }),
      (message: Message) => deadLetter(client, message, { to: dead.url, error: noStock }),
    ]
    await client.send(
      new SendMessageCommand({
        QueueUrl: orders.url,
        MessageBody: 'order 1042',
        MessageGroupId: 'customer-7',
        ...deduplication,
      }),
    )
    const working = [
      consume(orders.url, async (message) => moves.shift()?.(message)),
      consume(dead.url, (message) => redrive(client, message, { to: orders.url })),
    ]
    await recorder.until(
      (spans) =>
        assertJourney(spans, [
          `send ${orders.name}`,
          `process ${orders.name} attempt 1 retry_scheduled`,
          `process ${orders.name} attempt 2 dead_lettered`,
          `dead letter ${dead.name} attempt 1 acked`,
          `redrive ${orders.name} attempt 1 acked`,
        ]),
      { timeout: 30_000 },
    )
    for (const one of working) await one[Symbol.asyncDispose]()
    expect(groups).toEqual(Array.from({ length: 4 }, () => 'customer-7'))
    assertPropagation(recorder)
    client.destroy()
  })
})
