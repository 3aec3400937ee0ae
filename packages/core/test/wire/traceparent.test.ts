import { context, propagation, ROOT_CONTEXT, SpanKind, trace, TraceFlags, type SpanContext } from '@opentelemetry/api'
import * as fc from 'fast-check'
import { AlwaysOffSampler, AlwaysOnSampler } from '@opentelemetry/sdk-trace-base'
import { beforeEach, describe, expect, it } from 'vitest'
import { formatTraceparent, parseTraceparent, sameSpan } from '../../src/wire/traceparent.ts'
import { createAdapterTracing, type AdapterTracing } from '../../src/tracing.ts'
import { OK, P, spanContext, T, traceparentOf } from '../sample.ts'
import { createSdk, only, registerContextManager, resetGlobals, w3cPropagator } from '../sdk.ts'

resetGlobals()

type Row = readonly [id: string, headers: Readonly<Record<string, unknown>>]

/** Rows whose context is used. */
const continued: readonly Row[] = [
  ['TP-01 alone', { traceparent: OK }],
  ['TP-04 TraceParent', { TraceParent: OK }],
  ['TP-04 TrAcEpArEnT', { TrAcEpArEnT: OK }],
  ['TP-04 TRACEPARENT', { TRACEPARENT: OK }],
  ['TP-06a future version', { traceparent: `cc-${T}-${P}-01` }],
  ['TP-06b future version, longer', { traceparent: `cc-${T}-${P}-01-what-the-future-will-be-like` }],
  ['TP-22a leading space', { traceparent: ` ${OK}` }],
  ['TP-22b leading tab', { traceparent: `\t${OK}` }],
  ['TP-22c trailing space', { traceparent: `${OK} ` }],
  ['TP-22d trailing tab', { traceparent: `${OK}\t` }],
  ['TP-22e several blanks', { traceparent: `\t ${OK} \t` }],
  ['TP-X7 a Buffer', { traceparent: Buffer.from(OK) }],
  ['TP-X7 a Uint8Array', { traceparent: new TextEncoder().encode(OK) }],
  ['TP-X7 a view into a larger buffer', { traceparent: Buffer.from(`..${OK}..`).subarray(2, 2 + OK.length) }],
  ['TP-X7 bytes in an array of one', { traceparent: [Buffer.from(OK)] }],
]

const other = '00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-01'

/** Rows that start anew, with what their status is. */
const fresh: readonly (readonly [...Row, status?: 'absent'])[] = [
  ['TP-00 neither header', {}, 'absent'],
  ['TP-02 two values', { traceparent: [OK, other] }],
  ['TP-02 two values in bytes', { traceparent: [Buffer.from(OK), Buffer.from(other)] }],
  ['TP-02 the same value twice', { traceparent: [OK, OK] }],
  ['TP-02 two values in two letter cases', { traceparent: OK, TraceParent: other }],
  ['TP-02b two values joined', { traceparent: `${OK},${other}` }],
  ['TP-03 trace-parent', { 'trace-parent': OK }, 'absent'],
  ['TP-03 trace.parent', { 'trace.parent': OK }, 'absent'],
  ['TP-05 trailing dot', { traceparent: `${OK}.` }],
  ['TP-05 trailing text', { traceparent: `${OK}-what-the-future-will-be-like` }],
  ['TP-06c future version, no dash', { traceparent: `cc-${T}-${P}-01.what-the-future-will-be-like` }],
  ['TP-07 version ff', { traceparent: `ff-${T}-${P}-01` }],
  ['TP-08 version .0', { traceparent: `.0-${T}-${P}-01` }],
  ['TP-08 version 0.', { traceparent: `0.-${T}-${P}-01` }],
  ['TP-09 version 000', { traceparent: `000-${T}-${P}-01` }],
  ['TP-09 version 0000', { traceparent: `0000-${T}-${P}-01` }],
  ['TP-10 version 0', { traceparent: `0-${T}-${P}-01` }],
  ['TP-11 zero trace id', { traceparent: `00-${'0'.repeat(32)}-${P}-01` }],
  ['TP-12 trace id starts with a dot', { traceparent: `00-.${T.slice(1)}-${P}-01` }],
  ['TP-12 trace id ends with a dot', { traceparent: `00-${T.slice(1)}.-${P}-01` }],
  ['TP-13 trace id of 33', { traceparent: `00-${T}3-${P}-01` }],
  ['TP-14 trace id of 31', { traceparent: `00-${T.slice(1)}-${P}-01` }],
  ['TP-15 zero parent id', { traceparent: `00-${T}-${'0'.repeat(16)}-01` }],
  ['TP-16 parent id starts with a dot', { traceparent: `00-${T}-.${P.slice(1)}-01` }],
  ['TP-16 parent id ends with a dot', { traceparent: `00-${T}-${P.slice(1)}.-01` }],
  ['TP-17 parent id of 17', { traceparent: `00-${T}-${P}7-01` }],
  ['TP-18 parent id of 15', { traceparent: `00-${T}-${P.slice(1)}-01` }],
  ['TP-19 flags .0', { traceparent: `00-${T}-${P}-.0` }],
  ['TP-19 flags 0.', { traceparent: `00-${T}-${P}-0.` }],
  ['TP-20 flags 001', { traceparent: `00-${T}-${P}-001` }],
  ['TP-21 flags 1', { traceparent: `00-${T}-${P}-1` }],
  ['TP-X1 upper case in the trace id', { traceparent: `00-A${T.slice(1)}-${P}-01` }],
  ['TP-X2 upper case in the parent id', { traceparent: `00-${T}-A${P.slice(1)}-01` }],
  ['TP-X3 upper case in the version', { traceparent: `CC-${T}-${P}-01` }],
  ['TP-X5 future version, shorter', { traceparent: `cc-${T}-${P}-0` }],
  ['TP-X6 empty', { traceparent: '' }],
  ['TP-X8 line feed', { traceparent: `${OK}\n` }],
  ['TP-X8 carriage return and line feed', { traceparent: `\r\n${OK}` }],
  ['TP-X8 a second header inside', { traceparent: `${OK}\r\nx: y` }],
  ['a number', { traceparent: 55 }],
  ['an object', { traceparent: { value: OK } }],
]

const modes = [
  { mode: 'with the W3C propagators registered', register: () => propagation.setGlobalPropagator(w3cPropagator()) },
  { mode: 'with no propagator', register: () => undefined },
]

function processSpan(carrier: unknown) {
  const sdk = createSdk()
  createAdapterTracing(sdk).process({ system: 'kafka', destination: { name: 'orders' }, carrier }, () => undefined)
  return only(sdk.ended())
}

/** What a message carries that is sent now. */
function send(tracing: AdapterTracing): string | undefined {
  const destination = { name: 'mails' }
  const publication = { system: 'kafka', operation: 'send', destination, batch: false, messages: [{ carrier: {} }] }
  return tracing.send(publication, (injections) => injections[0]?.fields?.['traceparent'])
}

/** What a message sent by the handler of a message carries. */
function sendInside(flags: string, tracing: AdapterTracing): string | undefined {
  const delivery = {
    system: 'kafka',
    destination: { name: 'orders' },
    carrier: { traceparent: `00-${T}-${P}-${flags}` },
  }
  return tracing.process(delivery, () => send(tracing))
}

describe.each(modes)('$mode', ({ register }) => {
  beforeEach(() => {
    register()
    registerContextManager()
  })

  it.each(continued)('%s is continued', (_, headers) => {
    const tracing = createAdapterTracing()
    const extracted = tracing.extract(headers)
    const carrier = {}
    tracing.inject(extracted.context, carrier)

    expect(extracted.status).toBe('present')
    expect(carrier).toEqual({ traceparent: OK })
    const span = processSpan(headers)
    expect(span.spanContext().traceId).toBe(T)
    expect(span.parentSpanContext?.spanId).toBe(P)
    expect(span.spanContext().spanId).not.toBe(P)
  })

  it.each(fresh)('%s starts a new trace', (_, headers, status = 'malformed') => {
    const extracted = createAdapterTracing().extract(headers)
    expect(trace.getSpanContext(extracted.context)).toBeUndefined()
    expect(extracted.status).toBe(status)

    const span = processSpan(headers)
    expect(span.parentSpanContext).toBeUndefined()
    expect(span.links).toEqual([])
    expect([T, 'a'.repeat(32)]).not.toContain(span.spanContext().traceId)
    expect(span.attributes['tracebaton.context.status']).toBe(status)
  })

  it('TP-X4 flags ff are continued, and the unknown bits are zero on output', () => {
    const carrier = {}
    const tracing = createAdapterTracing()
    tracing.inject(tracing.extract({ traceparent: `00-${T}-${P}-ff` }).context, carrier)
    expect(carrier).toEqual({ traceparent: `00-${T}-${P}-03` })
  })

  it('TP-23 three deliveries of one context are three spans of its trace', () => {
    const spans = [1, 2, 3].map(() => processSpan({ traceparent: OK }).spanContext())
    expect(spans.map(({ traceId }) => traceId)).toEqual([T, T, T])
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(3)
  })

  it.each([
    ['no', {}],
    ['an invalid', { traceparent: 'nonsense' }],
  ])('TP-24 three deliveries with %s header are three spans with valid ids', (_, headers) => {
    const spans = [1, 2, 3].map(() => processSpan(headers).spanContext())
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(3)
    expect(spans.every((span) => trace.isSpanContextValid(span))).toBe(true)
  })

  describe('TP-25 the random flag', () => {
    it.each([
      ['02', '02'],
      ['03', '03'],
      ['00', '00'],
      ['01', '01'],
    ])('of an incoming %s is %s on what its handler sends, below spans that lost it', (incoming, outgoing) => {
      const sent = sendInside(incoming, createAdapterTracing(createSdk()))
      expect(sent?.slice(0, 35)).toBe(`00-${T}`)
      expect(sent?.slice(53)).toBe(outgoing)
    })

    it('stays where the sampler decides otherwise', () => {
      expect(sendInside('02', createAdapterTracing(createSdk(new AlwaysOnSampler())))?.slice(53)).toBe('03')
      expect(sendInside('03', createAdapterTracing(createSdk(new AlwaysOffSampler())))?.slice(53)).toBe('02')
    })

    it('survives a handler without SDK', () => {
      expect(sendInside('02', createAdapterTracing())).toBe(`00-${T}-${P}-02`)
    })

    it('is not carried over to the trace of its own that a linked handler has', () => {
      const sent = sendInside('03', createAdapterTracing({ ...createSdk(), relation: 'link' }))
      expect(sent?.slice(3, 35)).not.toBe(T)
      expect(sent?.slice(53)).toBe('01')
    })

    it('is not set on an unrelated trace that begins inside the handler', () => {
      const sdk = createSdk()
      const tracing = createAdapterTracing(sdk)
      const carrier = { traceparent: `00-${T}-${P}-03` }
      const sent = tracing.process({ system: 'kafka', destination: { name: 'orders' }, carrier }, () => {
        const root = sdk.tracerProvider.getTracer('test').startSpan('other', { kind: SpanKind.SERVER, root: true })
        return context.with(trace.setSpan(context.active(), root), () => send(tracing))
      })
      expect(sent?.slice(53)).toBe('01')
    })

    it('is not set where nothing was extracted', () => {
      expect(send(createAdapterTracing(createSdk()))?.slice(53)).toBe('01')
    })
  })
})

const hex = (length: number) =>
  fc
    .array(fc.constantFrom(...Array.from('0123456789abcdef')), { minLength: length, maxLength: length })
    .map((digits) => digits.join(''))
    .filter((id) => /[^0]/.test(id))

describe('the codec', () => {
  it('reads what it writes', { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(hex(32), hex(16), fc.integer({ min: 0, max: 3 }), (traceId, spanId, traceFlags) => {
        const written: SpanContext = { traceId, spanId, traceFlags, isRemote: true }
        const text = formatTraceparent(written)
        expect(text).toHaveLength(55)
        expect(parseTraceparent(text)).toEqual(written)
      }),
      { numRuns: 100 },
    )
  })

  it('accepts of all texts near a valid one only those that the grammar allows', { timeout: 30_000 }, () => {
    const grammar =
      /^[ \t]*(?!ff)(?:00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}|(?!00)[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?)[ \t]*$/s
    const zeros = /^[ \t]*..-(?:0{32}|.{33}0{16}-)/
    fc.assert(
      fc.property(fc.nat(56), fc.string({ maxLength: 3 }), fc.nat(3), (at, insert, remove) => {
        const text = OK.slice(0, at) + insert + OK.slice(at + remove)
        expect(parseTraceparent(text) !== undefined).toBe(grammar.test(text) && !zeros.test(text))
      }),
      { numRuns: 2_000 },
    )
  })

  it('reads the flags it knows, and no others', () => {
    expect(parseTraceparent(`00-${T}-${P}-ff`)?.traceFlags).toBe(3)
    expect(parseTraceparent(`00-${T}-${P}-fc`)?.traceFlags).toBe(0)
  })

  it('knows a span by its ids alone', () => {
    const span = spanContext('a')
    expect(sameSpan(span, { ...span, traceFlags: TraceFlags.NONE })).toBe(true)
    expect(sameSpan(span, { ...span, spanId: P })).toBe(false)
    expect(sameSpan(span, { ...span, traceId: T })).toBe(false)
    expect(sameSpan(undefined, undefined)).toBe(false)
  })

  it('injects nothing where there is no valid context', () => {
    const carrier = { traceparent: traceparentOf(spanContext('a')) }
    createAdapterTracing().inject(ROOT_CONTEXT, carrier)
    expect(carrier).toEqual({ traceparent: traceparentOf(spanContext('a')) })
  })
})
