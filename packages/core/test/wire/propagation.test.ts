import {
  context,
  diag,
  propagation,
  ROOT_CONTEXT,
  trace,
  type DiagLogFunction,
  type TextMapPropagator,
} from '@opentelemetry/api'
import { W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'
import { describe, expect, it, vi } from 'vitest'
import { FACT_NAMES } from '../../src/wire/move-facts.ts'
import { createAdapterTracing } from '../../src/tracing.ts'
import { movedField } from '../field.ts'
import { OK, P, spanContext, T, traceparentOf } from '../sample.ts'
import { registerContextManager, resetGlobals, w3cPropagator } from '../sdk.ts'

resetGlobals()

const other = spanContext('b')
const withBaggage = { traceparent: OK, baggage: 'tenant=a,secret=b' }
const sentBy = (options: Parameters<typeof createAdapterTracing>[0], from: unknown = withBaggage) => {
  const tracing = createAdapterTracing(options)
  const carrier: Record<string, unknown> = {}
  tracing.inject(tracing.extract(from).context, carrier)
  return carrier
}
const baggageOf = (options: Parameters<typeof createAdapterTracing>[0], from: unknown = withBaggage) =>
  propagation
    .getBaggage(createAdapterTracing(options).extract(from).context)
    ?.getAllEntries()
    .map(([key]) => key)

/** A propagator of somebody's own, for one field with a trace id, a span id and flags. */
function ownPropagator(fields: readonly string[], more: Partial<TextMapPropagator> = {}): TextMapPropagator {
  return {
    fields: () => [...fields],
    extract(into, carrier, getter) {
      const [traceId = '', spanId = ''] = String(getter.get(carrier, 'X-Own')).split('/')
      return trace.setSpanContext(into, { traceId, spanId, traceFlags: 1 })
    },
    inject(from, carrier, setter) {
      const span = trace.getSpanContext(from)
      if (span !== undefined) setter.set(carrier, 'X-Own', `${span.traceId}/${span.spanId}`)
    },
    ...more,
  }
}

describe('which propagator', () => {
  it('is the global one, also when it is registered after us', () => {
    const tracing = createAdapterTracing()
    expect(tracing.extract({ traceparent: OK }).status).toBe('present')
    expect(tracing.fieldNames()).toEqual(['traceparent', 'tracestate', 'tracebaton', ...FACT_NAMES])

    propagation.setGlobalPropagator(ownPropagator(['X-Own']))
    const carrier = {}
    tracing.inject(trace.setSpanContext(ROOT_CONTEXT, other), carrier)

    expect(carrier).toEqual({ 'X-Own': `${other.traceId}/${other.spanId}` })
    expect(tracing.extract({ traceparent: OK }).status).toBe('absent')
    expect(tracing.extract({ 'x-own': `${T}/${P}` }).status).toBe('present')
    expect(tracing.fieldNames()).toEqual(['X-Own', 'tracebaton', ...FACT_NAMES])
    for (const name of ['_own', '@own', '1own', 'Own']) {
      const propagator = ownPropagator([name])
      expect(createAdapterTracing({ propagator }).isField(name.toUpperCase())).toBe(true)
    }
    expect(['X-OWN', 'TraceBaton', 'traceparent'].map((name) => tracing.isField(name))).toEqual([true, true, false])
  })

  it('is W3C again when the global one is gone', () => {
    propagation.setGlobalPropagator(ownPropagator(['x-own']))
    const tracing = createAdapterTracing()
    expect(tracing.extract({ traceparent: OK }).status).toBe('absent')
    propagation.disable()
    expect(tracing.extract({ traceparent: OK }).status).toBe('present')
  })

  it('is W3C where none is registered, which is said once', async () => {
    vi.resetModules()
    const fresh = await import('../../src/tracing.ts')
    const info = vi.fn<DiagLogFunction>()
    diag.setLogger({ info, error: info, warn: info, debug: info, verbose: info }, { suppressOverrideMessage: true })
    info.mockClear()
    const tracings = [fresh.createAdapterTracing(), fresh.createAdapterTracing()]
    const statuses = [...tracings, ...tracings].map((tracing) => tracing.extract({ traceparent: OK }).status)

    expect(statuses).toEqual(Array.from({ length: 4 }, () => 'present'))
    expect(info).toHaveBeenCalledTimes(1)
    expect(info).toHaveBeenCalledWith(expect.stringContaining('no propagator is registered'))
  })

  it('is the configured one before the global one', () => {
    propagation.setGlobalPropagator(w3cPropagator())
    const propagator = ownPropagator(['x-own'])
    const { context: extracted } = createAdapterTracing({ propagator }).extract({
      traceparent: OK,
      'x-own': `${other.traceId}/${other.spanId}`,
    })
    expect(trace.getSpanContext(extracted)?.traceId).toBe(other.traceId)
  })

  it('writes nothing where one without fields is configured', () => {
    const propagator = { fields: () => [], extract: (into: typeof ROOT_CONTEXT) => into, inject: () => undefined }
    expect(sentBy({ propagator })).toEqual({})
    expect(createAdapterTracing({ propagator }).extract(withBaggage).status).toBe('absent')
    const carrier = {}
    createAdapterTracing({ propagator }).inject(trace.setSpanContext(ROOT_CONTEXT, other), carrier)
    expect(carrier).toEqual({})
  })

  it('writes the fields of a lone Trace Context propagator, and no baggage', () => {
    const propagator = new W3CTraceContextPropagator()
    expect(sentBy({ propagator })).toEqual({ traceparent: OK })
    expect(baggageOf({ propagator })).toBeUndefined()
    expect(createAdapterTracing({ propagator }).fieldNames()).toEqual([
      'traceparent',
      'tracestate',
      'tracebaton',
      ...FACT_NAMES,
    ])
  })

  it('writes baggage and no context for a lone Baggage propagator', () => {
    const propagator = new W3CBaggagePropagator()
    const tracing = createAdapterTracing({ propagator })
    const extracted = tracing.extract(withBaggage)
    expect(trace.getSpanContext(extracted.context)).toBeUndefined()
    expect(baggageOf({ propagator })).toEqual(['tenant', 'secret'])
    const carrier = {}
    tracing.inject(trace.setSpanContext(extracted.context, other), carrier)
    expect(carrier).toEqual({ baggage: 'tenant=a,secret=b' })
  })
})

/** What an application may give as the metadata of an entry. */
const metadata = (text: () => string) => ({ toString: text }) as never

describe('baggage', () => {
  const options = { propagator: w3cPropagator() }

  it('is passed on', () => {
    expect(sentBy(options)).toEqual(withBaggage)
    expect(baggageOf(options)).toEqual(['tenant', 'secret'])
    expect(baggageOf(options, { traceparent: OK, Baggage: ['tenant=a', Buffer.from('b=1')] })).toEqual(['tenant', 'b'])
  })

  it('is dropped in both directions where it is off', () => {
    expect(baggageOf({ ...options, baggage: false })).toBeUndefined()
    const carrier = {}
    createAdapterTracing({ ...options, baggage: false }).inject(
      createAdapterTracing(options).extract(withBaggage).context,
      carrier,
    )
    expect(carrier).toEqual({ traceparent: OK })
  })

  it('is limited in both directions to the entries allowed', () => {
    const allowed = { ...options, baggage: ['tenant'] }
    expect(baggageOf(allowed)).toEqual(['tenant'])
    const carrier = {}
    createAdapterTracing(allowed).inject(createAdapterTracing(options).extract(withBaggage).context, carrier)
    expect(carrier).toEqual({ traceparent: OK, baggage: 'tenant=a' })
  })

  it('is no empty field where nothing is allowed', () => {
    expect(sentBy({ ...options, baggage: ['absent'] })).toEqual({ traceparent: OK })
    expect(sentBy({ ...options, baggage: [] })).toEqual({ traceparent: OK })
    expect(baggageOf({ ...options, baggage: [] })).toBeUndefined()
  })

  it('of the ambient context never reaches a message that has none', () => {
    registerContextManager()
    const ambient = propagation.setBaggage(
      trace.setSpanContext(ROOT_CONTEXT, other),
      propagation.createBaggage({ ambient: { value: '1' } }),
    )
    const extracted = context.with(ambient, () => createAdapterTracing(options).extract({ traceparent: OK }))
    expect(propagation.getBaggage(extracted.context)).toBeUndefined()
    expect(trace.getSpanContext(extracted.context)?.traceId).toBe(T)
  })

  it('that cannot be written does not cost the trace context', () => {
    const { context: extracted } = createAdapterTracing(options).extract({ traceparent: OK })
    const entries = [
      { value: '1', metadata: metadata(() => 'unit=\u0000') },
      {
        value: '1',
        metadata: metadata(() => {
          throw new Error('no metadata')
        }),
      },
    ]
    for (const entry of entries) {
      const carrier = {}
      const active = propagation.setBaggage(extracted, propagation.createBaggage({ k: entry }))
      createAdapterTracing({ ...options, onError: () => undefined }).inject(active, carrier)
      expect(carrier).toEqual({ traceparent: OK })
    }
  })

  it('is the caller’s own where no propagator is registered: it is not read, not written and not taken off', () => {
    expect(baggageOf({})).toBeUndefined()
    const tracing = createAdapterTracing()
    const carrier = { Baggage: 'own=1' }
    tracing.inject(createAdapterTracing(options).extract(withBaggage).context, carrier)
    expect(carrier).toEqual({ Baggage: 'own=1', traceparent: OK })
    expect(tracing.isField('baggage')).toBe(false)
  })
})

describe('the status', () => {
  it.each([
    ['absent', {}],
    ['absent', undefined],
    ['absent', null],
    ['absent', 'text'],
    ['absent', 7],
    ['absent', { traceparent: undefined }],
    ['absent', { traceparent: null }],
    ['absent', { traceparent: [] }],
    ['absent', { tracestate: 'a=1' }],
    ['absent', { baggage: 'a=1' }],
    ['absent', { tracebaton: movedField(OK) }],
    ['malformed', { traceparent: '' }],
    ['malformed', { traceparent: 'nonsense' }],
    ['malformed', { traceparent: OK, TRACEPARENT: OK }],
    ['present', { traceparent: OK }],
    ['present', { traceparent: OK, tracestate: '=', baggage: '=', tracebaton: '=' }],
  ])('%s: %j', (status, carrier) => {
    expect(createAdapterTracing({ onError: () => undefined }).extract(carrier).status).toBe(status)
  })
})

describe('our own field', () => {
  const field = movedField(OK, { attempt: 2 })

  it.each([
    ['text', field],
    ['bytes', Buffer.from(field)],
    ['an array of one', [field]],
  ])('is read from %s, in any letter case', (_, value) => {
    expect(createAdapterTracing().extract({ traceparent: OK, TraceBaton: value }).lineage?.attempt).toBe(2)
  })

  it.each([
    ['malformed', `${field};`],
    ['repeated', [field, field]],
    ['too long', `${field};x=${'y'.repeat(200)}`],
    ['a number', 0],
  ])('costs no context when it is %s, and that is reported', (_, value) => {
    const errors: unknown[] = []
    const tracing = createAdapterTracing({ onError: (error, { stage }) => errors.push([stage, String(error)]) })
    const extracted = tracing.extract({ traceparent: OK, tracebaton: value })
    expect([extracted.status, extracted.lineage]).toEqual(['present', undefined])
    expect(errors).toEqual([['headers', expect.stringContaining('Malformed tracebaton field')]])
  })
})

describe('a propagator that misbehaves', () => {
  it('leaves no empty value on the message', () => {
    const propagator = ownPropagator(['x-own', 'x-state'], {
      inject(_, carrier, setter) {
        setter.set(carrier, 'x-own', 'a/b')
        setter.set(carrier, 'x-state', '')
        setter.set(carrier, 'x-null', null as never)
      },
    })
    expect(sentBy({ propagator }, { 'x-own': `${T}/${P}` })).toEqual({ 'x-own': 'a/b' })
  })

  it('leaves no invalid span context in what a handler starts from', () => {
    const propagator = ownPropagator(['x-own'])
    const extracted = createAdapterTracing({ propagator }).extract({ 'x-own': 'not/valid' })
    expect(extracted.status).toBe('malformed')
    expect(trace.getSpanContext(extracted.context)).toBeUndefined()
  })

  it.each(['extract', 'inject', 'fields'] as const)('costs no more than the context when its %s throws', (method) => {
    const errors: string[] = []
    const propagator = ownPropagator(['x-own'], {
      [method]: () => {
        throw new Error(`no ${method}`)
      },
    })
    const tracing = createAdapterTracing({ propagator, onError: (error) => errors.push(String(error)) })
    expect(() => tracing.inject(tracing.extract({ 'x-own': `${T}/${P}` }).context, {})).not.toThrow()
    expect(() => tracing.inject(trace.setSpanContext(ROOT_CONTEXT, other), {})).not.toThrow()
    expect(errors).toContain(`Error: no ${method}`)
  })
})

describe('writing', () => {
  it('replaces all earlier fields of a context, whatever their letter case, and nothing else', () => {
    const tracing = createAdapterTracing({ propagator: w3cPropagator() })
    const carrier = { a: 1, TraceParent: OK, TRACESTATE: 'a=1', Baggage: 'b=2', TraceBaton: 'x', z: 2 }
    const active = trace.setSpanContext(ROOT_CONTEXT, other)
    tracing.inject(active, carrier)
    expect(carrier).toEqual({ a: 1, z: 2, Baggage: 'b=2', traceparent: traceparentOf(other) })

    tracing.inject(propagation.setBaggage(active, propagation.createBaggage({ c: { value: '3' } })), carrier)
    expect(carrier).toEqual({ a: 1, z: 2, baggage: 'c=3', traceparent: traceparentOf(other) })
  })

  it('uses the setter it is given', () => {
    const written: string[] = []
    const setter = { set: (_: unknown, key: string, value: string) => written.push(`${key}: ${value}`) }
    createAdapterTracing().inject(trace.setSpanContext(ROOT_CONTEXT, other), undefined, setter)
    expect(written).toEqual([`traceparent: ${traceparentOf(other)}`])
  })

  it.each([
    ['a frozen object', Object.freeze({ a: 1 })],
    ['nothing', undefined],
    ['text', 'text'],
  ])('does not throw on %s', (_, carrier) => {
    const tracing = createAdapterTracing({ onError: () => undefined })
    expect(() => tracing.inject(trace.setSpanContext(ROOT_CONTEXT, other), carrier)).not.toThrow()
  })
})
