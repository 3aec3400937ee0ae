import { context as contexts, propagation, ROOT_CONTEXT, SpanKind, trace, type Link } from '@opentelemetry/api'
import type { Lineage } from '../../src/wire/history.ts'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Delivery, OutgoingMessage, Publication } from '../../src/verdict/delivery.ts'
import { parseLineage } from '../../src/wire/lineage.ts'
import { OURS } from '../../src/base/names.ts'
import type { TracingOptions } from '../../src/options.ts'
import type { Injection } from '../../src/operations/injection.ts'
import { parseTraceparent } from '../../src/wire/traceparent.ts'
import { CREATION, delivery, lineage, publication, SPAN, TRACEPARENT } from '../messages.ts'
import { createTraced, useContexts, type Traced } from '../traced.ts'

beforeAll(useContexts)

const roles = ({ links }: { links: readonly Link[] }) =>
  links.map(({ attributes, context }) => [attributes?.[OURS.linkRole], context.spanId])
const traceparentOf = (injection: Injection | undefined) => injection?.fields?.['traceparent']
const lineageOf = (injection: Injection | undefined): Lineage | undefined =>
  parseLineage(injection?.fields?.['tracebaton'] ?? '')

const CARRIER = { traceparent: TRACEPARENT }
const elsewhere = { destination: { name: 'elsewhere' } }

interface Moving {
  readonly options?: TracingOptions
  readonly received?: Partial<Delivery>
  readonly message?: Partial<OutgoingMessage>
  readonly call?: Partial<Publication>
}

/** Handles a message, sends it from inside its handler, and gives what is written onto it. */
function resend({ options, received, message, call }: Moving): { traced: Traced; injection: Injection | undefined } {
  const traced = createTraced(options)
  const injection = traced.tracing.process(delivery(received), () =>
    traced.tracing.send(publication([{ carrier: received?.carrier ?? CARRIER, ...message }], call), ([one]) => one),
  )
  return { traced, injection }
}

describe('a context that somebody injected by hand', () => {
  test('is replaced: it is an ordinary new message', () => {
    const traced = createTraced()
    const outer = traced.ledger.provider.getTracer('test').startSpan('outer')
    const injection = contexts.with(trace.setSpan(ROOT_CONTEXT, outer), () => {
      const carrier: Record<string, string> = {}
      new W3CTraceContextPropagator().inject(contexts.active(), carrier, {
        set: (headers, key, value) => void (headers[key] = value),
      })
      expect(parseTraceparent(carrier['traceparent'] ?? '')?.spanId).toBe(outer.spanContext().spanId)
      return traced.tracing.send(publication([{ carrier }]), ([one]) => one)
    })
    outer.end()
    const span = traced.span('send orders')
    expect(span.kind).toBe(SpanKind.PRODUCER)
    expect(span.links).toEqual([])
    expect(parseTraceparent(traceparentOf(injection) ?? '')?.spanId).toBe(span.spanContext().spanId)
  })

  test('inside a handler is replaced as well', () => {
    const traced = createTraced()
    const injection = traced.tracing.process(delivery(), () => {
      const carrier = traced.tracing.capture()
      return traced.tracing.send(publication([{ carrier }]), ([one]) => one)
    })
    const span = traced.span('send orders')
    expect(span.kind).toBe(SpanKind.PRODUCER)
    expect(parseTraceparent(traceparentOf(injection) ?? '')?.spanId).toBe(span.spanContext().spanId)
    expect(lineageOf(injection)).toBeUndefined()
  })
})

describe('a message sent back to where it came from', () => {
  test('is a retry: same context, lineage one further, a CLIENT span below the attempt', () => {
    const { traced, injection } = resend({ received: { sentAt: 1000 } })
    const attempt = traced.span('process orders').spanContext()
    const span = traced.span('send orders')
    expect(span.kind).toBe(SpanKind.CLIENT)
    expect(span.parentSpanContext?.spanId).toBe(attempt.spanId)
    expect(roles(span)).toEqual([['creation', SPAN]])
    expect(traceparentOf(injection)).toBe(TRACEPARENT)
    expect(lineageOf(injection)).toMatchObject({
      creation: CREATION,
      attempt: 2,
      firstSent: 1000,
      kind: 'immediate',
      previousAttempt: { traceId: attempt.traceId, spanId: attempt.spanId },
    })
  })

  test('later is a delayed retry, which says the delay', () => {
    const { injection } = resend({ message: { delay: 30_000 } })
    expect(lineageOf(injection)).toMatchObject({ attempt: 2, kind: 'delayed', delay: 30_000 })
  })

  test('again and again has one traceparent and one lineage, and counts on', () => {
    const traced = createTraced({ maxTraceAge: Number.POSITIVE_INFINITY })
    let carrier: Record<string, string | undefined> = {
      ...CARRIER,
      tracebaton: lineage({ maxAttempts: 9, firstSent: 1000 }),
    }
    for (let hop = 1; hop <= 5; hop++) {
      const fields = traced.tracing.process(delivery({ carrier }), () =>
        traced.tracing.send(publication([{ carrier }]), ([one]) => one?.fields),
      )
      carrier = { ...fields }
      expect(Object.keys(carrier).filter((name) => !name.startsWith('tracebaton-'))).toEqual([
        'traceparent',
        'tracebaton',
      ])
      expect(carrier['traceparent']).toBe(TRACEPARENT)
      expect(parseLineage(carrier['tracebaton'] ?? '')).toMatchObject({
        attempt: hop + 1,
        maxAttempts: 9,
        firstSent: 1000,
      })
    }
    const attempts = traced.spans.filter(({ name }) => name === 'process orders')
    expect(attempts.map((span) => span.parentSpanContext?.spanId)).toEqual(attempts.map(() => SPAN))
    expect(attempts.slice(1).map((span) => span.links[0]?.context.spanId)).toEqual(
      attempts.slice(0, -1).map((span) => span.spanContext().spanId),
    )
  })

  test('keeps what the producer wished, and its trace state and baggage', () => {
    const carrier = {
      traceparent: TRACEPARENT,
      tracestate: 'vendor=1',
      baggage: 'tenant=7',
      tracebaton: lineage({ relation: 'link' }),
    }
    const { injection } = resend({ received: { carrier } })
    expect(injection?.fields).toMatchObject({ traceparent: TRACEPARENT, tracestate: 'vendor=1', baggage: 'tenant=7' })
    expect(lineageOf(injection)?.relation).toBe('link')
  })
})

describe('a message sent on to another place', () => {
  test('is a new message: replaced, lineage dropped, the old context linked', () => {
    const carrier = { traceparent: TRACEPARENT, tracebaton: lineage({ attempt: 4 }) }
    const { traced, injection } = resend({ received: { carrier }, call: elsewhere })
    const span = traced.span('send elsewhere')
    expect(span.kind).toBe(SpanKind.PRODUCER)
    expect(span.parentSpanContext?.spanId).toBe(traced.span('process orders').spanContext().spanId)
    expect(roles(span)).toEqual([['message', SPAN]])
    expect(parseTraceparent(traceparentOf(injection) ?? '')?.spanId).toBe(span.spanContext().spanId)
    expect(injection?.fields).not.toHaveProperty('tracebaton')
  })

  test('in a bulk has the old context linked on its own span', () => {
    const traced = createTraced()
    traced.tracing.process(delivery(), () =>
      traced.tracing.send(publication([{ carrier: CARRIER }, {}], elsewhere), () => {}),
    )
    const creates = traced.spans.filter(({ name }) => name === 'create elsewhere')
    expect(creates.map(roles)).toEqual([[['message', SPAN]], []])
    expect(roles(traced.span('send elsewhere'))).toEqual(
      creates.map((create) => ['message', create.spanContext().spanId]),
    )
  })

  test.each([
    ['retry', { attempt: 3, kind: 'immediate' }],
    ['dead_letter', { attempt: 1, kind: 'dead_letter' }],
    ['redrive', { attempt: 1, kind: 'redrive', redrives: 2 }],
  ] as const)('by a helper that says %s is a move', (kind, expected) => {
    const carrier = { traceparent: TRACEPARENT, tracebaton: lineage({ attempt: 2, redrives: 1 }) }
    const move = { kind, delivery: delivery({ carrier }) }
    const { traced, injection } = resend({ received: { carrier }, call: { ...elsewhere, move } })
    expect(traced.span('send elsewhere').kind).toBe(SpanKind.CLIENT)
    expect(traceparentOf(injection)).toBe(TRACEPARENT)
    expect(lineageOf(injection)).toMatchObject({ redrives: 1, ...expected })
  })

  test('follows the option republish', () => {
    const seen: unknown[] = []
    const options: TracingOptions = {
      republish(call, { destination }) {
        seen.push([call.destination.name, destination.name])
        return call.destination.name === 'elsewhere' ? 'dead_letter' : 'forward'
      },
    }
    expect(lineageOf(resend({ options, call: elsewhere }).injection)?.kind).toBe('dead_letter')
    const forward = resend({ options })
    expect(lineageOf(forward.injection)).toBeUndefined()
    expect(traceparentOf(forward.injection)).not.toBe(TRACEPARENT)
    expect(seen).toEqual([
      ['elsewhere', 'orders'],
      ['orders', 'orders'],
    ])
  })

  test('of another broker is one even if it has the same name', () => {
    const { traced, injection } = resend({ call: { system: 'rabbitmq' } })
    expect(lineageOf(injection)).toBeUndefined()
    expect(parseTraceparent(traceparentOf(injection) ?? '')?.spanId).toBe(
      traced.span('send orders').spanContext().spanId,
    )
    expect(traced.span('process orders').attributes[OURS.outcome]).toBe('acked')
  })

  test('judged by its own destination, not by that of the call', () => {
    const home = resend({ message: { destination: { name: 'orders' } }, call: { destination: {} } })
    const away = resend({ message: { destination: { name: 'other' } } })
    const unknown = resend({ received: { destination: {} }, call: { destination: {} } })
    expect(lineageOf(home.injection)?.attempt).toBe(2)
    expect(lineageOf(away.injection)).toBeUndefined()
    expect(lineageOf(unknown.injection)).toBeUndefined()
  })

  test.each([
    ['us/orders', 'eu/orders', undefined],
    ['eu/orders', 'eu/orders', 2],
    [undefined, 'eu/orders', 2],
    ['us/orders', undefined, 2],
  ])('of the same name, at the address %s and received from %s: attempt %s', (to, from, attempt) => {
    const { injection } = resend({
      received: { destination: { name: 'orders', address: from } },
      call: { destination: { name: 'orders', address: to } },
    })
    expect(lineageOf(injection)?.attempt).toBe(attempt)
    expect(traceparentOf(injection) === TRACEPARENT).toBe(attempt !== undefined)
  })

  test.each([
    ['shop:order.created', 2],
    ['billing', 2],
    ['shop:order.created:billing', undefined],
  ])('where a message comes from two addresses, to %s: attempt %s', (name, attempt) => {
    const { injection } = resend({
      received: { destination: { name: 'shop:order.created:billing' }, addresses: ['shop:order.created', 'billing'] },
      call: { destination: { name } },
    })
    expect(lineageOf(injection)?.attempt).toBe(attempt)
  })
})

describe('any other context on a message', () => {
  const stored = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracebaton: 'as it was' }

  test('is kept: an outbox relay makes a CLIENT span that links it', () => {
    const traced = createTraced()
    const injections = traced.tracing.send(publication([{ carrier: stored }]), (all) => all)
    expect(injections).toEqual([undefined])
    const span = traced.span('send orders')
    expect(span.kind).toBe(SpanKind.CLIENT)
    expect(roles(span)).toEqual([['creation', 'b'.repeat(16)]])
  })

  test('is kept inside a handler of another message, even to its own destination', () => {
    const { traced, injection } = resend({ message: { carrier: stored } })
    expect(injection).toBeUndefined()
    expect(roles(traced.span('send orders'))).toEqual([['creation', 'b'.repeat(16)]])
  })

  test('is kept beside new messages of the same call', () => {
    const traced = createTraced()
    const sent = traced.tracing.send(publication([{ carrier: stored }, {}, { carrier: CARRIER }]), (all) => all)
    expect(sent.map((one) => one === undefined)).toEqual([true, false, true])
    const create = traced.span('create orders').spanContext().spanId
    expect(traced.span('send orders').kind).toBe(SpanKind.CLIENT)
    expect(roles(traced.span('send orders'))).toEqual([
      ['creation', 'b'.repeat(16)],
      ['message', create],
      ['creation', SPAN],
    ])
  })

  test('shared by a relayed bulk is linked once, and no message has a span of its own', () => {
    const traced = createTraced()
    traced.tracing.send(publication([{ carrier: CARRIER }, { carrier: CARRIER }]), () => {})
    expect(traced.ledger.started()).toBe(1)
    expect(traced.span('send orders').kind).toBe(SpanKind.CLIENT)
    expect(roles(traced.span('send orders'))).toEqual([['creation', SPAN]])
  })
})

test('a captured context comes back from JSON, and a send in it is below it', () => {
  const traced = createTraced()
  const baggage = propagation.createBaggage({ tenant: { value: '7' } })
  const active = propagation.setBaggage(trace.setSpanContext(ROOT_CONTEXT, CREATION), baggage)
  const record = contexts.with(active, () => traced.tracing.capture())
  const restored = traced.tracing.from(JSON.parse(JSON.stringify(record)) as typeof record)
  contexts.with(restored, () => traced.tracing.send(publication(), () => {}))
  expect(record).toEqual({ traceparent: TRACEPARENT, baggage: 'tenant=7' })
  expect(traced.span('send orders').parentSpanContext?.spanId).toBe(SPAN)
  expect(contexts.with(ROOT_CONTEXT, () => traced.tracing.capture())).toEqual({})
})
