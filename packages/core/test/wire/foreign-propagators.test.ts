import { propagation, trace, type TextMapPropagator } from '@opentelemetry/api'
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'
import { AWSXRayPropagator } from '@opentelemetry/propagator-aws-xray'
import { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3'
import { JaegerPropagator } from '@opentelemetry/propagator-jaeger'
import { describe, expect, it } from 'vitest'
import { createAdapterTracing } from '../../src/tracing.ts'
import { movedField } from '../field.ts'
import { OK, P, T } from '../sample.ts'

const xray = `Root=1-${T.slice(0, 8)}-${T.slice(8)};Parent=${P};Sampled=1`
const b3Single = () => new B3Propagator()
const b3Multi = () => new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER })
const composite = () =>
  new CompositePropagator({
    propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator(), b3Single()],
  })

interface Case {
  readonly name: string
  readonly create: () => TextMapPropagator
  /** As this propagator writes the sample context. */
  readonly headers: Readonly<Record<string, string>>
  /** The header that must not be there twice. */
  readonly identity: string
}

const cases: readonly Case[] = [
  { name: 'B3 single', create: b3Single, headers: { b3: `${T}-${P}-1` }, identity: 'b3' },
  {
    name: 'B3 multi',
    create: b3Multi,
    headers: { 'x-b3-traceid': T, 'x-b3-spanid': P, 'x-b3-sampled': '1' },
    identity: 'x-b3-traceid',
  },
  {
    name: 'Jaeger',
    create: () => new JaegerPropagator(),
    headers: { 'uber-trace-id': `${T}:${P}:0:01` },
    identity: 'uber-trace-id',
  },
  {
    name: 'X-Ray',
    create: () => new AWSXRayPropagator(),
    headers: { 'x-amzn-trace-id': xray },
    identity: 'x-amzn-trace-id',
  },
]

const upper = (headers: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(headers).map(([key, value]) => [key.toUpperCase(), value]))
const map = (headers: Readonly<Record<string, string>>, change: (value: string) => unknown) =>
  Object.fromEntries(Object.entries(headers).map(([key, value]) => [key, change(value)]))

describe.each(cases)('$name', ({ create, headers, identity }) => {
  const forms: readonly [string, Readonly<Record<string, unknown>>][] = [
    ['text', headers],
    ['bytes', map(headers, (value) => Buffer.from(value))],
    ['arrays of one', map(headers, (value) => [value])],
    ['arrays of one, in bytes', map(headers, (value) => [Buffer.from(value)])],
    ['upper-case names', upper(headers)],
  ]

  it.each(forms)('is read from %s and written as text', (_, carrier) => {
    const tracing = createAdapterTracing({ propagator: create() })
    const { context, status } = tracing.extract(carrier)
    expect(status).toBe('present')
    expect(trace.getSpanContext(context)).toMatchObject({ traceId: T, spanId: P, traceFlags: 1, isRemote: true })

    const sent: Record<string, unknown> = { kept: true, ...upper(headers) }
    tracing.inject(context, sent)
    expect(sent).toEqual({ kept: true, ...headers })
  })

  const value = headers[identity] ?? ''
  it.each([
    ['repeated', { ...headers, [identity]: [value, value.replace('1', '2')] }],
    ['repeated in another letter case', { ...headers, [identity.toUpperCase()]: value }],
    ['no text', { ...headers, [identity]: 7 }],
    ['nonsense', { ...headers, [identity]: 'nonsense' }],
    ['empty', { ...headers, [identity]: '' }],
  ])('is nothing when it is %s', (_, carrier) => {
    const { context, status } = createAdapterTracing({ propagator: create() }).extract(carrier)
    expect(status).toBe('malformed')
    expect(trace.getSpanContext(context)).toBeUndefined()
  })

  it('reads nothing from a message without it', () => {
    const { context, status } = createAdapterTracing({ propagator: create() }).extract({ traceparent: OK, other: '1' })
    expect(status).toBe('absent')
    expect(trace.getSpanContext(context)).toBeUndefined()
  })

  it('names its fields and ours', () => {
    const tracing = createAdapterTracing({ propagator: create() })
    expect(tracing.fieldNames()).toContain(identity)
    expect(tracing.isField(identity.toUpperCase())).toBe(true)
    expect(tracing.isField('tracebaton')).toBe(true)
    expect(tracing.isField('traceparent')).toBe(false)
  })

  it('carries our field beside it', () => {
    const tracing = createAdapterTracing({ propagator: create() })
    expect(
      tracing.extract({ ...headers, tracebaton: movedField(`${T}-${P}-01`, { attempt: 2 }) }).lineage?.attempt,
    ).toBe(2)
  })

  it('never takes over what is active', () => {
    const { context } = createAdapterTracing({ propagator: create() }).extract({ tracebaton: 'x', unrelated: 'y' })
    expect(trace.getSpanContext(context)).toBeUndefined()
    expect(propagation.getBaggage(context)).toBeUndefined()
  })
})

describe('B3', () => {
  it.each([b3Single, b3Multi])('is read in both forms', (create) => {
    const tracing = createAdapterTracing({ propagator: create() })
    for (const { headers } of cases.slice(0, 2)) expect(tracing.extract(headers).status).toBe('present')
  })

  it('passes the debug flag on', () => {
    const tracing = createAdapterTracing({ propagator: b3Single() })
    const sent = {}
    tracing.inject(tracing.extract({ b3: `${T}-${P}-d` }).context, sent)
    expect(sent).toEqual({ b3: `${T}-${P}-d` })
  })
})

describe('Jaeger', () => {
  const headers = { 'uber-trace-id': `${T}:${P}:0:01`, 'uberctx-Tenant': 'a%20b', 'uberctx-secret': 'c' }
  const keys = (baggage?: readonly string[] | boolean) => {
    const tracing = createAdapterTracing({
      propagator: new JaegerPropagator(),
      ...(baggage !== undefined && { baggage }),
    })
    const { context } = tracing.extract(headers)
    const sent: Record<string, unknown> = {}
    tracing.inject(context, sent)
    return { read: propagation.getBaggage(context)?.getAllEntries(), sent }
  }

  it('keeps the letter case of baggage entries, which are part of header names', () => {
    expect(keys().read).toEqual([
      ['Tenant', { value: 'a b' }],
      ['secret', { value: 'c' }],
    ])
    expect(keys().sent).toEqual(headers)
  })

  it('drops baggage that is off or not allowed', () => {
    expect(keys(false)).toEqual({ read: undefined, sent: { 'uber-trace-id': headers['uber-trace-id'] } })
    expect(Object.keys(keys(['Tenant']).sent)).toEqual(['uber-trace-id', 'uberctx-Tenant'])
  })
})

describe('W3C, baggage and B3 together', () => {
  const tracing = createAdapterTracing({ propagator: composite() })

  it('writes all of them', () => {
    const { context } = tracing.extract({ traceparent: OK, tracestate: 'a=1', baggage: 'b=2' })
    const sent = { Traceparent: 'old', B3: 'old' }
    tracing.inject(context, sent)
    expect(sent).toEqual({ traceparent: OK, tracestate: 'a=1', baggage: 'b=2', b3: `${T}-${P}-1` })
  })

  it('takes none of two traceparents', () => {
    const { context, status } = tracing.extract({ traceparent: [OK, OK.replace('1', '2')] })
    expect(status).toBe('malformed')
    expect(trace.getSpanContext(context)).toBeUndefined()
  })

  it('joins repeated lists', () => {
    const { context } = tracing.extract({
      traceparent: OK,
      tracestate: ['a=1', 'b=2'],
      baggage: ['c=3', Buffer.from('d=4')],
    })
    expect(trace.getSpanContext(context)?.traceState?.serialize()).toBe('a=1,b=2')
    expect(propagation.getBaggage(context)?.getAllEntries()).toHaveLength(2)
  })

  it('reads bytes in any letter case', () => {
    expect(tracing.extract({ TraceParent: Buffer.from(OK) }).status).toBe('present')
    expect(tracing.extract({ B3: Buffer.from(`${T}-${P}-1`) }).status).toBe('present')
  })

  it('leaves no empty tracestate, and no unknown flags', () => {
    const sent = {}
    tracing.inject(tracing.extract({ traceparent: `00-${T}-${P}-ff`, tracestate: 'FOO=1' }).context, sent)
    expect(sent).toEqual({ traceparent: `00-${T}-${P}-03`, b3: `${T}-${P}-1` })
  })
})

describe('what a propagator writes', () => {
  const { context } = createAdapterTracing().extract({ traceparent: `00-${T}-${P}-01` })
  const writtenBy = (propagator: TextMapPropagator, given = context) => {
    const sent: Record<string, unknown> = {}
    createAdapterTracing({ propagator }).inject(given, sent)
    return Object.keys(sent).toSorted()
  }

  it('has no name that a client of a broker refuses', () => {
    const names = ['k'.repeat(247), 'k'.repeat(248), 'é'.repeat(124)]
    const entries = Object.fromEntries(names.map((name) => [name, { value: 'v' }]))
    const given = propagation.setBaggage(context, propagation.createBaggage(entries))
    expect(writtenBy(new JaegerPropagator(), given)).toEqual([`uberctx-${'k'.repeat(247)}`, 'uber-trace-id'].toSorted())
  })

  it('is text, even where it writes without the setter', () => {
    const propagator = {
      inject: (_: unknown, carrier: Record<string, unknown>) =>
        void Object.assign(carrier, { 'x-trace': T, 'x-number': 7, 'x-empty': '', '': 'v' }),
      extract: () => context,
      fields: () => ['x-trace', 'x-number'],
    }
    expect(writtenBy(propagator as never)).toEqual(['x-trace'])
  })
})
