import { context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import * as fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { createAdapterTracing } from '../../src/tracing.ts'
import { movedField } from '../field.ts'
import { OK, P, spanContext, T, traceparentOf } from '../sample.ts'
import { registerContextManager, resetGlobals, w3cPropagator } from '../sdk.ts'

resetGlobals()

const ambient = spanContext('f')
const second = traceparentOf(spanContext('b'))

const anyCase = (name: string) =>
  fc
    .array(fc.boolean(), { minLength: name.length, maxLength: name.length })
    .map((upper) =>
      Array.from(name, (letter, index) => (upper[index] === true ? letter.toUpperCase() : letter)).join(''),
    )

const key = fc.oneof(
  fc.constantFrom('traceparent', 'tracestate', 'baggage', 'tracebaton', '__proto__', 'constructor', ''),
  anyCase('traceparent'),
  anyCase('tracebaton'),
  fc.string({ unit: 'binary' }),
)

const text = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      OK,
      second,
      ` ${OK}\t`,
      `${OK}\n`,
      `${OK},${second}`,
      `00-${T.replace('1', 'A')}-${P}-01`,
      `cc-${T}-${P}-01-x`,
      `00-${T}-${P}-ff`,
    ),
  },
  fc.constantFrom('foo=1,bar=2', movedField(`${T}-${P}-01`, { attempt: 2 }), 'a=%FF;p,b', ''),
  fc.string({ unit: 'binary' }),
  fc.nat(80_000).map((length) => 'x'.repeat(length)),
)

const scalar = fc.oneof(
  { weight: 6, arbitrary: text },
  { weight: 3, arbitrary: text.map((value) => Buffer.from(value)) },
  { weight: 1, arbitrary: fc.uint8Array() },
  {
    weight: 2,
    arbitrary: fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true, withTypedArray: true }),
  },
)

const value = fc.oneof(
  { weight: 5, arbitrary: scalar },
  { weight: 2, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom(null, undefined, 0, 7, true, Symbol('x'), {}, [], [[OK]], () => OK) },
)

const traceparent = fc.tuple(anyCase('traceparent'), scalar)

const bag = fc
  .tuple(fc.array(traceparent, { maxLength: 1 }), fc.array(fc.tuple(key, value), { maxLength: 3 }))
  // A plain object with own keys only, `__proto__` included.
  .map(([first, rest]) => Object.fromEntries([...first, ...rest]) as Record<string, unknown>)

/** All texts in a value; what cannot be text, a list inside a list too, is the empty one. */
function textsOf(from: unknown): readonly string[] {
  if (from === null || from === undefined) return []
  if (Array.isArray(from)) return from.flatMap((item) => (Array.isArray(item) ? '' : textsOf(item)))
  if (typeof from === 'string') return [from]
  return [from instanceof Uint8Array ? Buffer.from(from).toString('utf8') : '']
}

/** What a valid single `traceparent` says, found in the plainest way. */
function expectedOf(headers: Readonly<Record<string, unknown>>): string | undefined {
  const all = Object.entries(headers).filter(([name]) => name.toLowerCase() === 'traceparent')
  const texts = all.flatMap(([, header]) => textsOf(header))
  const match =
    /^[ \t]*(?:00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}|(?!00|ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-[^]*)?)[ \t]*$/.exec(
      texts.length === 1 ? (texts[0] ?? '') : '',
    )
  const [, traceId, spanId, laterTraceId, laterSpanId] = match ?? []
  const ids = `${traceId ?? laterTraceId}-${spanId ?? laterSpanId}`
  return match === null || /^0+-|-0+$/.test(ids) ? undefined : ids
}

describe.each([
  { mode: 'with the W3C propagators registered', register: () => propagation.setGlobalPropagator(w3cPropagator()) },
  { mode: 'with no propagator', register: () => undefined },
])('any header bag, $mode', ({ register }) => {
  beforeEach(() => {
    register()
    registerContextManager()
  })

  it('gives exactly the context of its one valid traceparent, or none, and never throws', { timeout: 30_000 }, () => {
    const tracing = createAdapterTracing({ onError: () => undefined })
    let found = 0
    fc.assert(
      fc.property(bag, (headers) => {
        const before = trace.setSpanContext(ROOT_CONTEXT, ambient)
        const extracted = context.with(before, () => tracing.extract(headers))
        const span = trace.getSpanContext(extracted.context)
        const expected = expectedOf(headers)

        expect(span === undefined ? undefined : `${span.traceId}-${span.spanId}`).toBe(expected)
        expect(extracted.status === 'present').toBe(expected !== undefined)
        if (expected !== undefined) found++

        const sent: Record<string, unknown> = {}
        tracing.inject(extracted.context, sent)
        for (const field of Object.values(sent)) expect(field).not.toBe('')
        expect(Object.hasOwn(sent, 'traceparent')).toBe(expected !== undefined)
      }),
      { numRuns: 2_000 },
    )
    // The bags are worth something only where both answers occur.
    expect(found).toBeGreaterThan(100)
    expect(found).toBeLessThan(1_900)
  })

  it('is replaced by exactly one context of ours', { timeout: 30_000 }, () => {
    const tracing = createAdapterTracing({ onError: () => undefined })
    fc.assert(
      fc.property(bag, (headers) => {
        const own = Object.keys(headers).filter((name) => !tracing.isField(name, { traceparent: '' }))
        tracing.inject(trace.setSpanContext(ROOT_CONTEXT, ambient), headers)
        expect(Object.keys(headers).toSorted()).toEqual([...own, 'traceparent'].toSorted())
        expect(headers['traceparent']).toBe(traceparentOf(ambient))
      }),
      { numRuns: 100 },
    )
  })

  it('makes no difference to a getter that throws, or to a carrier that loops', () => {
    const tracing = createAdapterTracing({ onError: () => undefined })
    const loop: unknown[] = []
    loop.push(loop)
    const throwing = {
      get traceparent(): string {
        throw new Error('no header for you')
      },
    }
    const keyless = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no keys')
        },
      },
    )
    for (const [carrier, status] of [
      [{ traceparent: loop }, 'malformed'],
      [throwing, 'absent'],
      [keyless, 'absent'],
    ] as const) {
      const extracted = context.with(trace.setSpanContext(ROOT_CONTEXT, ambient), () => tracing.extract(carrier))
      expect(extracted.status).toBe(status)
      expect(trace.getSpanContext(extracted.context)).toBeUndefined()
    }
  })
})
