import { EventEmitter, once } from 'node:events'
import type { TracingOptions } from '@tracebaton/core'
import { describe, expect, test } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { attemptOf, createRecording, rolesOf } from '../../testing/test/recording.ts'
import { traceConsumer, traceKafka, traceProducer } from '../src/index.ts'
import { createConsumer, createProducer, received } from './fake-kafka.ts'

useContexts()

const PARENT = '1234567890123456'
const OLD = `00-12345678901234567890123456789012-${PARENT}-01`

function createTraced() {
  const recording = createRecording()
  const fake = createConsumer()
  const traced = traceConsumer(fake.consumer, { ...recording.options, groupId: `group-${crypto.randomUUID()}` })
  return { ...recording, ...fake, traced }
}

const failing = async (): Promise<never> => Promise.reject(new Error('no'))

describe('the same message again', () => {
  test('is the next attempt, linked to the one before', async () => {
    const { traced, deliver, spans } = createTraced()
    await traced.run({ eachMessage: failing })
    const message = received({ traceparent: OLD })
    for (let round = 0; round < 3; round++) await deliver(message).catch(() => {})
    const attempts = spans('process orders')
    expect(attempts.map(attemptOf)).toEqual([
      { attempt: 1, source: 'assumed', kind: 'first', outcome: 'requeued', status: 'error' },
      { attempt: 2, source: 'memory', kind: 'redelivery', outcome: 'requeued', status: 'error' },
      { attempt: 3, source: 'memory', kind: 'redelivery', outcome: 'requeued', status: 'error' },
    ])
    expect(attempts.map(rolesOf)).toEqual([
      ['creation'],
      ['previous_attempt', 'creation'],
      ['previous_attempt', 'creation'],
    ])
    expect(attempts.slice(1).map(({ links }) => links[0]?.spanId)).toEqual(
      attempts.slice(0, 2).map(({ spanId }) => spanId),
    )
    expect(new Set(attempts.map(({ parentSpanId }) => parentSpanId))).toEqual(new Set([PARENT]))
  })

  test('while another consumer of the group still handles it, is acked once: the late success is abandoned', async () => {
    const recording = createRecording()
    const options = { ...recording.options, groupId: `group-${crypto.randomUUID()}` }
    const [slow, quick] = [createConsumer(), createConsumer()]
    const working = new EventEmitter()
    const message = received({ traceparent: OLD })
    await traceConsumer(slow.consumer, options).run({ eachMessage: async () => void (await once(working, 'done')) })
    await traceConsumer(quick.consumer, options).run({ eachMessage: async () => {} })
    const late = slow.deliver(message)
    await quick.deliver({ ...message })
    working.emit('done')
    await late
    const attempts = recording.spans('process orders').map(attemptOf)
    expect(attempts).toMatchObject([
      { attempt: 2, outcome: 'acked', status: 'unset' },
      { attempt: 1, outcome: 'abandoned', status: 'unset' },
    ])
  })

  test('at a topic that was made anew is another message, even at the same offset', async () => {
    const { traced, deliver, spans } = createTraced()
    await traced.run({ eachMessage: failing })
    const message = received({ traceparent: OLD }, 0)
    await deliver(message).catch(() => {})
    await deliver({ ...message, timestamp: String(Number(message.timestamp) + 1) }).catch(() => {})
    expect(spans('process orders').map(attemptOf)).toMatchObject([{ attempt: 1 }, { attempt: 1, kind: 'first' }])
  })

  test('in another group, partition or topic is a first attempt there', async () => {
    const first = createTraced()
    const second = createTraced()
    const message = received()
    await first.traced.run({ eachMessage: failing })
    await second.traced.run({ eachMessage: failing })
    await first.deliver(message).catch(() => {})
    await second.deliver(message).catch(() => {})
    await first.deliver(message, 'orders', 1).catch(() => {})
    await first.deliver(message, 'emails').catch(() => {})
    const attempts = [...first.recorder.spans, ...second.recorder.spans].map(attemptOf)
    expect(attempts).toHaveLength(4)
    for (const attempt of attempts) expect(attempt).toMatchObject({ attempt: 1, kind: 'first' })
  })

  test('is counted by each consumer for itself where nobody told the groups', async () => {
    const { options, spans } = createRecording()
    const message = received()
    const consumers = [createConsumer(), createConsumer()]
    for (const { consumer, deliver } of consumers) {
      await traceConsumer(consumer, options).run({ eachMessage: async () => {} })
      await deliver(message)
      await deliver(message)
    }
    expect(spans('process orders').map(attemptOf)).toMatchObject([
      { attempt: 1 },
      { attempt: 2 },
      { attempt: 1 },
      { attempt: 2 },
    ])
    expect(spans('process orders')[0]?.attributes).not.toHaveProperty(['messaging.consumer.group.name'])
  })
})

/** Handles a message by sending it to these topics in one call; gives what was sent. */
async function resend(republish: TracingOptions['republish'], ...topics: string[]) {
  const { options, span, spans } = createRecording({ republish })
  const fake = createConsumer()
  const { producer, sent } = createProducer(async () => [])
  const traced = traceProducer(producer, options)
  await traceConsumer(fake.consumer, options).run({
    eachMessage: async ({ message: { value, headers = {} } }) => {
      await traced.sendBatch({ topicMessages: topics.map((topic) => ({ topic, messages: [{ value, headers }] })) })
    },
  })
  await fake.deliver(received({ traceparent: OLD }))
  return { options, span, spans, fake, messages: sent[0]?.messages ?? [] }
}

describe('a message that its handler publishes once more', () => {
  test('has the outcome of where it went', async () => {
    const retried = await resend(undefined, 'orders')
    expect(attemptOf(retried.span('process orders'))).toMatchObject({ outcome: 'retry_scheduled' })
    const dead = await resend(() => 'dead_letter', 'orders.dead')
    expect(attemptOf(dead.span('process orders'))).toMatchObject({ outcome: 'dead_lettered' })
    const forwarded = await resend(undefined, 'emails')
    expect(attemptOf(forwarded.span('process orders'))).toMatchObject({ outcome: 'acked' })
  })

  test('to several topics has republish asked about each of them', async () => {
    const asked: unknown[] = []
    const { messages } = await resend(
      ({ destination }) => {
        asked.push(destination.name)
        return destination.name === 'orders.dead' ? 'dead_letter' : undefined
      },
      'orders.dead',
      'emails',
    )
    expect(asked).toEqual(['orders.dead', 'emails'])
    const [dead, email] = messages.map(({ headers }) => headers)
    expect(dead).toMatchObject({ traceparent: OLD, tracebaton: expect.stringContaining(';k=dead_letter') })
    expect(email?.['traceparent']).not.toBe(OLD)
    expect(email).not.toHaveProperty('tracebaton')
  })

  test('as a redrive counts from one again', async () => {
    const { fake, messages, spans } = await resend(() => 'redrive', 'orders')
    await fake.deliver(received(messages[0]?.headers))
    const [first, again] = spans('process orders')
    expect([first, again].map((span) => span?.attributes['tracebaton.delivery.redrives'])).toEqual([undefined, 1])
    expect(attemptOf(again!)).toMatchObject({ attempt: 1, kind: 'redrive' })
  })
})

describe('the group of a consumer that a traced client makes', () => {
  test.each([
    ['in the words of kafkajs', { groupId: 'billing' }],
    ['in the words of kafkajs, within', { kafkaJS: { groupId: 'billing' } }],
    ['in the words of librdkafka', { 'group.id': 'billing' }],
    ['in both, of which those of librdkafka win', { kafkaJS: { groupId: 'other' }, 'group.id': 'billing' }],
  ])('is known and keeps its attempts if the configuration says it %s', async (_, config) => {
    const { options, spans } = createRecording()
    const message = received({ traceparent: OLD })
    const topic = `orders${Object.keys(config).join('')}`.replace('.', '')
    for (let round = 0; round < 2; round++) {
      const fake = createConsumer()
      const client = { producer: () => createProducer().producer, consumer: (_config: object) => fake.consumer }
      await traceKafka(client, options).consumer(config).run({ eachMessage: failing })
      await fake.deliver(message, topic).catch(() => {})
    }
    const attempts = spans(`process ${topic}`)
    expect(attempts.map(({ attributes }) => attributes['messaging.consumer.group.name'])).toEqual([
      'billing',
      'billing',
    ])
    expect(attempts.map((span) => attemptOf(span)['attempt'])).toEqual([1, 2])
  })
})

test('a consumer keeps nothing of its group before it runs', async () => {
  const known = (globalThis as { [key: symbol]: unknown })[Symbol.for('tracebaton.groups.3')] as Map<string, unknown>
  const consumer = traceConsumer(createConsumer().consumer, { ...createRecording().options, groupId: 'idle' })
  expect(known.has('idle')).toBe(false)
  await consumer.run({ eachMessage: async () => {} })
  expect(known.has('idle')).toBe(true)
})
