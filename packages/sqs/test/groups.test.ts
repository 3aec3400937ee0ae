import { ReceiveMessageCommand, SendMessageCommand, type Message } from '@aws-sdk/client-sqs'
import { resolveTracing } from '@tracebaton/core/adapter'
import { describe, expect, test } from 'vitest'
import type { SendInput, SendingClient } from '../src/client.ts'
import { arrivals } from '../src/consumer.ts'
import { queueOfUrl, toDelivery } from '../src/describe.ts'
import { deadLetter, redrive, retryLater, traceSqs } from '../src/index.ts'
import { useQueues } from './queues.ts'
import { createTraced } from './traced.ts'
import { SCOPE } from '../src/scope.ts'

const queues = await useQueues()

const FIFO = 'https://sqs.eu-west-1.amazonaws.com/123456789012/orders.fifo'
const received: Message = {
  MessageId: 'm',
  ReceiptHandle: 'r-1',
  Body: 'order',
  Attributes: { MessageGroupId: 'customer-7', MessageDeduplicationId: 'order-1042' },
}

/** A client that keeps what it is to send. */
function keeping(): { readonly sent: SendInput[]; readonly client: SendingClient } {
  const sent: SendInput[] = []
  const send = async ({ input }: { readonly input: SendInput }) => {
    sent.push(input)
    return {}
  }
  return { sent, client: { send } }
}

describe('a copy on a FIFO queue', () => {
  test('has the group of the message, and a deduplication id of its own', async () => {
    const { sent, client } = keeping()
    await retryLater(client, received, { to: FIFO })
    await retryLater(client, { ...received, ReceiptHandle: 'r-2' }, { to: FIFO })
    expect(sent.map(({ MessageGroupId }) => MessageGroupId)).toEqual(['customer-7', 'customer-7'])
    const ids = sent.map(({ MessageDeduplicationId }) => MessageDeduplicationId)
    expect(new Set([...ids, 'order-1042']).size).toBe(3)
  })

  test('is the same one where a delivery is moved twice', async () => {
    const { sent, client } = keeping()
    await redrive(client, received, { to: FIFO })
    await redrive(client, { ...received }, { to: FIFO })
    expect(sent[0]?.MessageDeduplicationId).toBe(sent[1]?.MessageDeduplicationId)
  })

  test('is never taken for another one where nobody kept the receipt', async () => {
    const { sent, client } = keeping()
    const bare = { ...received, ReceiptHandle: undefined }
    await deadLetter(client, bare, { to: FIFO })
    await deadLetter(client, { ...bare, MessageId: 'another' }, { to: FIFO })
    expect(sent[0]?.MessageDeduplicationId).not.toBe(sent[1]?.MessageDeduplicationId)
  })

  test('asks for no delay, which the service would refuse; that it comes back to its own queue at once is said', async () => {
    const traced = createTraced()
    const { sent, client } = keeping()
    const message = { ...received }
    const queue = queueOfUrl(FIFO)
    const tracing = resolveTracing(traced.options, SCOPE)
    arrivals.note(message, { tracing, queue, delivery: toDelivery(message, queue, Date.now()) })
    await retryLater(client, message, { delay: 30_000 })
    expect(sent[0]).not.toHaveProperty('DelaySeconds')
    expect(sent[0]?.MessageAttributes?.['tracebaton']?.StringValue).not.toContain('d=')
    expect(traced.failures.map(String)).toEqual([expect.stringContaining('A FIFO queue delays no single message')])

    await retryLater(client, message, { to: FIFO.replace('orders', 'orders-retry'), delay: 30_000 })
    expect(sent[1]).not.toHaveProperty('DelaySeconds')
    expect(sent[1]?.MessageAttributes?.['tracebaton']?.StringValue).toContain(`d=${(30_000).toString(36)}`)
    expect(traced.failures).toHaveLength(1)
  })
})

test('a copy on a fair queue stays in its group', async () => {
  const [orders, dead] = [await queues.create(), await queues.create()]
  const client = traceSqs(queues.client(), { ...createTraced().options, legacyAttributeNames: true })
  await client.send(new SendMessageCommand({ QueueUrl: orders, MessageBody: 'order', MessageGroupId: 'customer-7' }))
  const { Messages: [message] = [] } = await client.send(
    new ReceiveMessageCommand({ QueueUrl: orders, WaitTimeSeconds: 5 }),
  )
  await deadLetter(client, message!, { to: dead })
  const [letter] = await queues.take(dead)
  expect(letter?.Attributes?.MessageGroupId).toBe('customer-7')
})
