import { context as contexts, propagation, trace, type TextMapPropagator } from '@opentelemetry/api'
import { suppressTracing, W3CTraceContextPropagator } from '@opentelemetry/core'
import { beforeAll, describe, expect, test } from 'vitest'
import type { TracingOptions } from '../../src/options.ts'
import { replaceFields } from '../../src/wire/carrier.ts'
import type { OutgoingMessage, Publication } from '../../src/verdict/delivery.ts'
import { parseTraceparent } from '../../src/wire/traceparent.ts'
import { delivery, lineage, publication, SPAN, TRACEPARENT } from '../messages.ts'
import { createTraced, useContexts, type Traced } from '../traced.ts'

beforeAll(useContexts)

type Carrier = Readonly<Record<string, unknown>>

/** What stands on a message that is sent. */
function sent(
  { tracing }: Pick<Traced, 'tracing'>,
  carrier: Carrier,
  call: Partial<Publication> = {},
  message: Partial<OutgoingMessage> = {},
): Carrier {
  return tracing.send(publication([{ carrier, ...message }], call), ([injection]) =>
    injection?.fields === undefined
      ? carrier
      : replaceFields<unknown>(carrier, injection.fields, tracing.isField, (text) => text),
  )
}
const withBaggage = <Result>(value: string, work: () => Result): Result =>
  contexts.with(propagation.setBaggage(contexts.active(), propagation.createBaggage({ active: { value } })), work)
const ELSEWHERE = { destination: { name: 'elsewhere' } }

describe('the caller’s own baggage header', () => {
  test.each(['tenant=7', '{"pieces":2}', 7, { pieces: 2 }])('stays where there is none to write: %j', (baggage) => {
    const headers = sent(createTraced(), { Baggage: baggage, tracestate: 'old=1' })
    expect(headers).toEqual({ Baggage: baggage, traceparent: expect.any(String) })
  })

  test('is replaced where there is one to write, in any letter case', () => {
    const headers = withBaggage('1', () => sent(createTraced(), { Baggage: 'tenant=7' }))
    expect(headers).toEqual({ baggage: 'active=1', traceparent: expect.any(String) })
  })

  test('stays beside a context that is replaced without room for baggage', () => {
    const headers = withBaggage('1', () =>
      sent(createTraced(), { baggage: 'tenant=7' }, {}, { fits: (fields) => !('baggage' in fields) }),
    )
    expect(headers).toEqual({ baggage: 'tenant=7', traceparent: expect.any(String) })
  })

  test('stays in a handler, too, where it is not the one of the message', () => {
    const traced = createTraced()
    const carrier = { traceparent: TRACEPARENT, baggage: 'tenant=7' }
    traced.tracing.process(delivery({ carrier, key: 1 }), () => {
      contexts.with(propagation.deleteBaggage(contexts.active()), () => {
        expect(sent(traced, { baggage: 'tenant=8' }, ELSEWHERE)['baggage']).toBe('tenant=8')
        expect(sent(traced, { baggage: Buffer.from('tenant=7') }, ELSEWHERE)['baggage']).toBeUndefined()
      })
    })
  })
})

/** Ways in which a handler lets a message go on. */
const WAYS: readonly (readonly [string, (received: ReturnType<typeof delivery>) => Partial<Publication>])[] = [
  ['as a dead letter', (received) => ({ move: { kind: 'dead_letter', delivery: received }, ...ELSEWHERE })],
  ['as a retry', (received) => ({ move: { kind: 'retry', delivery: received } })],
  ['back by hand', () => ({})],
  ['elsewhere by hand', () => ELSEWHERE],
]
const forged: Carrier = {
  traceparent: TRACEPARENT,
  tracestate: 'evil=1',
  baggage: 'admin=true',
  tracebaton: lineage({ attempt: 7, kind: 'delayed' }),
  'tracebaton-attempts': '7',
  'tracebaton-original-destination': 'forged',
}
const UNTRUSTED: readonly TracingOptions[] = [
  { trust: 'ignore' },
  { trust: 'link-only' },
  // No propagator of baggage is in use, and yet others may read the header.
  { trust: 'ignore', propagator: new W3CTraceContextPropagator() },
]

const hasNoRoom = (): boolean => false

describe.each(UNTRUSTED)('of a message whose producer is not trusted in full: $trust', (options) => {
  test.each(WAYS)('nothing goes on %s', (_, way) => {
    const traced = createTraced(options)
    const received = delivery({ carrier: forged, key: 1 })
    const headers = traced.tracing.process(received, () => sent(traced, forged, way(received)))
    expect(headers['traceparent']).not.toContain(SPAN)
    expect(headers['traceparent']).toMatch(/^00-/)
    expect([headers['tracestate'], headers['baggage']]).toEqual([undefined, undefined])
    expect(headers['tracebaton-original-destination']).not.toBe('forged')
    expect(headers['tracebaton'] ?? '').not.toMatch(new RegExp(`${SPAN}|a=[78]`))
  })

  test.each(WAYS)('nothing goes on %s, either, without room, in the slot or suppressed', (_, way) => {
    const traced = createTraced(options)
    const received = delivery({ carrier: forged, key: 1 })
    traced.tracing.process(received, () => {
      const full = sent(traced, forged, way(received), { fits: () => false })
      const slotted = sent(traced, forged, way(received), { fits: () => false, slot: true })
      const silent = contexts.with(suppressTracing(contexts.active()), () => sent(traced, forged, way(received)))
      for (const headers of [full, slotted]) expect(headers).toEqual({})
      expect(silent).not.toMatchObject({ traceparent: expect.anything() })
      expect([silent['tracestate'], silent['baggage']]).toEqual([undefined, undefined])
      expect(silent['tracebaton-original-destination']).not.toBe('forged')
      expect(silent['tracebaton'] ?? '').not.toMatch(new RegExp(`${SPAN}|a=[78]`))
    })
  })

  test('a new message that is sent along with it without room takes nothing of it on', () => {
    const traced = createTraced({ ...options, spanPerMessageUpTo: 0 })
    const received = delivery({ carrier: forged, key: 1 })
    const messages = [
      { carrier: {}, fits: hasNoRoom },
      { carrier: forged, fits: hasNoRoom },
    ]
    traced.tracing.process(received, () =>
      traced.tracing.send(publication(messages, { ...ELSEWHERE, batch: true }), ([own, forwarded]) => {
        expect(own).toBeUndefined()
        expect(replaceFields<unknown>(forged, forwarded?.fields ?? {}, traced.tracing.isField, String)).toEqual({})
      }),
    )
  })

  test.each(WAYS.slice(0, 2))('nothing goes on %s, either, after the handler, without room or suppressed', (_, way) => {
    const traced = createTraced(options)
    const received = delivery({ carrier: forged })
    const full = sent(traced, forged, way(received), { fits: (fields) => !fields['traceparent'] })
    const silent = contexts.with(suppressTracing(contexts.active()), () => sent(traced, forged, way(received)))
    for (const headers of [full, silent, sent(traced, forged, way(received))]) {
      expect(headers['traceparent'] ?? '').not.toContain(SPAN)
      expect([headers['tracestate'], headers['baggage']]).toEqual([undefined, undefined])
    }
  })

  test('nothing goes on from the handler of a batch', () => {
    const traced = createTraced(options)
    const received = delivery({ carrier: forged, key: 1 })
    for (const call of [{}, ELSEWHERE]) {
      const headers = traced.tracing.processBatch([received], () => sent(traced, forged, call))
      expect(headers['traceparent']).not.toContain(SPAN)
      expect(headers['baggage']).toBeUndefined()
    }
  })

  test('the copy counts on all the same, and links the attempt', () => {
    const traced = createTraced(options)
    const received = delivery({ carrier: forged, key: 1 })
    const headers = traced.tracing.process(received, () =>
      sent(traced, forged, { move: { kind: 'retry', delivery: received } }),
    )
    const [, , spanId] = String(headers['traceparent']).split('-')
    expect(headers['tracebaton']).toMatch(
      new RegExp(`^1;c=.*-${spanId}-01;a=2;.*p=.*-${traced.span('process orders').spanContext().spanId}-`),
    )
  })
})

/** Reads a field of another tracer, which writes it itself. */
const READER: TextMapPropagator = {
  fields: () => ['x-read'],
  inject: () => {},
  extract(into, carrier, getter) {
    const creation = parseTraceparent(String(getter.get(carrier, 'x-read')))
    return creation === undefined ? into : trace.setSpanContext(into, creation)
  },
}

describe('of a message whose producer is trusted in full', () => {
  test.each(WAYS.slice(0, 2))('context and baggage go on %s, in the handler and after it', (_, way) => {
    const traced = createTraced()
    const carrier = { traceparent: TRACEPARENT, baggage: 'tenant=7' }
    const received = delivery({ carrier, key: 1 })
    const inside = traced.tracing.process(received, () => sent(traced, carrier, way(received)))
    const outside = sent(traced, carrier, way(received))
    for (const headers of [inside, outside]) expect(headers).toMatchObject(carrier)
  })

  test.each(WAYS.slice(0, 2))('baggage goes on %s where it has no context', (_, way) => {
    const carrier = { baggage: 'tenant=7' }
    const headers = sent(createTraced(), carrier, way(delivery({ carrier })))
    expect(headers).toMatchObject({ ...carrier, traceparent: expect.any(String) })
  })

  test('the headers stay as they are while tracing is suppressed, but for those of a move', () => {
    const traced = createTraced()
    const received = delivery()
    const call: Partial<Publication> = { move: { kind: 'retry', delivery: received } }
    contexts.with(suppressTracing(contexts.active()), () => {
      const { traceparent, tracestate, baggage } = forged
      const tracebaton: unknown = expect.stringContaining(';a=2;')
      expect(sent(traced, forged, call)).toMatchObject({ traceparent, tracestate, baggage, tracebaton })
      expect(sent(traced, { own: 1 })).toEqual({ own: 1 })
    })
  })

  test('a context that the propagator reads and cannot write stays, with its history', () => {
    const traced = createTraced({ propagator: READER })
    const carrier = { 'x-read': TRACEPARENT }
    const received = delivery({ carrier, key: 1 })
    const headers = traced.tracing.process(received, () =>
      sent(traced, carrier, { move: { kind: 'retry', delivery: received } }),
    )
    expect(headers['x-read']).toBe(TRACEPARENT)
    expect(headers['tracebaton']).toContain(`1;c=${TRACEPARENT.slice(3)};a=2`)
  })
})
