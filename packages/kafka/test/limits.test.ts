import type { Message } from 'kafkajs'
import { describe, expect, test, vi } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { createCounting } from '../../core/test/counting.ts'
import { createRecording } from '../../testing/test/recording.ts'
import { createRoom } from '../src/headers.ts'
import { traceProducer } from '../src/index.ts'
import { createProducer } from './fake-kafka.ts'
import { written } from './written.ts'

useContexts()

const fields = { traceparent: 'v'.repeat(55), baggage: 'tenant=ü' }

const CALLS: readonly (readonly [what: string, messages: readonly Message[]])[] = [
  ['a small message', [{ value: 'x' }]],
  ['a tombstone with a key', [{ key: 'é'.repeat(70), value: null }]],
  ['bytes, and a text of more bytes than letters', [{ value: Buffer.alloc(8_200) }, { value: '€'.repeat(3_000) }]],
  ['headers, repeated and many', [{ value: 'x', headers: { a: ['1', Buffer.from('22')], ü: 'ß' } }]],
  ['64 headers', [{ value: 'x', headers: Object.fromEntries([...Array(63).keys()].map((n) => [`h${n}`, 'v'])) }]],
  ['times', ['10', '75', '9000'].map((timestamp) => ({ value: 'x', timestamp }))],
  ['ten thousand', Array.from({ length: 10_000 }, (_, index) => ({ value: 'x'.repeat(index % 70) }))],
]

describe('room for fields', () => {
  test.each(CALLS)('is measured as the client writes %s', async (_, messages) => {
    const bare = await written(messages)
    const full = await written(messages, fields)
    const fits = (limit: number) => createRoom(messages, limit)(fields, messages.length)
    expect([full - 1, full, full + 1].map(fits)).toEqual([false, true, true])
    expect([bare - 1, bare, bare + 1].map(fits)).toEqual([true, false, false])
  })

  test('is not needed by messages that keep the context they came with', async () => {
    const messages = [{ value: 'x' }, { value: 'x' }]
    const bare = await written(messages)
    const [none, half] = [bare, bare + ((await written(messages, fields)) - bare) / 2]
    expect(createRoom(messages, none)(fields, 0)).toBe(true)
    expect(createRoom(messages, half)(fields, 1)).toBe(true)
    expect(createRoom(messages, half - 1)(fields, 1)).toBe(false)
  })

  test('is not needed by fields that are only taken off', async () => {
    const messages = [{ value: 'x', headers: { a: 'b', traceparent: 'v'.repeat(55) } }]
    const counted = { traceparent: undefined, 'tracebaton-attempts': undefined, tracebaton: 'c'.repeat(100) }
    const size = await written([{ value: 'x', headers: { a: 'b', tracebaton: counted.tracebaton } }])
    expect(createRoom(messages, size)(counted, 1)).toBe(true)
    expect(createRoom(messages, size - 1)(counted, 1)).toBe(false)
  })

  test('is measured for the messages that get fields, beside others that have some already', async () => {
    const kept = { value: 'x', headers: { traceparent: 'v'.repeat(55), baggage: 'much='.padEnd(500, 'v') } }
    const bare = await written([kept, { value: 'x' }, kept])
    const full = await written([kept, { value: 'x', headers: fields }, kept])
    const fits = (limit: number) => createRoom([kept, { value: 'x' }, kept], limit)(fields, 1)
    expect([full - 1, full, bare - 1, bare].map(fits)).toEqual([false, true, true, false])
  })

  test('is found by lengths alone where the messages are far from the limit', () => {
    const measure = vi.spyOn(Buffer, 'byteLength')
    const messages = Array.from({ length: 1_000 }, () => ({ value: 'x'.repeat(100), headers: { a: 'b' } }))
    expect(createRoom(messages, 1_048_588)(fields, 1_000)).toBe(true)
    expect(measure).not.toHaveBeenCalled()
    measure.mockRestore()
  })
})

describe.each([
  ['one message', 1],
  ['ten messages', 10],
  ['ten thousand messages', 10_000],
])('a send of %s', (_, count) => {
  const messages = Array.from({ length: count }, () => ({ value: 'x'.repeat(100) }))
  const traceparent = { traceparent: 'v'.repeat(55) }
  const wish = { tracebaton: '1;b=00000000;r=link' }

  async function send(maxMessageBytes: number) {
    const { meterProvider, counted } = createCounting()
    const recording = createRecording({ maxMessageBytes, meterProvider, relation: 'link' })
    const { producer, sent } = createProducer()
    await traceProducer(producer, recording.options).send({ topic: 'orders', messages })
    expect(sent).toHaveLength(1)
    const names = sent[0]?.messages.map(({ headers }) => Object.keys(headers ?? {}).join())
    const skipped = ['essential_only', 'no_room'].map((reason) =>
      counted('tracebaton.propagation.skipped', { 'tracebaton.reason': reason }),
    )
    return { names: [...new Set(names)], skipped: await Promise.all(skipped), reports: recording.failures.length }
  }

  test('has all fields, the essential one, none, or all again, as the limit is', async () => {
    const full = await written(messages, { ...traceparent, ...wish })
    const essential = await written(messages, traceparent)
    const bare = await written(messages)
    const all = { names: ['traceparent,tracebaton'], skipped: [0, 0], reports: 0 }
    const one = { names: ['traceparent'], skipped: [1, 0], reports: 1 }
    const none = { names: [''], skipped: [0, 1], reports: 1 }
    expect(await send(full + 1)).toEqual(all)
    expect(await send(full)).toEqual(all)
    expect(await send(full - 1)).toEqual(one)
    expect(await send(essential)).toEqual(one)
    expect(await send(essential - 1)).toEqual(none)
    expect(await send(bare)).toEqual(none)
    expect(await send(bare - 1)).toEqual(all)
  })
})

test('what goes to one topic is measured together, wherever it stands in the call, and by itself', async () => {
  const large = { value: 'x'.repeat(1_000) }
  const { producer, sent } = createProducer()
  const limit = await written([large, large, large])
  await traceProducer(producer, createRecording({ maxMessageBytes: limit }).options).sendBatch({
    topicMessages: [
      { topic: 'a', messages: [large] },
      { topic: 'b', messages: [large] },
      { topic: 'a', messages: [large, large] },
    ],
  })
  expect(sent[0]?.messages.map(({ headers }) => headers?.['traceparent'] !== undefined)).toEqual([
    false,
    true,
    false,
    false,
  ])
})
