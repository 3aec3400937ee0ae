import { expect, test, vi } from 'vitest'
import { arrivalOf } from '../../src/journeys/arrival.ts'
import { tampered, tampering, tamperingMiddleware } from '../../src/faults/client.ts'
import { crashing, delayed, failing, redelivered, reordered } from '../../src/faults/handler.ts'
import { corrupt, duplicate, strip, upperCase } from '../../src/faults/headers.ts'

const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`

/** One message as each client hands it to a handler. */
const messages = {
  kafkajs: {
    topic: 'orders',
    partition: 0,
    message: { offset: '42', value: Buffer.from('x'), headers: { traceparent: Buffer.from(traceparent), mine: 'x' } },
  },
  amqplib: {
    content: Buffer.from('x'),
    fields: { exchange: 'shop', routingKey: 'orders' },
    properties: { messageId: 'm-1', headers: { traceparent, mine: 'x' } },
  },
  sqs: {
    MessageId: 'm-1',
    MessageAttributes: {
      traceparent: { DataType: 'String', StringValue: traceparent },
      mine: { DataType: 'String', StringValue: 'x' },
    },
  },
  bullmq: {
    id: '7',
    queueName: 'orders',
    opts: { attempts: 3, telemetry: { metadata: JSON.stringify({ traceparent, mine: 'x' }) } },
  },
}

const clients = Object.entries(messages)
const headersOf = (changed: object): unknown => arrivalOf(changed, 'orders').headers

test.each(clients)('what stood on a message of %s is noted', (client, message) => {
  const places = {
    kafkajs: { system: 'kafka', destination: 'orders', partition: '0', offset: '42' },
    amqplib: { system: 'rabbitmq', destination: 'shop:orders', messageId: 'm-1' },
    sqs: { system: 'aws.sqs', destination: 'orders', messageId: 'm-1' },
    bullmq: { system: 'bullmq', destination: 'orders', messageId: '7' },
  }
  expect(arrivalOf(message, client === 'sqs' ? 'orders' : undefined)).toEqual({
    ...places[client as keyof typeof places],
    headers: { traceparent: [traceparent], mine: ['x'] },
  })
})

test.each(clients)('the headers of a message of %s are tampered with on a copy', (_, message) => {
  const before = structuredClone(message)
  expect(headersOf(tampered(message, strip()))).toEqual({ mine: ['x'] })
  expect(headersOf(tampered(message, upperCase()))).toEqual({ TRACEPARENT: [traceparent], mine: ['x'] })
  expect(headersOf(tampered(message, corrupt()))).toEqual({ traceparent: ['00-not-a-context-01'], mine: ['x'] })
  expect(headersOf(tampered(message, duplicate()))).toEqual({
    traceparent: [traceparent],
    TRACEPARENT: [expect.stringMatching(/^00-5{32}-4{16}-[0-9a-f]{2}$/)],
    mine: ['x'],
  })
  expect(structuredClone(message)).toEqual(before)
})

test('a job of BullMQ that is tampered with is still a job', () => {
  class Job {
    readonly id = '1'
    readonly queueName = 'orders'
    readonly opts = { telemetry: { metadata: '{"traceparent":"x"}' } }
    name(): string {
      return `${this.queueName} ${this.id}`
    }
  }
  const job = tampered(new Job(), strip())
  expect(job).toBeInstanceOf(Job)
  expect(job.name()).toBe('orders 1')
  expect(job.opts.telemetry.metadata).toBe('{}')
})

test('what is no message is refused', () => {
  expect(() => tampered({ nothing: true }, strip())).toThrow(TypeError)
  expect(() => arrivalOf({ nothing: true })).toThrow(TypeError)
})

test.each([
  ['a send of kafkajs', { topic: 'orders', messages: [messages.kafkajs.message] }],
  ['a batch of kafkajs', { topicMessages: [{ topic: 'orders', messages: [messages.kafkajs.message] }] }],
  [
    'a command of SQS',
    { input: { QueueUrl: 'q', MessageBody: 'x', MessageAttributes: messages.sqs.MessageAttributes } },
  ],
  [
    'a batch of SQS',
    {
      input: {
        QueueUrl: 'q',
        Entries: [{ Id: '1', MessageBody: 'x', MessageAttributes: messages.sqs.MessageAttributes }],
      },
    },
  ],
  ['options of amqplib', { headers: messages.amqplib.properties.headers }],
  ['options of BullMQ', messages.bullmq.opts],
])('between a client and its broker: %s', (_, request) => {
  const sent: unknown[] = []
  const client = {
    count: 0,
    send(this: { count: number }, ...parameters: unknown[]) {
      this.count += 1
      sent.push(parameters)
      return 'sent'
    },
  }
  const before = JSON.stringify(request)
  const faulty = tampering(client, ['send'], strip())
  expect(faulty.send(request, 'x')).toBe('sent')
  expect(client.count).toBe(1)
  expect(JSON.stringify(sent)).not.toContain('traceparent')
  expect(JSON.stringify(sent)).toContain('mine')
  expect(JSON.stringify(request)).toBe(before)
})

test('the other methods of the client are left alone', () => {
  const client = { send: (message: object) => message, other: (message: object) => message }
  const { message } = messages.kafkajs
  expect(tampering(client, ['send'], strip()).other(message)).toBe(message)
})

test('an AWS client is tampered with by a middleware', () => {
  const next = vi.fn<(request: { readonly input: object }) => string>(() => 'sent')
  const input = { MessageBody: 'x', MessageAttributes: messages.sqs.MessageAttributes }
  expect(tamperingMiddleware(strip())(next)({ input })).toBe('sent')
  expect(next.mock.calls[0]?.[0].input).toMatchObject({ MessageBody: 'x', MessageAttributes: { mine: {} } })
  expect(JSON.stringify(next.mock.calls)).not.toContain('traceparent')
})

test('a handler fails so often, in all or for each message, and then works', () => {
  const all = failing(2, (message: string) => message)
  expect(() => all('a')).toThrow('Failure 1 of 2')
  expect(() => all('b')).toThrow('Failure 2 of 2')
  expect(all('c')).toBe('c')
  const each = failing(1, (message: string) => message, { by: (message) => message, error: () => new RangeError('no') })
  expect(() => each('a')).toThrow(RangeError)
  expect(() => each('b')).toThrow(RangeError)
  expect([each('a'), each('b')]).toEqual(['a', 'b'])
})

test('a handler dies in the midst and settles nothing', async () => {
  const die = vi.fn<() => void>()
  const handler = crashing(1, () => 'done', die)
  const first = handler()
  expect(die).toHaveBeenCalledOnce()
  expect(await Promise.race([first, Promise.resolve('nothing yet')])).toBe('nothing yet')
  expect(handler()).toBe('done')
})

test('a handler gets its message twice, later, or in another order', async () => {
  const handler = vi.fn<(message: string) => Promise<string>>(async (message) => message)
  expect(await redelivered(handler)('a')).toBe('a')
  expect(handler.mock.calls).toEqual([['a'], ['a']])
  expect(await delayed(1, handler)('b')).toBe('b')
  expect(reordered(['a', 'b', 'c'])).toEqual(['c', 'b', 'a'])
  expect(reordered(['a', 'b', 'c'], [1, 0, 2, 9])).toEqual(['b', 'a', 'c'])
})

test('a faulty handler has as many parameters as the real one', () => {
  const processor = vi.fn<(job: string, token: string, signal: string) => string>()
  Object.defineProperty(processor, 'length', { value: 3 })
  const faulty = [failing(1, processor), crashing(1, processor), redelivered(processor), delayed(1, processor)]
  expect(faulty.map(({ length }) => length)).toEqual([3, 3, 3, 3])
})
