import { context as contexts, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { beforeAll, describe, expect, test } from 'vitest'
import { replaceFields, type Fields } from '../../src/wire/carrier.ts'
import { parseLineage } from '../../src/wire/lineage.ts'
import { METRICS, OURS } from '../../src/base/names.ts'
import type { Injection } from '../../src/operations/injection.ts'
import { parseTraceparent } from '../../src/wire/traceparent.ts'
import { createAdapterTracing } from '../../src/tracing.ts'
import { CREATION, publication, SPAN, TRACE, TRACEPARENT } from '../messages.ts'
import { createTraced, useContexts, type Traced } from '../traced.ts'

beforeAll(useContexts)

type Sent = readonly (Injection | undefined)[]

/** Sends, and gives what is to be written onto the messages. */
const send = ({ tracing }: Traced, ...call: Parameters<typeof publication>): Sent =>
  tracing.send(publication(...call), (injections) => injections)

const contextOf = (injection: Injection | undefined) => parseTraceparent(injection?.fields?.['traceparent'] ?? '')
/** The end of the span id, which a first copy's field is bound to. */
const madeOf = (injection: Injection | undefined) => contextOf(injection)?.spanId.slice(-8)
const minutesAgo = (minutes: number) => Date.now() - minutes * 60_000
const many = (count: number) => Array.from({ length: count }, () => ({}))

describe('one message', () => {
  test('gets the context of a PRODUCER span below the active one', () => {
    const traced = createTraced()
    const outer = traced.ledger.provider.getTracer('test').startSpan('outer')
    const [injection] = contexts.with(trace.setSpan(ROOT_CONTEXT, outer), () => send(traced))
    outer.end()
    const span = traced.span('send orders')
    expect(span.kind).toBe(SpanKind.PRODUCER)
    expect(span.parentSpanContext?.spanId).toBe(outer.spanContext().spanId)
    expect(span.links).toEqual([])
    expect(contextOf(injection)).toMatchObject({
      traceId: span.spanContext().traceId,
      spanId: span.spanContext().spanId,
      traceFlags: 1,
    })
    expect(Object.keys(injection?.fields ?? {})).toEqual(['traceparent'])
    expect(span.attributes).toEqual({
      'messaging.system.name': 'kafka',
      'messaging.system': 'kafka',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'orders',
    })
  })

  test('in a batch call says how many there were', () => {
    const traced = createTraced()
    send(traced, [{}], { batch: true })
    expect(traced.span('send orders').attributes['messaging.batch.message_count']).toBe(1)
    expect(traced.span('send orders').kind).toBe(SpanKind.PRODUCER)
  })

  test('takes baggage and trace state along, never an empty one', () => {
    const traced = createTraced()
    const context = propagation.setBaggage(
      trace.setSpanContext(ROOT_CONTEXT, CREATION),
      propagation.createBaggage({ tenant: { value: '7' } }),
    )
    const [injection] = contexts.with(context, () => send(traced))
    expect(Object.keys(injection?.fields ?? {}).toSorted()).toEqual(['baggage', 'traceparent'])
    expect(injection?.fields?.['baggage']).toBe('tenant=7')
  })

  test.each([
    ['the rest of a request that was answered', 14, true],
    ['a loop that was begun in a span long ago', 16, false],
  ])('of %s, %i minutes after its span ended, has it as its parent: %s', (_, minutes, below) => {
    const traced = createTraced()
    const outer = traced.ledger.provider.getTracer('test').startSpan('outer', { startTime: minutesAgo(20) })
    outer.end(minutesAgo(minutes))
    const [injection] = contexts.with(trace.setSpan(ROOT_CONTEXT, outer), () => send(traced))
    const { parentSpanContext } = traced.span('send orders')
    expect(parentSpanContext?.spanId).toBe(below ? outer.spanContext().spanId : undefined)
    expect(contextOf(injection)?.traceId === outer.spanContext().traceId).toBe(below)
  })

  test('goes out untouched where there is no SDK and no context', () => {
    expect(createAdapterTracing().send(publication(), (injections) => injections)).toEqual([])
  })

  test('takes a context that is already active along where there is no SDK', () => {
    const active = trace.setSpanContext(ROOT_CONTEXT, CREATION)
    for (const count of [1, 3, 11]) {
      const sent = contexts.with(active, () => createAdapterTracing().send(publication(many(count)), (all) => all))
      expect(sent.map((injection) => injection?.fields)).toEqual(many(count).map(() => ({ traceparent: TRACEPARENT })))
    }
  })
})

describe('a bulk send', () => {
  test.each([2, 10])('of %i messages makes a create span for each and one send span that links them', (count) => {
    const traced = createTraced()
    const sent = send(traced, many(count))
    const creates = traced.spans.filter(({ name }) => name === 'create orders')
    const span = traced.span('send orders')
    expect(creates.map(({ kind }) => kind)).toEqual(many(count).map(() => SpanKind.PRODUCER))
    expect(sent.map((injection) => contextOf(injection)?.spanId)).toEqual(
      creates.map((create) => create.spanContext().spanId),
    )
    expect(span.kind).toBe(SpanKind.CLIENT)
    expect(span.links.map(({ context }) => context.spanId)).toEqual(creates.map((one) => one.spanContext().spanId))
    expect(span.links[0]?.attributes).toEqual({ [OURS.linkRole]: 'message' })
    expect(span.attributes['messaging.batch.message_count']).toBe(count)
    expect(creates[0]?.attributes).toMatchObject({ 'messaging.operation.type': 'create' })
    expect(traced.ledger.unbalanced()).toBe(0)
  })

  test('of 11 messages makes one PRODUCER span, whose context is in all of them', () => {
    const traced = createTraced()
    const sent = send(traced, many(11))
    const span = traced.span('send orders')
    expect(traced.ledger.started()).toBe(1)
    expect(span.kind).toBe(SpanKind.PRODUCER)
    expect(new Set(sent.map((injection) => contextOf(injection)?.spanId))).toEqual(new Set([span.spanContext().spanId]))
  })

  test.each([
    [0, 2, 1],
    [1, 2, 1],
    [2, 2, 3],
    [100, 60, 61],
  ])('with spanPerMessageUpTo %i: %i messages make %i spans', (spanPerMessageUpTo, count, spans) => {
    const traced = createTraced({ spanPerMessageUpTo })
    send(traced, many(count))
    expect(traced.ledger.started()).toBe(spans)
  })

  test('to several places names each message by its own', () => {
    const traced = createTraced()
    send(traced, [{ destination: { name: 'a' } }, { destination: { name: 'b' } }], { destination: {} })
    expect(traced.spans.map(({ name }) => name).toSorted()).toEqual(['create a', 'create b', 'send'])
  })
})

const write = ({ tracing }: Traced, injection: Injection | undefined, onto: object | null | undefined) =>
  replaceFields<unknown>(onto as Record<string, unknown>, injection?.fields as Fields, tracing.isField, (text) => text)

describe('headers', () => {
  const headers = Object.freeze({
    first: '1',
    Traceparent: 'old',
    TRACESTATE: 'old=1',
    second: Buffer.from([0, 255]),
    traceparent: 'older',
    TraceBaton: 'old',
    third: ['a', 'b'],
  })
  test('have each of our fields exactly once, whatever its letter case was, and all others as they were', () => {
    const traced = createTraced()
    const [injection] = send(traced, [{ carrier: headers }])
    const copy = write(traced, injection, headers)
    expect(Object.keys(copy)).toEqual(['first', 'second', 'traceparent', 'third'])
    expect(copy['traceparent']).toBe(injection?.fields?.['traceparent'])
    expect([copy['second'], copy['third']]).toEqual([headers.second, headers.third])
    expect(copy['second']).toBe(headers.second)
    expect(headers.Traceparent).toBe('old')
  })

  test('may be shared by the messages of a call: each leaves with its own context', () => {
    const traced = createTraced()
    const shared = Object.freeze({ tenant: '7' })
    const sent = send(traced, [{ carrier: shared }, { carrier: shared }, { carrier: shared }])
    const copies = sent.map((injection) => write(traced, injection, shared))
    expect(new Set(copies.map((copy) => copy['traceparent'])).size).toBe(3)
    expect(shared).toEqual({ tenant: '7' })
  })

  test('of an input that is sent again get a new context each time', () => {
    const traced = createTraced()
    const call = publication([Object.freeze({ carrier: Object.freeze({ tenant: '7' }) })])
    const sent = [1, 2].map(() => traced.tracing.send(Object.freeze(call), ([injection]) => contextOf(injection)))
    expect(new Set(sent.map((context) => context?.traceId)).size).toBe(2)
  })

  test.each([undefined, null, 'text', 7, Object.freeze([])])('may be anything: %o', (carrier) => {
    const traced = createTraced()
    const [injection] = send(traced, [{ carrier }])
    expect(contextOf(injection)?.traceId).toBe(traced.span('send orders').spanContext().traceId)
  })

  test.each([
    ['malformed', { traceparent: 'nonsense' }],
    ['of zero ids', { traceparent: `00-${'0'.repeat(32)}-${SPAN}-01` }],
    ['repeated in another case', { traceparent: TRACEPARENT, Traceparent: TRACEPARENT }],
    ['in capitals', { traceparent: TRACEPARENT.toUpperCase() }],
  ])('with a context that is %s are those of a new message', (_name, carrier) => {
    const traced = createTraced()
    const [injection] = send(traced, [{ carrier }])
    expect(contextOf(injection)?.traceId).not.toBe(TRACE)
    expect(traced.span('send orders').kind).toBe(SpanKind.PRODUCER)
    expect(traced.span('send orders').links).toEqual([])
  })
})

const lineageOf = (injection: Injection | undefined) => parseLineage(injection?.fields?.['tracebaton'] ?? '')

describe('lineage of a first copy', () => {
  test('says the delay that was asked for', () => {
    const [injection] = send(createTraced(), [{ delay: 5000 }])
    expect(lineageOf(injection)).toEqual({ made: madeOf(injection), delay: 5000 })
  })

  test('says when it was sent, where the broker does not', () => {
    const before = Date.now()
    const [injection] = send(createTraced(), [{ stampTime: true }])
    const { firstSent, sent = 0 } = lineageOf(injection) ?? {}
    expect(sent).toBeGreaterThanOrEqual(before)
    expect(sent).toBeLessThanOrEqual(Date.now())
    // On a first copy that is the same time.
    expect(firstSent).toBeUndefined()
  })

  test.each(['child', 'link'] as const)('says that the producer wishes %s', (relation) => {
    const [injection] = send(createTraced({ relation }))
    expect(lineageOf(injection)).toEqual({ made: madeOf(injection), relation })
  })

  test('is bound to the context of each message of a bulk send', () => {
    const sent = send(createTraced(), [{ delay: 1 }, { delay: 2 }])
    const made = sent.map((injection) => lineageOf(injection)?.made)
    expect(made).toEqual(sent.map(madeOf))
    expect(new Set(made).size).toBe(2)
  })

  test('names the moves of the broker that the headers tell of', () => {
    const [injection] = send(createTraced(), [{ deaths: '0badcafe' }])
    expect(lineageOf(injection)).toEqual({ made: madeOf(injection), deaths: '0badcafe' })
  })

  test.each([{ delay: 0 }, { delay: undefined }, { delay: Number.NaN }])('is left out with %o', (message) => {
    const [injection] = send(createTraced(), [message])
    expect(injection?.fields).not.toHaveProperty('tracebaton')
  })
})

const refusingOne = () => ({ messages: [{ facts: { messageId: 'a' } }, { error: 'TooLarge' }] })

describe('what the client does', () => {
  const error = Object.freeze(new TypeError('no topic'))

  test.each([1, 3, 11])('wrong with %i messages passes unchanged, and marks the call', async (count) => {
    const traced = createTraced()
    const call = traced.tracing.send(publication(many(count)), () => Promise.reject(error))
    await expect(call).rejects.toBe(error)
    const span = traced.span('send orders')
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no topic' })
    expect(span.attributes['error.type']).toBe('TypeError')
    expect(traced.ledger.unbalanced()).toBe(0)
    expect(await traced.counted(METRICS.sent[0], { 'error.type': 'TypeError' })).toBe(count)
  })

  test('right comes back as it is, and tells about the messages', async () => {
    const answer = Object.freeze({ ids: ['a', 'b'] })
    const traced = createTraced()
    const results = (value: unknown) => ({
      facts: { requestId: 'r-1' },
      messages: (value as typeof answer).ids.map((messageId) => ({ facts: { messageId } })),
    })
    const call = traced.tracing.send(publication(many(2), { results }), async () => answer)
    await expect(call).resolves.toBe(answer)
    const creates = traced.spans.filter(({ name }) => name === 'create orders')
    expect(creates.map(({ attributes }) => attributes['messaging.message.id'])).toEqual(['a', 'b'])
    expect(traced.span('send orders').attributes['aws.request_id']).toBe('r-1')
    expect(await traced.counted(METRICS.sent[0])).toBe(2)
    expect(await traced.counted(METRICS.operationDuration[0])).toBe(1)
  })

  test('refuses in part marks the refused messages and no other', async () => {
    const traced = createTraced()
    traced.tracing.send(publication(many(3), { results: refusingOne }), () => 'answer')
    const creates = traced.spans.filter(({ name }) => name === 'create orders')
    expect(creates.map(({ status }) => status.code)).toEqual([
      SpanStatusCode.UNSET,
      SpanStatusCode.ERROR,
      SpanStatusCode.UNSET,
    ])
    expect(creates[1]?.attributes['error.type']).toBe('TooLarge')
    expect(traced.span('send orders').status.code).toBe(SpanStatusCode.UNSET)
    expect(await traced.counted(METRICS.sent[0], { 'error.type': 'TooLarge' })).toBe(1)
    expect(await traced.counted(METRICS.sent[0])).toBe(3)
  })

  test('refuses of a single message marks the call', () => {
    const traced = createTraced()
    traced.tracing.send(publication([{}], { results: () => ({ messages: [{ error: 'TooLarge' }] }) }), () => 'answer')
    expect(traced.span('send orders').status.code).toBe(SpanStatusCode.ERROR)
    expect(traced.span('send orders').attributes['error.type']).toBe('TooLarge')
  })

  test('happens in the context of the send span, and not after it', () => {
    const traced = createTraced()
    const inside = traced.tracing.send(publication(), () => trace.getActiveSpan()?.spanContext().spanId)
    expect(inside).toBe(traced.span('send orders').spanContext().spanId)
    expect(trace.getActiveSpan()).toBeUndefined()
  })
})
