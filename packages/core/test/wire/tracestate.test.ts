import { propagation, trace } from '@opentelemetry/api'
import { beforeEach, describe, expect, it } from 'vitest'
import { parseTracestate } from '../../src/wire/tracestate.ts'
import { createAdapterTracing } from '../../src/tracing.ts'
import { OK, P, T } from '../sample.ts'
import { createSdk, only, registerContextManager, resetGlobals, w3cPropagator } from '../sdk.ts'

resetGlobals()

const traceparent = `00-${T}-${P}-00`
const members = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, index) => `bar${from + index}=${from + index}`).join(',')
const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
const legalValue = String.fromCodePoint(
  ...Array.from({ length: 0x7e - 0x20 + 1 }, (_, index) => 0x20 + index).filter(
    (code) => code !== 0x2c && code !== 0x3d,
  ),
)
const long = [1, 2, 3].map((digit) => `k${digit}=${String(digit).repeat(197)}`)

/** What comes in beside a valid `traceparent`, and the `tracestate` that goes on; `undefined`: none. */
const rows: readonly (readonly [id: string, headers: Readonly<Record<string, unknown>>, sent: string | undefined])[] = [
  ['TS-02 two members', { tracestate: 'foo=1,bar=2' }, 'foo=1,bar=2'],
  ['TS-03 trace-state', { 'trace-state': 'foo=1' }, undefined],
  ['TS-03 trace.state', { 'trace.state': 'foo=1' }, undefined],
  ['TS-04 TraceState', { TraceState: 'foo=1' }, 'foo=1'],
  ['TS-04 TrAcEsTaTe', { TrAcEsTaTe: 'foo=1' }, 'foo=1'],
  ['TS-04 TRACESTATE', { TRACESTATE: 'foo=1' }, 'foo=1'],
  ['TS-05 empty', { tracestate: '' }, undefined],
  ['TS-05 a member, then empty', { tracestate: ['foo=1', ''] }, 'foo=1'],
  ['TS-05 empty, then a member', { tracestate: ['', 'foo=1'] }, 'foo=1'],
  [
    'TS-06 three headers',
    { tracestate: ['foo=1,bar=2', 'rojo=1,congo=2', 'baz=3'] },
    'foo=1,bar=2,rojo=1,congo=2,baz=3',
  ],
  ['TS-06 in bytes', { tracestate: [Buffer.from('foo=1'), Buffer.from('bar=2')] }, 'foo=1,bar=2'],
  ['TS-06 in two letter cases', { tracestate: 'foo=1', TraceState: 'bar=2' }, 'foo=1,bar=2'],
  ['TS-07 a member twice', { tracestate: 'foo=1,foo=1' }, 'foo=1'],
  ['TS-07 a key twice', { tracestate: 'foo=1,foo=2' }, 'foo=1'],
  ['TS-07 a member in two headers', { tracestate: ['foo=1', 'foo=1'] }, 'foo=1'],
  ['TS-07 a key in two headers', { tracestate: ['foo=1', 'foo=2'] }, 'foo=1'],
  [
    'TS-08 every character of keys',
    { tracestate: `${letters}_-*/=1,a${letters}@_-*/=2` },
    `${letters}_-*/=1,a${letters}@_-*/=2`,
  ],
  ['TS-08 every character of values', { tracestate: `foo=${legalValue}` }, `foo=${legalValue}`],
  ['TS-09 blanks around members', { tracestate: ' foo=1 \t , \t bar=2, \t baz=3 \t' }, 'foo=1,bar=2,baz=3'],
  ['TS-10 blank in the key', { tracestate: 'foo =1' }, undefined],
  ['TS-10 upper case in the key', { tracestate: 'FOO=1' }, undefined],
  ['TS-10 dot in the key', { tracestate: 'foo.bar=1' }, undefined],
  ['TS-11a key ends with @', { tracestate: 'foo@=1,bar=2' }, 'foo@=1,bar=2'],
  ['TS-11b key starts with @', { tracestate: '@foo=1,bar=2' }, undefined],
  ['TS-11c two @ together', { tracestate: 'foo@@bar=1,bar=2' }, 'foo@@bar=1,bar=2'],
  ['TS-11d two @ apart', { tracestate: 'foo@bar@baz=1,bar=2' }, 'foo@bar@baz=1,bar=2'],
  [
    'TS-12a 32 members in 4 headers',
    { tracestate: [members(1, 10), members(11, 20), members(21, 30), members(31, 32)] },
    members(1, 32),
  ],
  [
    'TS-12b 33 members in 4 headers',
    { tracestate: [members(1, 10), members(11, 20), members(21, 30), members(31, 33)] },
    undefined,
  ],
  ['TS-13a key of 256', { tracestate: `${'k'.repeat(256)}=1` }, `${'k'.repeat(256)}=1`],
  ['TS-13b key of 257', { tracestate: `foo=1,${'k'.repeat(257)}=1` }, undefined],
  [
    'TS-13c tenant of 241, system of 14',
    { tracestate: `${'t'.repeat(241)}@${'v'.repeat(14)}=1` },
    `${'t'.repeat(241)}@${'v'.repeat(14)}=1`,
  ],
  ['TS-13d tenant of 242', { tracestate: `${'t'.repeat(242)}@v=1` }, `${'t'.repeat(242)}@v=1`],
  ['TS-13e system of 15', { tracestate: `t@${'v'.repeat(15)}=1` }, `t@${'v'.repeat(15)}=1`],
  ['TS-14a equals sign in the value', { tracestate: 'foo=bar=baz' }, undefined],
  ['TS-14b empty value', { tracestate: 'foo=,bar=3' }, undefined],
  ['TS-X1 more than 512 characters', { tracestate: `${long.join(',')},small=1` }, `${long.join(',')},small=1`],
  ['TS-X2 key starts with a digit', { tracestate: '1foo=1' }, '1foo=1'],
  ['TS-X4 only invalid members', { tracestate: 'FOO=1' }, undefined],
  ['a value of 256', { tracestate: `foo=${'v'.repeat(256)}` }, `foo=${'v'.repeat(256)}`],
  ['a value of 257', { tracestate: `foo=${'v'.repeat(257)}` }, undefined],
  ['a line break', { tracestate: 'foo=1\nbar=2' }, undefined],
  ['a number', { tracestate: 7 }, undefined],
]

const modes = [
  { mode: 'with the W3C propagators registered', register: () => propagation.setGlobalPropagator(w3cPropagator()) },
  { mode: 'with no propagator', register: () => undefined },
]

describe.each(modes)('$mode', ({ register }) => {
  beforeEach(register)

  it.each(rows)('%s', (_, headers, sent) => {
    const tracing = createAdapterTracing()
    const carrier: Record<string, unknown> = {}
    tracing.inject(tracing.extract({ traceparent, ...headers }).context, carrier)
    expect(carrier).toEqual(sent === undefined ? { traceparent } : { traceparent, tracestate: sent })
  })

  it.each([
    ['TS-01 without traceparent', { tracestate: 'foo=1' }, 'absent'],
    ['TS-X3 with an invalid traceparent', { traceparent: 'nonsense', tracestate: 'foo=1' }, 'malformed'],
  ])('%s is dropped', (_, headers, status) => {
    registerContextManager()
    const sdk = createSdk()
    const tracing = createAdapterTracing(sdk)
    expect(tracing.extract(headers).status).toBe(status)

    const send = () =>
      tracing.send(
        { system: 'kafka', operation: 'send', destination: {}, batch: false, messages: [{ carrier: {} }] },
        (injections) => injections[0]?.fields,
      )
    const sent = tracing.process({ system: 'kafka', destination: {}, carrier: headers }, send)
    expect(Object.keys(sent ?? {})).toEqual(['traceparent'])
    expect(sdk.ended().map((span) => span.spanContext().traceState)).toEqual([undefined, undefined])
  })

  it('reaches the spans of the SDK and what they send', () => {
    registerContextManager()
    const sdk = createSdk()
    const tracing = createAdapterTracing(sdk)
    const carrier = { traceparent: OK, tracestate: 'foo@=1,1bar=2' }
    tracing.process({ system: 'kafka', destination: {}, carrier }, () => {
      expect(tracing.capture()['tracestate']).toBe('foo@=1,1bar=2')
    })
    expect(only(sdk.ended()).spanContext().traceState?.serialize()).toBe('foo@=1,1bar=2')
  })
})

const list = () => parseTracestate(['foo=1,bar=2'])

describe('the list', () => {
  it('puts a changed member first and leaves the original as it is', () => {
    const original = list()
    expect(original?.set('bar', '3').serialize()).toBe('bar=3,foo=1')
    expect(original?.set('baz@', '4').serialize()).toBe('baz@=4,foo=1,bar=2')
    expect(original?.unset('foo').serialize()).toBe('bar=2')
    expect(original?.serialize()).toBe('foo=1,bar=2')
  })

  it('gives what it has', () => {
    expect(list()?.get('bar')).toBe('2')
    expect(list()?.get('baz')).toBeUndefined()
  })

  it('gives the value of a key, and none of a part of one', () => {
    const state = parseTracestate(['ot=1,o=2,vendor=ot'])
    const values = ['ot', 'o', 'vendor', 't', 'vend', '1', ''].map((key) => state?.get(key))
    expect(values).toEqual(['1', '2', 'ot', undefined, undefined, undefined, undefined])
  })

  it('takes no member that could not be read again', () => {
    expect(list()?.set('FOO', '3').serialize()).toBe('foo=1,bar=2')
    expect(list()?.set('foo', 'a,b=c').serialize()).toBe('foo=1,bar=2')
    expect(list()?.set('foo', '3\r\nx: y').serialize()).toBe('foo=1,bar=2')
  })

  it('never has more than 32 members', () => {
    const full =
      parseTracestate([members(1, 32)])
        ?.set('new', '1')
        .serialize()
        .split(',') ?? []
    expect(full).toHaveLength(32)
    expect(full[0]).toBe('new=1')
    expect(full.at(-1)).toBe('bar31=31')
  })

  it('is written by nobody when its last member is gone', () => {
    const tracing = createAdapterTracing()
    const { context } = tracing.extract({ traceparent, tracestate: 'foo=1' })
    const span = trace.getSpanContext(context)
    const traceState = span?.traceState?.unset('foo')
    const carrier = {}
    if (span !== undefined && traceState !== undefined) {
      tracing.inject(trace.setSpanContext(context, { ...span, traceState }), carrier)
    }
    expect(carrier).toEqual({ traceparent })
  })
})
