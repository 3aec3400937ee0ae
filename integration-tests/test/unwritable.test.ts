import { randomUUID } from 'node:crypto'
import {
  CreateQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  type MessageAttributeValue,
} from '@aws-sdk/client-sqs'
import { deadLetter as deadLetterAmqp, retryLater as retryLaterAmqp } from '@tracebaton/amqp'
import { deadLetter as deadLetterJob, retryLater as retryLaterJob } from '@tracebaton/bullmq'
import { deadLetter as deadLetterKafka, retryLater as retryLaterKafka } from '@tracebaton/kafka'
import { deadLetter as deadLetterSqs, retryLater as retryLaterSqs, traceSqs } from '@tracebaton/sqs'
import type { Job } from 'bullmq'
import type { EachMessagePayload } from 'kafkajs'
import { Redis } from 'ioredis'
import { describe, expect, inject, test, vi } from 'vitest'
import { connectionTo } from '../src/adapters/bullmq.ts'
import { openSession as openAmqp } from './amqplib-session.ts'
import { openSession as openJobs } from './bullmq-session.ts'
import { openSession as openKafka } from './kafkajs-session.ts'

// A client reads what other clients write, and does not write all of it. A message with such a header has to be moved like
// any other, or it blocks its partition or queue.

/** Of each report the names of what a copy goes without. */
const leftOut = (failures: readonly unknown[]): string[] =>
  failures.map((error) => /cannot write: (.*)$/.exec((error as Error).message)?.[1] ?? String(error))

/** Header values that the broker takes and amqplib reads, each with whether it writes the same again. */
const VALUES: Readonly<Record<string, readonly [value: unknown, written: boolean]>> = {
  text: ['grün', true],
  empty: ['', true],
  bytes: [Buffer.from([0, 255]), true],
  yes: [true, true],
  nothing: [null, true],
  byte: [{ '!': 'int8', value: -128 }, true],
  unsignedByte: [{ '!': 'uint8', value: 255 }, true],
  short: [{ '!': 'int16', value: -32_768 }, true],
  unsignedShort: [{ '!': 'uint16', value: 65_535 }, true],
  int: [{ '!': 'int32', value: -(2 ** 31) }, true],
  unsignedInt: [{ '!': 'uint32', value: 2 ** 32 - 1 }, true],
  lowest: [{ '!': 'int64', value: -(2n ** 63n) }, true],
  highest: [{ '!': 'int64', value: 2n ** 63n - 1n }, true],
  float: [{ '!': 'float', value: 0.5 }, true],
  double: [0.1, true],
  huge: [{ '!': 'double', value: 1e308 }, true],
  time: [{ '!': 'timestamp', value: 1_700_000_000 }, true],
  decimal: [{ '!': 'decimal', value: { places: 255, digits: 2 ** 32 - 1 } }, true],
  list: [[1, 'two', [null, { three: 3 }]], true],
  table: [{ a: { b: [1] } }, true],
  hugeBelow: [{ '!': 'double', value: -1e308 }, false],
  half: [{ '!': 'double', value: 2 ** 51 + 0.5 }, false],
  endOfTime: [{ '!': 'timestamp', value: 2n ** 64n - 1n }, false],
  // A table that looks like a value with its type: by inheritance it is written as a table.
  typed: [Object.create({ '!': 'unknown', value: 1 }), false],
  numberInList: [[1, { '!': 'double', value: -1e300 }], false],
  numberInTable: [{ a: { b: { '!': 'double', value: -1e308 } } }, false],
}

describe('on RabbitMQ', () => {
  test.each(Object.entries(VALUES))(
    'a message with a header of the kind %s is moved',
    async (name, [value, written]) => {
      const failures: unknown[] = []
      await using session = await openAmqp(true, { onError: (error) => void failures.push(error) })
      const { channel, plain } = session
      const [queue, dead] = [await session.queue(), await session.queue()]
      plain.sendToQueue(queue, Buffer.from('order'), { headers: { [name]: value, beside: 'stays' }, messageId: 'm' })
      const first = await session.next(channel, queue)
      await retryLaterAmqp(channel, first)
      const second = await session.next(channel, queue)
      await deadLetterAmqp(channel, second, { to: dead })
      const last = await session.next(channel, dead)

      const before: Readonly<Record<string, unknown>> = first.properties.headers ?? {}
      const after: Readonly<Record<string, unknown>> = last.properties.headers ?? {}
      expect(before['beside']).toBe('stays')
      expect(after).toMatchObject({ beside: 'stays', 'tracebaton-attempts': expect.anything() })
      expect([name in after, after[name]]).toEqual([written, written ? before[name] : undefined])
      expect(leftOut(failures)).toEqual(written ? [] : [name])
    },
  )
})

/** Writes headers without a value, which kafkajs cannot. */
async function withNull<Result>(send: () => Promise<Result>): Promise<Result> {
  const byteLength = Buffer.byteLength.bind(Buffer)
  const patched = vi.spyOn(Buffer, 'byteLength').mockImplementation((text, encoding) => {
    return text === null ? 0 : byteLength(text, encoding)
  })
  try {
    return await send()
  } finally {
    patched.mockRestore()
  }
}

test('on Kafka a message with headers that the client cannot write is moved', async () => {
  await using session = await openKafka(true)
  const [topic, dead] = [await session.topic(), await session.topic()]
  const producer = await session.producer()
  const odd = { nothing: null, some: ['one', null, 'two'], none: [null, null] }
  // The client puts these behind what every object has under the name.
  const headers = { ...odd, beside: 'stays', empty: '', constructor: 'shop', toString: 'text' }
  await withNull(() => producer.send({ topic, messages: [{ value: 'order', headers: headers as never }] }))
  const moved: EachMessagePayload['message'][] = []
  const consumer = await session.consumer(topic)
  await consumer.run({
    eachMessage: async (payload) => {
      moved.push(payload.message)
      if (moved.length === 1) await retryLaterKafka(producer, payload)
      else await deadLetterKafka(producer, payload, { to: dead })
    },
  })
  const letters: EachMessagePayload['message'][] = []
  const reader = await session.consumer(dead)
  await reader.run({ eachMessage: async ({ message }) => void letters.push(message) })
  await vi.waitFor(() => expect(letters).toHaveLength(1), { timeout: 20_000 })

  expect(moved[0]?.headers?.['nothing']).toBeNull()
  expect(moved[0]?.headers?.['constructor']).toEqual([Object, Buffer.from('shop')])
  const last = letters[0]?.headers ?? {}
  expect(last).toMatchObject({ beside: Buffer.from('stays'), some: [Buffer.from('one'), Buffer.from('two')] })
  expect(last['empty']).toEqual(Buffer.alloc(0))
  expect([last['constructor'], last['toString']]).toMatchObject([
    { 1: Buffer.from('shop') },
    { 1: Buffer.from('text') },
  ])
  expect(last).not.toHaveProperty('nothing')
  expect(last).not.toHaveProperty('none')
  expect(leftOut(session.failures)).toEqual(['nothing,none'])
})

/** Options as another version, another language or a hand writes them. */
const OPTIONS: Readonly<Record<string, unknown>> = {
  priority: 5_000_000,
  backoff: { type: 'fixed', delay: 10, jitter: 7 },
  sizeLimit: 1,
}

test.each(Object.entries(OPTIONS))('on BullMQ a job with an unfit %s is moved', async (name, value) => {
  await using session = openJobs()
  const [orders, dead] = [session.queue(), session.queue()]
  const waiting = await orders.add('order', { number: 1042 }, { delay: 3_600_000, attempts: 3 })
  const redis = new Redis(connectionTo(inject('brokers').redis) as never)
  const key = orders.toKey(waiting.id!)
  const stored = JSON.parse((await redis.hget(key, 'opts'))!) as object
  await redis.hset(key, 'opts', JSON.stringify({ ...stored, [name]: value }))
  redis.disconnect()
  const seen: Job[] = []
  session.worker(orders, async (job: Job) => {
    seen.push(job)
    if (seen.length === 1) await retryLaterJob(orders, job)
    else await deadLetterJob(dead, job, { to: dead.name })
  })
  await waiting.promote()
  await vi.waitFor(async () => expect(await dead.getWaitingCount()).toBe(1), { timeout: 20_000 })
  const [letter] = await dead.getWaiting()

  expect(seen[0]?.opts).toMatchObject({ [name]: value })
  expect(letter?.data).toEqual({ number: 1042 })
  expect(letter?.opts.attempts).toBe(3)
  expect(letter?.opts).not.toHaveProperty([name, ...(name === 'backoff' ? ['jitter'] : [])])
  expect(leftOut(session.failures)).toEqual([name])
})

/** Attributes that the client reads. */
const ATTRIBUTES: Readonly<Record<string, MessageAttributeValue>> = {
  text: { DataType: 'String', StringValue: 'grün' },
  blank: { DataType: 'String', StringValue: ' ' },
  number: { DataType: 'Number', StringValue: '-1.5e-128' },
  typed: { DataType: 'Number.java.lang.Long', StringValue: '9223372036854775807' },
  bytes: { DataType: 'Binary', BinaryValue: Uint8Array.of(0, 255) },
  picture: { DataType: 'Binary.gif', BinaryValue: Uint8Array.of(1) },
  json: { DataType: 'String.Array', StringValue: '["a",null]' },
}

test.each(Object.entries(ATTRIBUTES))(
  'on SQS a message with an attribute of the kind %s is moved',
  async (name, value) => {
    const failures: unknown[] = []
    const endpoint = inject('brokers').sqs
    const bare = new SQSClient({
      endpoint,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    })
    const client = traceSqs(bare, { onError: (error) => void failures.push(error) })
    const create = async (): Promise<string> => {
      const QueueName = `unwritable-${randomUUID()}`
      await client.send(new CreateQueueCommand({ QueueName }))
      return `${endpoint}/000000000000/${QueueName}`
    }
    const receive = async (QueueUrl: string) => {
      const command = new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20, MessageAttributeNames: ['All'] })
      return (await client.send(command)).Messages![0]!
    }
    const [queue, dead] = [await create(), await create()]
    const MessageAttributes = { [name]: value }
    await client.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: 'order', MessageAttributes }))
    const first = await receive(queue)
    await retryLaterSqs(client, first)
    await deadLetterSqs(client, await receive(queue), { to: dead })
    const last = await receive(dead)

    expect(last.MessageAttributes?.[name]).toEqual(first.MessageAttributes?.[name])
    expect(first.MessageAttributes?.[name]).toMatchObject(value)
    expect(leftOut(failures)).toEqual([])
    client.destroy()
  },
)
