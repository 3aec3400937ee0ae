import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type Message,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import { beforeEach, describe, expect, test } from 'vitest'
import { traceBatchHandler, traceHandler } from '../src/consumer.ts'
import { traceSqs } from '../src/trace.ts'
import { useQueues } from './queues.ts'
import { createTraced, type Traced } from './traced.ts'

const queues = await useQueues()
let traced: Traced
let client: SQSClient

beforeEach(() => {
  traced = createTraced({
    republish: ({ destination }, { destination: home }) => (destination.name === home.name ? undefined : 'dead_letter'),
  })
  client = traceSqs(queues.client(), { ...traced.options, legacyAttributeNames: true })
})

/** Puts so many messages on a new queue and receives them. */
async function received(count = 1): Promise<{ QueueUrl: string; messages: Message[] }> {
  const QueueUrl = await queues.create()
  const messages: Message[] = []
  for (let index = 0; index < count; index++) {
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'body' }))
    const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5 }))
    messages.push(...Messages)
  }
  expect(messages).toHaveLength(count)
  return { QueueUrl, messages }
}

const resend = (QueueUrl: string, { Body: MessageBody, MessageAttributes }: Message) =>
  client.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageAttributes }))
const remove = (QueueUrl: string, { ReceiptHandle }: Message) =>
  client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
const swallow = async (QueueUrl: string, message: Message) => {
  await expect(remove(`${QueueUrl}-missing`, message)).rejects.toThrow('queue')
}
const text = (StringValue: string) => ({ DataType: 'String', StringValue })
const fail = (): never => {
  throw new Error('no stock')
}
const outcomes = () =>
  traced.named('process').map(({ attributes }) => attributes['tracebaton.delivery.outcome'] as string)

describe('the outcome of a message that its handler sends once more and then deletes', () => {
  test('is a scheduled retry where it went back to its queue', async () => {
    const { QueueUrl, messages } = await received()
    const handle = traceHandler(async (message: Message) => {
      await resend(QueueUrl, message)
      await remove(QueueUrl, message)
    })
    await handle(messages[0]!)
    expect(outcomes()).toEqual(['retry_scheduled'])
    expect(await traced.counted('tracebaton.deliveries', { 'tracebaton.delivery.outcome': 'retry_scheduled' })).toBe(1)
  })

  test('is dead-lettered where republish says so', async () => {
    const { QueueUrl, messages } = await received()
    const dead = await queues.create()
    const handle = traceHandler(async (message: Message) => {
      await resend(dead, message)
      await remove(QueueUrl, message)
    })
    await handle(messages[0]!)
    expect(outcomes()).toEqual(['dead_lettered'])
    expect(await traced.counted('tracebaton.deliveries', { 'tracebaton.delivery.outcome': 'dead_lettered' })).toBe(1)
  })

  test('is acked where the queue to send it to does not exist', async () => {
    const { QueueUrl, messages } = await received()
    const handle = traceHandler(async (message: Message) => {
      await expect(resend(`${QueueUrl}-missing`, message)).rejects.toThrow('queue')
      await remove(QueueUrl, message)
    })
    await handle(messages[0]!)
    expect(outcomes()).toEqual(['acked'])
  })

  test('is requeued where the handler fails before it deletes', async () => {
    const { QueueUrl, messages } = await received()
    const handle = traceHandler(async (message: Message) => {
      await resend(QueueUrl, message)
      fail()
    })
    await expect(handle(messages[0]!)).rejects.toThrow('no stock')
    expect(outcomes()).toEqual(['requeued'])
  })
})

test('each message of one call that changes visibility has the outcome of its own timeout', async () => {
  const { QueueUrl, messages } = await received(2)
  const [back, on] = messages.map(({ ReceiptHandle }) => ReceiptHandle)
  const Entries = [
    { Id: 'back', ReceiptHandle: back, VisibilityTimeout: 0 },
    { Id: 'on', ReceiptHandle: on, VisibilityTimeout: 60 },
  ]
  for (const entries of [Entries, Entries.toReversed()]) {
    const change = () => client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries: entries }))
    for (const message of messages) await traceHandler(change)(message)
  }
  expect(outcomes()).toEqual(['requeued', 'acked', 'requeued', 'acked'])
})

test.each([
  [1, 'requeued'],
  [2, 'requeued'],
  [3, 'dead_lettered'],
  [4, 'dead_lettered'],
])('a third attempt that fails at receive %i of 3 of its copy is %s', (receives, outcome) => {
  const ids = `${'a'.repeat(32)}-${'b'.repeat(16)}-01`
  const message = {
    MessageId: crypto.randomUUID(),
    Attributes: { ApproximateReceiveCount: String(receives) },
    MessageAttributes: { traceparent: text(`00-${ids}`), tracebaton: text(`1;c=${ids};a=3;k=immediate`) },
  }
  expect(() => traceHandler(fail, { ...traced.options, maxReceiveCount: 3 })(message)).toThrow('no stock')
  expect(traced.named('process')[0]?.attributes['tracebaton.delivery.attempt']).toBe(2 + receives)
  expect(outcomes()).toEqual([outcome])
})

describe('the outcome of the last attempt that the queue allows', () => {
  test('is dead-lettered where its handler gives the message back', async () => {
    const { QueueUrl, messages } = await received()
    const giveBack = (VisibilityTimeout: number) => (message: Message) =>
      client.send(
        new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle, VisibilityTimeout }),
      )
    await traceHandler(giveBack(0), { maxReceiveCount: 1 })(messages[0]!)
    await traceHandler(giveBack(0), { maxReceiveCount: 2 })(messages[0]!)
    expect(outcomes()).toEqual(['dead_lettered', 'requeued'])
    expect(traced.named('process').map(({ status }) => status.code)).toEqual([2, 2])
  })

  test('is dead-lettered where its handler says that the message is given back', async () => {
    const { messages } = await received()
    const options = { maxReceiveCount: 1, outcomeOf: () => 'requeued' as const }
    expect(await traceBatchHandler(() => {}, options)(messages)).toEqual([])
    expect(outcomes()).toEqual(['dead_lettered'])
  })
})

describe('the outcome of a message whose delete fails, of which its handler says nothing', () => {
  test('is abandoned, because the message is still there', async () => {
    const { QueueUrl, messages } = await received()
    await traceHandler((message: Message) => swallow(QueueUrl, message))(messages[0]!)
    expect(outcomes()).toEqual(['abandoned'])
  })

  test('is abandoned where a batch call refuses the message', async () => {
    const { messages } = await received()
    const other = await queues.create()
    const handle = traceHandler(async ({ ReceiptHandle }: Message) => {
      const Entries = [{ Id: 'a', ReceiptHandle }]
      const { Failed } = await client.send(new DeleteMessageBatchCommand({ QueueUrl: other, Entries }))
      expect(Failed).toHaveLength(1)
    })
    await handle(messages[0]!)
    expect(outcomes()).toEqual(['abandoned'])
  })

  test('is acked where another try deletes it', async () => {
    const { QueueUrl, messages } = await received()
    const handle = traceHandler(async (message: Message) => {
      await swallow(QueueUrl, message)
      await remove(QueueUrl, message)
    })
    await handle(messages[0]!)
    expect(outcomes()).toEqual(['acked'])
  })

  test('is a scheduled retry where its handler sends it again', async () => {
    const { QueueUrl, messages } = await received()
    const handle = traceHandler(async (message: Message) => {
      await resend(QueueUrl, message)
      await swallow(QueueUrl, message)
    })
    await handle(messages[0]!)
    expect(outcomes()).toEqual(['retry_scheduled'])
  })
})
