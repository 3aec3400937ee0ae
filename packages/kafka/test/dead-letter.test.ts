import { beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import type { KafkaMessage, Message, Producer, RecordMetadata } from 'kafkajs'
import { useContexts } from '../../core/test/contexts.ts'
import { attemptOf, createRecording, idOf, rolesOf, type Recording } from '../../testing/test/recording.ts'
import { deadLetter, redrive, retryLater, traceConsumer, traceProducer } from '../src/index.ts'
import { createConsumer, createProducer, received } from './fake-kafka.ts'

beforeAll(useContexts)

const CONTEXT = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
const noStock = new TypeError('no stock')

/** The headers of a sent message, as text. */
const headersOf = (message: Message | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(message?.headers ?? {}).map(([name, value]) => [name, String(value)]))

/** Hands one message to a traced consumer whose handler does this. */
async function handle(
  recording: Recording,
  message: KafkaMessage,
  handler: (payload: { topic: string; partition: number; message: KafkaMessage }) => Promise<unknown>,
): Promise<void> {
  const fake = createConsumer()
  const consumer = traceConsumer(fake.consumer, { ...recording.options, groupId: 'billing' })
  await consumer.run({
    eachMessage: async (payload) => {
      await handler(payload)
    },
  })
  await fake.deliver(message, 'orders', 3)
}

describe('a message moved inside its handler', () => {
  test('goes on with its key, its value, its own headers and its context, and says where it was', async () => {
    const recording = createRecording()
    const { producer, sent } = createProducer()
    const message = { ...received({ traceparent: CONTEXT, tenant: Buffer.from('7') }, 42), key: Buffer.from('k') }
    await handle(recording, message, (payload) =>
      deadLetter(traceProducer(producer, recording.options), payload, { to: 'dead', error: noStock }),
    )
    const [copy] = sent[0]!.messages
    expect(sent[0]!.argument).toMatchObject({ topic: 'dead' })
    expect([copy!.key, copy!.value, copy!.headers?.['tenant']]).toEqual([message.key, message.value, Buffer.from('7')])
    expect(headersOf(copy)).toMatchObject({
      traceparent: CONTEXT,
      'tracebaton-original-destination': 'orders',
      'tracebaton-original-position': '3:42',
      'tracebaton-original-consumer': 'billing',
      'tracebaton-attempts': '1',
      'tracebaton-error-type': 'TypeError',
      'tracebaton-error-message': 'no stock',
    })
    expect(Object.keys(message.headers)).toEqual(['traceparent', 'tenant'])
    const [attempt, send] = [recording.span('process orders'), recording.span('send dead')]
    expect(headersOf(copy)['tracebaton']).toContain(`;p=${idOf(attempt)}-01;k=dead_letter`)
    expect([send.parentSpanId, send.kind, rolesOf(send)]).toEqual([attempt.spanId, 'client', ['creation']])
    expect(attemptOf(attempt)).toMatchObject({ outcome: 'dead_lettered', status: 'error' })
    expect(recording.failures).toEqual([])
  })

  test('goes on as it arrived where a framework hands out a clone with parsed parts', async () => {
    const recording = createRecording()
    const { producer, sent } = createProducer()
    const value = Buffer.from('{ "id": 1042 }')
    const message = { ...received({ traceparent: CONTEXT }, 42), key: Buffer.from('[1]'), value }
    const parsed = { key: [1], value: { id: 1042 }, headers: { traceparent: CONTEXT, tenant: { id: 7 } } }
    await handle(recording, message, (payload) => {
      const clone = { ...payload.message, ...parsed } as unknown as KafkaMessage
      return deadLetter(producer, { ...payload, message: clone }, { to: 'dead', error: noStock })
    })
    const [copy] = sent[0]!.messages
    expect([copy!.key, copy!.value]).toEqual([message.key, value])
    expect(headersOf(copy)).toMatchObject({ traceparent: CONTEXT, tenant: '{"id":7}' })
    expect(attemptOf(recording.span('process orders'))).toMatchObject({ outcome: 'dead_lettered' })
    expect(recording.failures).toEqual([])
  })

  test('goes on without the headers that its client reads and cannot write, and this is reported', async () => {
    const recording = createRecording()
    const { producer, sent } = createProducer()
    const headers = {
      nothing: null,
      some: [null, Buffer.from('a')],
      none: [null],
      tenant: Buffer.from('7'),
      // So the client reads a header of that name.
      constructor: [Object, Buffer.from('b')],
    }
    await handle(recording, received(headers as never, 42), (payload) =>
      retryLater(traceProducer(producer, recording.options), payload),
    )
    expect(sent[0]!.messages[0]!.headers).toMatchObject({ some: [Buffer.from('a')], tenant: Buffer.from('7') })
    expect(Object.entries(sent[0]!.messages[0]!.headers ?? {})).toContainEqual(['constructor', [Buffer.from('b')]])
    expect(Object.keys(sent[0]!.messages[0]!.headers ?? {}).filter((name) => name.startsWith('no'))).toEqual([])
    expect(headers).toMatchObject({ nothing: null, some: [null, Buffer.from('a')] })
    expect(recording.failures.map(String)).toEqual([expect.stringContaining('cannot write: nothing,none')])
  })

  test('goes back to its own topic, unless told otherwise, and says how long it is to wait', async () => {
    const recording = createRecording({ errorStatus: 'terminal' })
    const { producer, sent } = createProducer()
    const traced = traceProducer(producer, recording.options)
    await handle(recording, received({ traceparent: CONTEXT }), async (payload) => {
      await retryLater(traced, payload)
      await retryLater(traced, payload, { to: 'later', delay: 500, error: noStock })
    })
    expect(sent.map(({ argument }) => (argument as { topic: string }).topic)).toEqual(['orders', 'later'])
    const [now, later] = sent.map(({ messages }) => headersOf(messages[0])['tracebaton'])
    expect(now).toMatch(/;a=2;.*k=immediate/)
    expect(later).toMatch(/;a=2;.*d=dw;.*k=delayed/)
    expect(attemptOf(recording.span('process orders'))).toMatchObject({ outcome: 'retry_scheduled', status: 'unset' })
  })

  test('without a topic cannot wait, which is said, unless its topic is named as one whose consumer waits', async () => {
    const recording = createRecording()
    const { producer } = createProducer()
    const traced = traceProducer(producer, recording.options)
    await handle(recording, received({ traceparent: CONTEXT }), async (payload) => {
      await retryLater(traced, payload, { to: 'later', delay: 500 })
      await retryLater(traced, payload, { to: 'orders', delay: 500 })
      await retryLater(traced, payload, { delay: 0 })
      expect(recording.failures).toEqual([])
      await retryLater(traced, payload, { delay: 500 })
    })
    expect(recording.failures).toMatchObject([
      { message: expect.stringContaining('Kafka delays no message') as unknown },
    ])
  })

  test('as often as it may is not sent again, and says so', async () => {
    const recording = createRecording()
    const { producer, sent } = createProducer()
    const traced = traceProducer(producer, recording.options)
    const results: unknown[] = []
    await handle(recording, received({ traceparent: CONTEXT }), async (payload) => {
      for (const maxAttempts of [2, 1]) results.push(await retryLater(traced, payload, { error: noStock, maxAttempts }))
    })
    expect(results).toEqual(['retried', 'exhausted'])
    expect(sent.map(({ messages }) => headersOf(messages[0])['tracebaton'])).toEqual([
      expect.stringMatching(/;a=2;m=2;/),
    ])
  })

  test('by a transaction goes with it', async () => {
    const recording = createRecording()
    const { producer, sent, transacted } = createProducer()
    await handle(recording, received({ traceparent: CONTEXT }), async (payload) => {
      const transaction = await traceProducer(producer, recording.options).transaction()
      await deadLetter(transaction, payload, { to: 'dead' })
    })
    expect([sent.length, transacted.length]).toEqual([0, 1])
    expect(recording.span('send dead').parentSpanId).toBe(recording.span('process orders').spanId)
  })

  test('by a producer that is not traced keeps its history all the same', async () => {
    const recording = createRecording()
    const { producer, sent } = createProducer()
    await handle(recording, received({ traceparent: CONTEXT }), (payload) =>
      deadLetter(producer, payload, { to: 'dead', error: noStock }),
    )
    expect(headersOf(sent[0]!.messages[0])['tracebaton']).toContain(idOf(recording.span('process orders')))
    expect(recording.span('send dead').parentSpanId).toBe(recording.span('process orders').spanId)
  })

  test('is not moved where the broker refuses, and the handler gets the very error', async () => {
    const recording = createRecording()
    const refusal = new Error('no such topic')
    const { producer } = createProducer(() => Promise.reject(refusal))
    await handle(recording, received({ traceparent: CONTEXT }), (payload) =>
      expect(deadLetter(producer, payload, { to: 'dead', error: noStock })).rejects.toBe(refusal),
    )
    expect(attemptOf(recording.span('process orders'))).toMatchObject({ outcome: 'acked', status: 'error' })
  })
})

describe('a message moved after its handler', () => {
  test('still belongs to its attempt', async () => {
    const recording = createRecording()
    const { producer, sent } = createProducer()
    const message = received({ traceparent: CONTEXT })
    await expect(handle(recording, message, () => Promise.reject(noStock))).rejects.toBe(noStock)
    const payload = { topic: 'orders', partition: 3, message }
    await deadLetter(producer, payload, { to: 'dead', error: noStock })
    const attempt = recording.span('process orders')
    expect(recording.span('send dead').parentSpanId).toBe(attempt.spanId)
    expect(headersOf(sent[0]!.messages[0])['tracebaton']).toContain(`;p=${idOf(attempt)}`)
    expect(headersOf(sent[0]!.messages[0])['tracebaton-original-consumer']).toBe('billing')
  })

  test('of a batch belongs to the span of the batch where it had none of its own', async () => {
    const recording = createRecording()
    const { producer, sent } = createProducer()
    const fake = createConsumer()
    const messages = [received({ traceparent: CONTEXT }), received({ traceparent: CONTEXT })]
    await traceConsumer(fake.consumer, recording.options).run({ eachBatch: async () => {} })
    await fake.deliverBatch(messages)
    await deadLetter(producer, { topic: 'orders', partition: 0, message: messages[1]! }, { to: 'dead' })
    expect(headersOf(sent[0]!.messages[0])['tracebaton']).toContain(`;p=${idOf(recording.span('process orders'))}`)
  })
})

test('a message that no traced consumer received is moved with what it says itself', async () => {
  const recording = createRecording()
  const { producer, sent } = createProducer()
  const message = Object.freeze(received({ traceparent: CONTEXT, tracebaton: `1;c=${CONTEXT.slice(3)};a=3;n=1` }, 7))
  const payload = Object.freeze({ topic: 'dead', partition: 0, message })
  await redrive(traceProducer(producer, recording.options), payload, { to: 'orders' })
  expect(headersOf(sent[0]!.messages[0])['tracebaton']).toMatch(/;a=1;f=[0-9a-z]+;k=redrive;n=2$/)
  expect(recording.span('send orders').parentSpanId).toBeUndefined()
})

test('a tombstone and a message without headers are moved as they are', async () => {
  const { producer, sent } = createProducer()
  const { headers: _, ...bare } = { ...received(), value: null, key: Buffer.from('k') }
  await deadLetter(producer, { topic: 'orders', partition: 0, message: bare }, { to: 'dead' })
  expect(sent[0]!.messages[0]).toMatchObject({ value: null, key: Buffer.from('k') })
  expect(headersOf(sent[0]!.messages[0])['tracebaton-original-destination']).toBe('orders')
})

test('what a framework has parsed is moved as JSON where it is not known how it arrived', async () => {
  const { producer, sent } = createProducer()
  const message = { ...received(), value: { id: 1042 }, key: ['k'] } as unknown as KafkaMessage
  await deadLetter(producer, { topic: 'orders', partition: 0, message }, { to: 'dead' })
  expect(sent[0]!.messages[0]).toMatchObject({ value: '{"id":1042}', key: '["k"]' })
})

test('the answer has the type that the producer gives', () => {
  expectTypeOf(deadLetter<Producer>).returns.toEqualTypeOf<Promise<RecordMetadata[]>>()
})

/** A dead letter as a consumer gets it. */
const letter = (headers: Record<string, string>) => ({ topic: 'dead', partition: 0, message: received(headers) })

test('a dead letter goes back to the topic where it says it was at first, and nowhere without', async () => {
  const recording = createRecording()
  const { producer, sent } = createProducer()
  const facts = { 'tracebaton-original-destination': 'orders', 'tracebaton-attempts': '3' }
  await redrive(traceProducer(producer, recording.options), letter({ traceparent: CONTEXT, ...facts }))
  expect(sent[0]!.argument).toMatchObject({ topic: 'orders' })

  const unknown = { name: 'TypeError', code: 'ERR_TRACEBATON_DESTINATION' }
  await expect(redrive(producer, letter({ traceparent: CONTEXT }))).rejects.toMatchObject(unknown)
  await expect(deadLetter(producer, letter({}), {} as { to: string })).rejects.toMatchObject(unknown)
  const untrusted = traceProducer(producer, { ...recording.options, trust: 'link-only' })
  await expect(redrive(untrusted, letter(facts))).rejects.toMatchObject(unknown)
  expect(sent).toHaveLength(1)
})
