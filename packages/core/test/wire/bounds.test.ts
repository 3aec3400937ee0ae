import { propagation, type Context, type TextMapGetter } from '@opentelemetry/api'
import { JaegerPropagator } from '@opentelemetry/propagator-jaeger'
import { describe, expect, test } from 'vitest'
import { createAdapterTracing } from '../../src/tracing.ts'
import { movedField } from '../field.ts'
import { OK, P, T } from '../sample.ts'
import { resetGlobals, w3cPropagator } from '../sdk.ts'

resetGlobals()

/** An array of one value many times, and how often one of its members is looked at. */
function repeated(value: unknown, times: number) {
  const steps = { taken: 0 }
  const values = new Proxy(Array.from({ length: times }).fill(value), {
    get(target, key, receiver): unknown {
      if (typeof key === 'string' && /^\d+$/.test(key)) steps.taken += 1
      return Reflect.get(target, key, receiver)
    },
  })
  return { values, steps }
}

/** Bytes that can be read only in part, and how many of them are. */
function bytesOf(text: string) {
  const steps = { taken: 0 }
  const bytes = Buffer.from(text)
  const decode = bytes.toString.bind(bytes)
  const part = bytes.subarray.bind(bytes)
  bytes.toString = (...given) => {
    steps.taken += bytes.length
    return decode(...given)
  }
  bytes.subarray = (from = 0, to = bytes.length) => {
    steps.taken += to - from
    return part(from, to)
  }
  return { bytes, steps }
}

const options = { propagator: w3cPropagator(), onError: () => {} }
const FIELDS = ['traceparent', 'tracestate', 'baggage', 'tracebaton', 'tracebaton-attempts', 'tracebaton-facts']

describe('a header that is', () => {
  test.each(FIELDS)('repeated a million times costs a few steps: %s', (name) => {
    for (const value of ['a=1', undefined]) {
      const { values, steps } = repeated(value, 1_000_000)
      createAdapterTracing(options).extract({ traceparent: OK, 'tracebaton-attempts': '1', [name]: values })
      expect(steps.taken).toBeLessThan(500)
    }
  })

  test.each(FIELDS)('a megabyte long costs no more than its bound: %s', (name) => {
    for (const text of [',', '.', 'a=b,', 'x']) {
      const { bytes, steps } = bytesOf(text.repeat(1_000_000))
      createAdapterTracing(options).extract({ traceparent: OK, 'tracebaton-attempts': '1', [name]: bytes })
      expect(steps.taken).toBeLessThan(40_000)
    }
  })

  test('there a thousand times in other letter cases costs one step each', () => {
    const name = 'tracestate'
    const variants = Array.from({ length: 1_000 }, (_, bits) =>
      Array.from(name, (letter, index) => ((bits >> index) & 1 ? letter.toUpperCase() : letter)).join(''),
    )
    let steps = 0
    const getter = {
      keys: () => ['traceparent', ...variants],
      get: (_: unknown, key: string) => {
        steps += 1
        return key === 'traceparent' ? OK : 'a=1'
      },
    }
    expect(createAdapterTracing(options).extract({}, getter).status).toBe('present')
    expect(steps).toBe(1_001)
  })
})

test('of ten thousand headers a propagator is told a few hundred names, and finds its own field behind them', () => {
  let names = 0
  const propagator = new JaegerPropagator()
  const extract = propagator.extract.bind(propagator)
  propagator.extract = (into, carrier, getter) => {
    names = getter.keys(carrier).length
    return extract(into, carrier, getter)
  }
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`uberctx-k${index}`, '1']))
  const { context, status } = createAdapterTracing({ propagator }).extract({
    ...many,
    'uber-trace-id': `${T}:${P}:0:01`,
  })
  expect([status, names, propagation.getBaggage(context)?.getAllEntries().length]).toEqual(['present', 256, 256])
})

/** The `baggage` that a propagator is given. */
function baggageIn(headers: object): string[] {
  const seen: string[] = []
  const propagator = Object.assign(w3cPropagator(), {
    extract: (into: Context, carrier: object, getter: TextMapGetter) => {
      const value = getter.get(carrier, 'baggage') ?? []
      seen.push(...(typeof value === 'string' ? [value] : value))
      return into
    },
  })
  createAdapterTracing({ propagator }).extract({ traceparent: OK, ...headers })
  return seen
}

describe('of a list beyond its bound', () => {
  test.each([
    ['text', (text: string) => text],
    ['bytes', (text: string) => Buffer.from(text)],
  ])('whole members are dropped from its end, in one header or in several: %s', (_, encode) => {
    const member = `${'k'.repeat(400)}=${'v'.repeat(400)}`
    const [one = ''] = baggageIn({ baggage: encode(Array.from({ length: 20 }, () => member).join(',')) })
    expect(one.split(',')).toEqual(Array.from({ length: 10 }, () => member))
    const several = baggageIn({ baggage: Array.from({ length: 20 }, () => encode(member)) })
    expect(several.filter(Boolean)).toEqual(Array.from({ length: 10 }, () => member))
  })
})

test('a field of ours of the largest size is read', () => {
  const field = movedField(OK, { attempt: 2, unknown: `zz=${'y'.repeat(200)}` })
  expect(
    createAdapterTracing(options).extract({ traceparent: OK, tracebaton: Buffer.from(field) }).lineage?.attempt,
  ).toBe(2)
})
