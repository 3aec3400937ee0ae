import { SpanKind, type Link } from '@opentelemetry/api'
import type { Lineage } from '../../src/wire/history.ts'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Delivery, Move, OutgoingMessage } from '../../src/verdict/delivery.ts'
import { parseLineage } from '../../src/wire/lineage.ts'
import { OURS } from '../../src/base/names.ts'
import type { Injection } from '../../src/operations/injection.ts'
import { parseTraceparent } from '../../src/wire/traceparent.ts'
import { traceparentOf } from '../sample.ts'
import { createAdapterTracing, type AdapterTracing } from '../../src/tracing.ts'
import { delivery, lineage, publication, SPAN, TRACEPARENT } from '../messages.ts'
import { createTraced, useContexts } from '../traced.ts'

beforeAll(useContexts)

const roles = ({ links }: { links: readonly Link[] }) =>
  links.map(({ attributes, context }) => [attributes?.[OURS.linkRole], context.spanId])
const lineageOf = (injection: Injection | undefined): Lineage | undefined =>
  parseLineage(injection?.fields?.['tracebaton'] ?? '')

/** Moves a message to `dead`, as a publishing helper does, and gives what is written onto it. */
function move(
  tracing: AdapterTracing,
  received: Delivery,
  { kind = 'dead_letter', error }: Partial<Move> = {},
  message: Partial<OutgoingMessage> = {},
): Injection | undefined {
  const call = { destination: { name: 'dead' }, move: { kind, delivery: received, error } }
  return tracing.send(publication([{ carrier: received.carrier, ...message }], call), ([one]) => one)
}

const count = (deliveries: number): Partial<Delivery> => ({ count: { deliveries, exact: true }, identity: 'known' })

const fail = (): never => {
  throw new TypeError('no stock')
}

describe('a move after its handler has thrown, outside of its context', () => {
  test('belongs to the attempt that failed: child of it, and linked to it on the message', () => {
    const traced = createTraced()
    const received = delivery({ key: 'r-1' })
    expect(() => traced.tracing.process(received, fail)).toThrow('no stock')
    const injection = move(traced.tracing, { ...received }, { error: new TypeError('no stock') })
    const attempt = traced.span('process orders').spanContext()
    const send = traced.span('send dead')
    expect(send.kind).toBe(SpanKind.CLIENT)
    expect(send.parentSpanContext?.spanId).toBe(attempt.spanId)
    expect(roles(send)).toEqual([['creation', SPAN]])
    expect(send.attributes).toMatchObject({ [OURS.deadLetterSource]: 'orders', [OURS.deadLetterReason]: 'TypeError' })
    expect(injection?.fields?.['traceparent']).toBe(TRACEPARENT)
    expect(lineageOf(injection)?.previousAttempt?.spanId).toBe(attempt.spanId)
    expect(lineageOf(injection)).toMatchObject({ kind: 'dead_letter', attempt: 1 })
  })

  test('counts on from that attempt, and not from the memory of it', () => {
    const traced = createTraced()
    const received = delivery({ key: 'r-1', identity: 'counts on' })
    traced.tracing.process(delivery({ identity: 'counts on' }), () => {})
    traced.tracing.process(received, () => {})
    expect(lineageOf(move(traced.tracing, received, { kind: 'retry' }))).toMatchObject({ attempt: 3 })
  })

  test('is told from the attempt of another delivery of the same message', () => {
    const traced = createTraced()
    const [early, late] = ['r-1', 'r-2'].map((key) => delivery({ key, identity: 'twice' })) as [Delivery, Delivery]
    traced.tracing.process(early, () => {})
    traced.tracing.process(late, () => {})
    const previous = lineageOf(move(traced.tracing, early))?.previousAttempt?.spanId
    const [first, second] = traced.spans.filter(({ name }) => name === 'process orders')
    expect(previous).toBe(first?.spanContext().spanId)
    expect(previous).not.toBe(second?.spanContext().spanId)
  })

  test('in the handler of another message leaves that one alone', () => {
    const traced = createTraced()
    const received = delivery({ key: 'r-1' })
    expect(() => traced.tracing.process(received, fail)).toThrow('no stock')
    const other = delivery({ destination: { name: 'others' }, key: 'r-2' })
    traced.tracing.process(other, () => move(traced.tracing, received, { error: new TypeError('no stock') }))
    expect(traced.span('send dead').parentSpanContext?.spanId).toBe(traced.span('process orders').spanContext().spanId)
    expect(traced.span('process others').attributes[OURS.outcome]).toBe('acked')
    expect(traced.span('process others').events).toEqual([])
  })

  test('of a message that was received with a batch belongs to the span of the batch', () => {
    const traced = createTraced()
    const received = delivery({ key: 'r-1' })
    traced.tracing.processBatch([delivery({ key: 'r-2' }), received], () => {})
    const previous = lineageOf(move(traced.tracing, received))?.previousAttempt
    expect(previous?.spanId).toBe(traced.span('process orders').spanContext().spanId)
  })
})

describe('a move of a message whose attempt nobody knows', () => {
  test('says what the message says, and links no attempt', () => {
    const traced = createTraced()
    const carrier = { traceparent: TRACEPARENT, tracebaton: lineage({ attempt: 3, redrives: 1, firstSent: 1000 }) }
    const injection = move(traced.tracing, delivery({ carrier, key: 'r-1' }), { kind: 'retry' })
    expect(lineageOf(injection)).toMatchObject({ attempt: 4, redrives: 1, firstSent: 1000 })
    expect(lineageOf(injection)).not.toHaveProperty('previousAttempt')
    expect(traced.span('send dead').parentSpanContext).toBeUndefined()
  })

  test('links the remembered one where the broker counts exactly, and only that one', () => {
    const traced = createTraced()
    traced.tracing.process(delivery(count(2)), () => {})
    const attempt = traced.span('process orders').spanContext()
    expect(lineageOf(move(traced.tracing, delivery(count(2))))?.previousAttempt?.spanId).toBe(attempt.spanId)
    expect(lineageOf(move(traced.tracing, delivery(count(3))))).not.toHaveProperty('previousAttempt')
    expect(lineageOf(move(traced.tracing, delivery({ identity: 'known' })))).not.toHaveProperty('previousAttempt')
  })
})

describe('a move of a message that never had a context', () => {
  const received = delivery({ carrier: {}, key: 'r-1', sentAt: 1000 })

  test('gives it one, and the history that it has', () => {
    const traced = createTraced()
    traced.tracing.process(received, () => move(traced.tracing, received, { kind: 'retry' }))
    const injection = move(traced.tracing, received, { kind: 'retry' })
    const attempt = traced.span('process orders').spanContext()
    const send = traced.spans.find(({ name }) => name === 'send dead')
    expect(send?.kind).toBe(SpanKind.PRODUCER)
    expect(send?.parentSpanContext?.spanId).toBe(attempt.spanId)
    expect(lineageOf(injection)).toMatchObject({
      creation: { spanId: parseTraceparent(injection?.fields?.['traceparent'] ?? '')?.spanId },
      attempt: 2,
      firstSent: 1000,
      previousAttempt: { spanId: attempt.spanId },
    })
  })

  test('without an SDK says where it was, and nothing else', () => {
    const injection = move(createAdapterTracing(), received)
    expect(injection?.fields).toMatchObject({ 'tracebaton-original-destination': 'orders', 'tracebaton-attempts': '1' })
    expect(injection?.fields).not.toHaveProperty('traceparent')
  })
})

test('without an SDK a move counts on, and the context stays', () => {
  const carrier = { traceparent: TRACEPARENT, tracebaton: lineage({ attempt: 3, maxAttempts: 5 }) }
  const injection = move(createAdapterTracing(), delivery({ carrier }), { kind: 'retry' }, { delay: 500 })
  expect(injection?.fields?.['traceparent']).toBe(TRACEPARENT)
  expect(lineageOf(injection)).toMatchObject({ attempt: 4, maxAttempts: 5, delay: 500, kind: 'delayed' })
})

test('a context in the slot of the broker comes along', () => {
  const traced = createTraced()
  const injection = move(traced.tracing, delivery({ carrier: {}, slot: { traceparent: TRACEPARENT, decides: true } }))
  expect(injection?.fields?.['traceparent']).toBe(TRACEPARENT)
  expect(lineageOf(injection)?.creation?.spanId).toBe(SPAN)
})

test('the copy says when it was sent where the broker does not keep that', () => {
  const before = Date.now()
  const injection = move(createTraced().tracing, delivery(), {}, { stampTime: true })
  expect(lineageOf(injection)?.sent).toBeGreaterThanOrEqual(before)
})

test('a move whose description fails goes out as it is', () => {
  const traced = createTraced()
  const broken = { ...delivery(), getter: { keys: fail, get: fail } }
  expect(move(traced.tracing, broken)?.fields?.['tracebaton-original-destination']).toBe('orders')
  expect(traced.failures.map(({ stage }) => stage)).toContain('headers')
})

test.each([
  ['link-only', [['creation', SPAN, 0]]],
  ['ignore', []],
] as const)(
  'of a producer whose trust is %s, a move links what is believed, and the copy has a context of its own',
  (trust, links) => {
    const traced = createTraced({ trust })
    const received = delivery({ key: 'r-1' })
    const inside = traced.tracing.process(received, () => move(traced.tracing, received))
    const outside = move(traced.tracing, delivery())
    for (const span of traced.spans.filter(({ name }) => name === 'send dead')) {
      const seen = span.links.map(({ attributes, context }) => [
        attributes?.[OURS.linkRole],
        context.spanId,
        context.traceFlags,
      ])
      expect(seen).toEqual(links)
    }
    const sends = traced.spans.filter(({ name }) => name === 'send dead')
    expect([inside, outside].map((one) => one?.fields?.['traceparent'])).toEqual(
      sends.map((span) => traceparentOf(span.spanContext())),
    )
  },
)

test('the active context of the call is the one of the send', () => {
  const traced = createTraced()
  const received = delivery({ key: 'r-1' })
  traced.tracing.process(received, () => {})
  const call = { destination: { name: 'dead' }, move: { kind: 'dead_letter', delivery: received } as const }
  const inner = traced.tracing.send(publication([{}], call), () => traced.tracing.capture())
  expect(inner['traceparent']).toContain(traced.span('send dead').spanContext().spanId)
})

/** A dead letter on `parked`, of which it is told that it was on `dead` at first. */
const parked = (): Delivery =>
  delivery({
    destination: { name: 'parked' },
    carrier: {
      traceparent: TRACEPARENT,
      tracebaton: lineage({ kind: 'dead_letter' }),
      'tracebaton-attempts': '3',
      'tracebaton-original-destination': 'dead',
      'tracebaton-original-position': 'm-1',
      'tracebaton-original-consumer': 'workers',
    },
  })

const originals = (injection: Injection | undefined): unknown[] =>
  ['destination', 'position', 'consumer'].map((what) => injection?.fields?.[`tracebaton-original-${what}`])

/** Redrives it, and gives what is written onto it. */
const redriveTo = (name: string): Injection | undefined => {
  const received = parked()
  const call = { destination: { name }, move: { kind: 'redrive', delivery: received } as const }
  return createTraced().tracing.send(publication([{ carrier: received.carrier }], call), ([one]) => one)
}

describe('where a message was at first', () => {
  test.each(['dead', 'orders'])('stays the same when it is redriven to %s', (place) => {
    expect(originals(redriveTo(place))).toEqual(['dead', 'm-1', 'workers'])
  })

  test.each(['dead', 'workers'])(
    'is given up anew where it goes to that very place, %s, and is not put back',
    (place) => {
      const traced = createTraced()
      const received = delivery({ carrier: { ...redriveTo('orders')?.fields } })
      const call = { destination: { name: place }, move: { kind: 'dead_letter', delivery: received } as const }
      const given = traced.tracing.send(publication([{ carrier: received.carrier }], call), ([one]) => one)
      expect(originals(given)).toEqual(['orders', undefined, undefined])
      traced.tracing.process(delivery({ destination: { name: place }, carrier: { ...given?.fields } }), () => {})
      const { attributes, parentSpanContext } = traced.span(`process ${place}`)
      expect(attributes).toMatchObject({
        [OURS.kind]: 'dead_letter',
        [OURS.deadLetterSource]: 'orders',
        [OURS.redrives]: 1,
      })
      expect(parentSpanContext).toBeUndefined()
    },
  )
})
