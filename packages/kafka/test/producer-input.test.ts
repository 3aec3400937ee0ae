import { createRequire } from 'node:module'
import { context, trace } from '@opentelemetry/api'
import { Kafka, logLevel, type IHeaders, type Message, type Producer, type ProducerRecord } from 'kafkajs'
import { describe, expect, test } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { createRecording, idOf } from '../../testing/test/recording.ts'
import { traceProducer } from '../src/index.ts'
import { createProducer } from './fake-kafka.ts'

useContexts()

const kafka = new Kafka({ brokers: ['localhost:1'], logLevel: logLevel.NOTHING })
const OLD = '00-12345678901234567890123456789012-1234567890123456-01'

/** What kafkajs sends a broker, made by its own encoder, which spreads each message. */
const encodeProduce = createRequire(import.meta.url)('kafkajs/src/protocol/requests/produce/v3/request') as (
  request: object,
) => { encode(): Promise<{ readonly buffer: Buffer }> }

function createTraced(...args: Parameters<typeof createProducer>) {
  const recording = createRecording()
  const fake = createProducer(...args)
  return { ...recording, ...fake, traced: traceProducer(fake.producer, recording.options) }
}

describe("the caller's objects", () => {
  test('may be frozen, shared between messages and sent again', async () => {
    const { traced, sent, spans } = createTraced()
    const headers = Object.freeze({ tenant: 'a' })
    const message: Message = Object.freeze({ value: '1', headers })
    const record: ProducerRecord = Object.freeze({
      topic: 'orders',
      messages: Object.freeze([message, message]) as Message[],
    })
    await traced.send(record)
    await traced.send(record)
    await traced.sendBatch(Object.freeze({ topicMessages: Object.freeze([record]) as ProducerRecord[] }))

    expect(record).toEqual({ topic: 'orders', messages: [message, message] })
    expect(message).toEqual({ value: '1', headers: { tenant: 'a' } })
    const carried = sent.flatMap(({ messages }) => messages.map((one) => idOf(one.headers?.['traceparent'] as string)))
    expect(carried).toEqual(spans('create orders').map(idOf))
    expect(new Set(carried).size).toBe(6)
    expect(sent.flatMap(({ messages }) => messages.map((one) => one.headers?.['tenant']))).toEqual(Array(6).fill('a'))
  })

  test('may keep their values behind a class, even in private fields', async () => {
    class Order {
      readonly #id = '1042'
      get key(): string {
        return this.#id
      }
      get value(): string {
        return `order ${this.#id}`
      }
    }
    class OrderRecord {
      readonly #message = new Order()
      get topic(): string {
        return 'orders'
      }
      get acks(): number {
        return 1
      }
      get messages(): Message[] {
        return [this.#message]
      }
    }
    const { traced, sent, span } = createTraced()
    await traced.send(new OrderRecord())
    const [message] = sent[0]?.messages ?? []
    expect(sent[0]?.argument).toMatchObject({ topic: 'orders', acks: 1 })
    expect({ key: message?.key, value: message?.value }).toEqual({ key: '1042', value: 'order 1042' })
    expect(idOf(message?.headers?.['traceparent'] as string)).toBe(idOf(span('send orders')))
    expect(message).toBeInstanceOf(Order)
  })

  test('of a class without headers have ours when kafkajs itself writes them', async () => {
    class Order {
      readonly key = '1042'
      readonly value = 'order 1042'
    }
    const { traced, sent, span } = createTraced()
    const order = new Order()
    await traced.send({ topic: 'orders', messages: [order] })
    const [message] = sent[0]?.messages ?? []
    expect(message).toBeInstanceOf(Order)
    expect(Object.keys(order)).toEqual(['key', 'value'])

    const partitions = [{ partition: 0, messages: [message] }]
    const { buffer } = await encodeProduce({
      acks: 1,
      timeout: 1,
      topicData: [{ topic: 'orders', partitions }],
    }).encode()
    const written = buffer.toString('latin1')
    for (const text of ['order 1042', 'traceparent', `00-${idOf(span('send orders'))}-0`])
      expect(written).toContain(text)
  })

  test('without a prototype are objects as well', async () => {
    const { traced, sent } = createTraced()
    const headers = Object.assign(Object.create(null), { tenant: 'a' }) as IHeaders
    await traced.send({ topic: 'orders', messages: [Object.assign(Object.create(null), { value: '1', headers })] })
    expect(sent[0]?.messages[0]).toMatchObject({ value: '1', headers: { tenant: 'a' } })
  })
})

describe('headers', () => {
  test.each<[string, IHeaders | undefined]>([
    ['text', { tenant: 'a' }],
    ['bytes', { tenant: Buffer.from([0xff, 0x00]) }],
    ['repeats', { tenant: ['a', Buffer.from('b')], other: [] }],
    ['nothing', {}],
    ['no headers', undefined],
    ['an undefined one', { tenant: undefined }],
    ['names of Object.prototype', { constructor: 'a', toString: Buffer.from('b') }],
    ['__proto__', JSON.parse('{"__proto__":"a","tenant":"b"}') as IHeaders],
  ])('of any shape (%s) stay as they are', async (_, headers) => {
    const { traced, sent } = createTraced()
    await traced.send({ topic: 'orders', messages: [{ value: '1', ...(headers !== undefined && { headers }) }] })
    const { traceparent, ...others } = sent[0]?.messages[0]?.headers ?? {}
    expect(traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
    expect(Object.entries(others)).toEqual(Object.entries(headers ?? {}))
    for (const [name, value] of Object.entries(others))
      expect(value).toBe(Object.entries(headers ?? {}).find(([key]) => key === name)?.[1])
  })

  test('with a context of their own keep it, in whatever form it came', async () => {
    for (const traceparent of [OLD, Buffer.from(OLD), [Buffer.from(OLD)]]) {
      const { traced, sent, span } = createTraced()
      const message = { value: '1', headers: { traceparent, tracestate: 'a=1' } }
      await traced.send({ topic: 'orders', messages: [message] })
      expect(sent[0]?.messages[0]?.headers).toEqual(message.headers)
      expect(span('send orders')).toMatchObject({ kind: 'client', links: [{ spanId: '1234567890123456' }] })
    }
  })

  test('of the active span are replaced, in any letter case, and once', async () => {
    const { traced, sent, provider, span } = createTraced()
    const active = provider.getTracer('test').startSpan('POST /orders')
    await context.with(trace.setSpan(context.active(), active), async () => {
      const { traceId, spanId } = active.spanContext()
      const headers = { TraceParent: `00-${traceId}-${spanId}-01`, tracestate: 'a=1', Baggage: 'b=2' }
      await traced.send({ topic: 'orders', messages: [{ value: '1', headers }] })
    })
    active.end()
    const { traceparent, ...others } = sent[0]?.messages[0]?.headers ?? {}
    expect(idOf(traceparent as string)).toBe(idOf(span('send orders')))
    expect(Object.keys(others).filter((name) => /^trace/i.test(name))).toEqual([])
  })
})

describe('what the client refuses', () => {
  const invalid: readonly (readonly [string, unknown])[] = [
    ['nothing', undefined],
    ['null', null],
    ['text', 'orders'],
    ['no topic', { messages: [{ value: '1' }] }],
    ['an empty topic', { topic: '', messages: [{ value: '1' }] }],
    ['no messages', { topic: 'orders' }],
    ['messages that are no list', { topic: 'orders', messages: 'abc' }],
    ['an empty list', { topic: 'orders', messages: [] }],
    ['a message without a value', { topic: 'orders', messages: [{ key: 'k' }] }],
    ['one of two without a value', { topic: 'orders', messages: [{ value: '1' }, { key: 'k' }] }],
    ['a message that is none', { topic: 'orders', messages: [null] }],
    ['a hole', { topic: 'orders', messages: Array(1) }],
    ['headers that are null', { topic: 'orders', messages: [{ value: '1', headers: null }] }],
  ]
  const untraced = kafka.producer()
  const traced = traceProducer(kafka.producer(), createRecording().options)

  test.each(invalid)('is refused in the same words: %s', async (_, record) => {
    const calls: ((producer: Producer) => Promise<unknown>)[] = [
      (producer) => producer.send(record as ProducerRecord),
      (producer) => producer.sendBatch({ topicMessages: [record as ProducerRecord] }),
      (producer) => producer.sendBatch(record as never),
    ]
    for (const call of calls) {
      const expected: unknown = await call(untraced).catch((error: unknown) => error)
      expect(expected).toBeInstanceOf(Error)
      await expect(call(traced)).rejects.toEqual(expected)
    }
  })

  test('is the very object that the caller gave', async () => {
    const { traced: spied, sent, recorder } = createTraced()
    for (const [, record] of invalid) {
      if (typeof record !== 'object' || record === null || !('messages' in record)) continue
      await spied.send(record as ProducerRecord)
      expect(sent.at(-1)?.argument).toBe(record)
    }
    expect(sent).not.toEqual([])
    expect(recorder.spans).toEqual([])
  })

  test('because it cannot be read rejects, and does not throw', async () => {
    const record = {
      topic: 'orders',
      get messages(): Message[] {
        throw new Error('gone')
      },
    }
    await expect(traced.send(record)).rejects.toThrow('gone')
    await expect(traced.sendBatch({ topicMessages: [record] })).rejects.toThrow('gone')
    const batch = {
      get topicMessages(): ProducerRecord[] {
        throw new Error('gone')
      },
    }
    await expect(traced.sendBatch(batch)).rejects.toThrow('gone')
  })
})
