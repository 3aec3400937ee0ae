import type { Attributes } from '@opentelemetry/api'
import { SamplingDecision } from '@opentelemetry/sdk-trace-base'
import { beforeAll, describe, expect, test } from 'vitest'
import { OURS } from '../../src/base/names.ts'
import type { Delivery } from '../../src/verdict/delivery.ts'
import { CREATION, delivery, publication, TRACE } from '../messages.ts'
import { createTraced, useContexts } from '../traced.ts'

beforeAll(useContexts)

const nothing = () => undefined

/** Two messages of one stream and of one shard each. */
const batch = (): Delivery[] =>
  [1, 2].map((shard) =>
    delivery({
      carrier: { traceparent: `00-${TRACE}-${`${shard}`.repeat(16)}-01` },
      attributes: { 'nats.stream': 'orders', 'nats.shard': shard },
    }),
  )
const onLinks = [1, 2].map((shard) => ({ [OURS.linkRole]: 'creation', 'nats.shard': shard }))

describe('the attributes of an adapter', () => {
  test('are on the span of an attempt, where nothing samples by them', () => {
    const atStart: Attributes[] = []
    const traced = createTraced(
      {},
      {
        shouldSample: (_context, _traceId, _name, _kind, attributes) => {
          atStart.push(attributes)
          return { decision: SamplingDecision.RECORD_AND_SAMPLED }
        },
        toString: () => 'seeing',
      },
    )
    const expected = { 'nats.stream': 'orders', 'nats.subjects': ['a', 'b'] }
    traced.tracing.process(delivery({ attributes: expected }), nothing)
    expect(atStart).toHaveLength(1)
    expect(atStart[0]).not.toHaveProperty(['nats.stream'])
    expect(traced.span('process orders').attributes).toMatchObject(expected)
  })

  const own = { 'messaging.destination.name': 'theirs', 'messaging.message.id': 'theirs' }
  const ours = { 'messaging.destination.name': 'orders', 'messaging.message.id': 'm-1' }
  const facts = { messageId: 'm-1' }

  test('replace nothing that core says of an attempt', () => {
    const traced = createTraced()
    const theirs = { ...own, [OURS.attempt]: 99, [OURS.kind]: 'theirs', [OURS.deadLetterSource]: 'theirs' }
    const letter = { kind: 'dead_letter', deadLetter: { source: 'shop' } } as const
    traced.tracing.process(delivery({ facts, ...letter, attributes: theirs }), nothing)
    expect(traced.span('process orders').attributes).toMatchObject({
      ...ours,
      [OURS.attempt]: 1,
      [OURS.kind]: 'dead_letter',
      [OURS.deadLetterSource]: 'shop',
    })
  })

  test('replace nothing that core says of a send', () => {
    const [one, many] = [createTraced(), createTraced()]
    one.tracing.send(publication([{ facts, attributes: own }], { attributes: own }), nothing)
    expect(one.span('send orders').attributes).toMatchObject(ours)
    many.tracing.send(publication([{ facts, attributes: own }, {}], { attributes: own }), nothing)
    expect(many.spans.find(({ name }) => name === 'create orders')?.attributes).toMatchObject(ours)
    expect(many.span('send orders').attributes).toMatchObject({ 'messaging.destination.name': 'orders' })
  })

  test('are on the span of a batch where they are equal, else on the links', () => {
    const traced = createTraced()
    traced.tracing.processBatch(batch(), nothing)
    const { attributes, links } = traced.span('process orders')
    expect(attributes['nats.stream']).toBe('orders')
    expect(attributes).not.toHaveProperty(['nats.shard'])
    expect(links.map((link) => link.attributes)).toEqual(onLinks)
  })

  test('are on the span of a receive call and on its links', () => {
    const traced = createTraced()
    const reception = { system: 'nats', operation: 'fetch', destination: { name: 'orders' }, startedAt: Date.now() }
    const attributes = { 'nats.stream': 'orders', 'nats.wait': 5 }
    traced.tracing.receive({ ...reception, batch: true, attributes }, batch())
    expect(traced.span('fetch orders').attributes).toMatchObject(attributes)
    expect(traced.span('fetch orders').links.map((link) => link.attributes)).toEqual(onLinks)
    const single = createTraced()
    single.tracing.receive({ ...reception, batch: false }, batch().slice(0, 1))
    expect(single.span('fetch orders').attributes).toMatchObject({ 'nats.stream': 'orders', 'nats.shard': 1 })
  })

  test('are on the span of a send, of the call and of its one message', () => {
    const traced = createTraced()
    const call = publication([{ attributes: { 'nats.shard': 1 } }], { attributes: { 'nats.stream': 'orders' } })
    traced.tracing.send(call, nothing)
    expect(traced.span('send orders').attributes).toMatchObject({ 'nats.stream': 'orders', 'nats.shard': 1 })
  })

  test('are on the span of each message of a bulk send', () => {
    const traced = createTraced()
    const messages = [1, 2].map((shard) => ({ attributes: { 'nats.shard': shard } }))
    traced.tracing.send(publication(messages, { attributes: { 'nats.stream': 'orders' } }), nothing)
    const creates = traced.spans.filter(({ name }) => name === 'create orders')
    expect(creates.map(({ attributes }) => attributes['nats.shard'])).toEqual([1, 2])
    expect(traced.span('send orders').attributes['nats.stream']).toBe('orders')
    expect(traced.span('send orders').attributes).not.toHaveProperty(['nats.shard'])
  })

  test('are on the span of a settlement', () => {
    const traced = createTraced({ spans: { settle: true } })
    const settlement = { system: 'nats', operation: 'ack', destination: { name: 'orders' }, keys: [], batch: false }
    traced.tracing.settle({ ...settlement, outcome: 'acked', attributes: { 'nats.stream': 'orders' } }, nothing)
    expect(traced.span('ack orders').attributes['nats.stream']).toBe('orders')
  })

  test('are no labels of metrics', async () => {
    const traced = createTraced()
    traced.tracing.process(delivery({ attributes: { 'nats.stream': 'orders' } }), nothing)
    expect(await traced.counted('tracebaton.deliveries', { 'nats.stream': undefined })).toBe(1)
  })
})

test('a link has the role that the adapter gives it', () => {
  const traced = createTraced()
  traced.tracing.process(delivery({ related: [{ role: 'mirror', context: CREATION }] }), nothing)
  expect(traced.span('process orders').links.map(({ attributes }) => attributes?.[OURS.linkRole])).toContain('mirror')
})
