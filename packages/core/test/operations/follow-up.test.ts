import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api'
import { ParentBasedSampler, AlwaysOnSampler, type ReadableSpan } from '@opentelemetry/sdk-trace-base'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Delivery } from '../../src/verdict/delivery.ts'
import { OURS } from '../../src/base/names.ts'
import type { TracingOptions } from '../../src/options.ts'
import { firstField, movedField } from '../field.ts'
import { CREATION, delivery, publication, TRACE, TRACEPARENT } from '../messages.ts'
import { spanContext, traceparentOf } from '../sample.ts'
import { createTraced, useContexts, type Traced } from '../traced.ts'

beforeAll(useContexts)

const FIRST = spanContext('f')
const OPTIONS: TracingOptions = { followUp: 'producer', relation: 'link' }
const fail = (): never => {
  throw new TypeError('no stock')
}
const FOR_GOOD: Partial<Delivery> = { exhausted: 'dead_lettered', maxAttempts: 1 }
const NOTHING = (): void => {}

const followUps = ({ spans }: Traced): ReadableSpan[] => spans.filter(({ attributes }) => OURS.followUp in attributes)

function handle(received: Partial<Delivery>, handler: () => unknown, options: TracingOptions = OPTIONS): Traced {
  const traced = createTraced(options)
  try {
    traced.tracing.process(delivery(received), handler)
  } catch {
    // The handler's own.
  }
  return traced
}

describe('an attempt in another trace than its message', () => {
  test('that is dead-lettered is told of in the trace of the send', () => {
    const traced = handle(FOR_GOOD, fail)
    const attempt = traced.span('process orders')
    const span = traced.span('follow-up orders')
    expect(span).toMatchObject({
      kind: SpanKind.INTERNAL,
      status: { code: SpanStatusCode.ERROR },
      parentSpanContext: { traceId: TRACE, spanId: CREATION.spanId },
      attributes: {
        'messaging.destination.name': 'orders',
        'error.type': 'TypeError',
        [OURS.followUp]: 'dead_lettered',
        [OURS.outcome]: 'dead_lettered',
        [OURS.attempt]: 1,
      },
    })
    expect(span.links).toEqual([{ context: attempt.spanContext(), attributes: { [OURS.linkRole]: 'attempt' } }])
    expect(span.duration).toEqual([0, 0])
    expect(traced.ledger.unbalanced()).toBe(0)
  })

  test('that is dead-lettered by its handler is told of', () => {
    const traced = createTraced(OPTIONS)
    const arrived = delivery()
    traced.tracing.process(arrived, () =>
      traced.tracing.send(
        publication([{ carrier: arrived.carrier }], {
          move: { kind: 'dead_letter', delivery: arrived, error: new RangeError() },
        }),
        NOTHING,
      ),
    )
    expect(followUps(traced).map(({ attributes }) => [attributes[OURS.followUp], attributes['error.type']])).toEqual([
      ['dead_lettered', 'RangeError'],
    ])
  })

  test('that has ended is told of if its message is dead-lettered later, once, if the broker takes the copy', () => {
    const traced = createTraced(OPTIONS)
    const arrived = delivery()
    expect(() => traced.tracing.process(arrived, fail)).toThrow('no stock')
    expect(followUps(traced)).toEqual([])
    const call = publication([{ carrier: arrived.carrier }], { move: { kind: 'dead_letter', delivery: arrived } })
    expect(() => traced.tracing.send(call, fail)).toThrow('no stock')
    traced.tracing.send({ ...call, results: () => ({ messages: [{ error: 'Full' }] }) }, NOTHING)
    expect(followUps(traced)).toEqual([])
    traced.tracing.send(call, NOTHING)
    expect(followUps(traced)).toMatchObject([
      {
        parentSpanContext: { traceId: TRACE, spanId: CREATION.spanId },
        links: [{ context: traced.span('process orders').spanContext() }],
        attributes: { [OURS.followUp]: 'dead_lettered', 'error.type': 'TypeError', [OURS.attempt]: 1 },
      },
    ])
  })

  test('that was given up for good is told of once, if its message is put among dead letters afterwards', () => {
    const traced = createTraced(OPTIONS)
    const arrived = delivery(FOR_GOOD)
    expect(() => traced.tracing.process(arrived, fail)).toThrow('no stock')
    const call = publication([{ carrier: arrived.carrier }], { move: { kind: 'dead_letter', delivery: arrived } })
    traced.tracing.send(call, NOTHING)
    expect(followUps(traced).map(({ attributes }) => attributes[OURS.followUp])).toEqual(['dead_lettered'])
  })

  test('that is dead-lettered while its batch is handled as a whole is told of, whatever the relation', () => {
    for (const relation of ['auto', 'child', 'link'] as const) {
      const traced = createTraced({ ...OPTIONS, relation })
      const other = spanContext('e')
      const batch = [delivery(), delivery({ carrier: { traceparent: traceparentOf(other) } })]
      traced.tracing.processBatch(batch, () => {
        const move = { kind: 'dead_letter', delivery: batch[1]!, error: new RangeError() } as const
        traced.tracing.send(publication([{ carrier: batch[1]!.carrier }], { move }), NOTHING)
      })
      expect(followUps(traced)).toMatchObject([
        {
          parentSpanContext: { traceId: other.traceId, spanId: other.spanId },
          links: [{ context: traced.span('process orders').spanContext() }],
          attributes: { [OURS.followUp]: 'dead_lettered', 'error.type': 'RangeError' },
        },
      ])
    }
  })

  test('that fails for good is told of', () => {
    const traced = handle({ exhausted: 'discarded', maxAttempts: 1 }, fail)
    expect(followUps(traced).map(({ attributes }) => attributes[OURS.followUp])).toEqual(['failed'])
  })

  test('that was rejected without an error is told of', () => {
    const traced = createTraced(OPTIONS)
    const attempt = traced.tracing.open(delivery())
    attempt.run(NOTHING)
    attempt.settle('rejected')
    expect(followUps(traced)).toMatchObject([
      { attributes: { [OURS.followUp]: 'failed', 'error.type': 'rejected' }, status: { code: SpanStatusCode.ERROR } },
    ])
  })

  test('whose message waited longer than a trace may live is told of, which is no error', () => {
    const now = Date.now()
    const traced = handle({ sentAt: now - 5_000, deliveredAt: now }, NOTHING, { ...OPTIONS, maxTraceAge: 4_000 })
    expect(followUps(traced)).toMatchObject([
      { attributes: { [OURS.followUp]: 'waited', [OURS.outcome]: 'acked' }, status: { code: SpanStatusCode.UNSET } },
    ])
    expect(followUps(handle({ sentAt: now - 5_000, deliveredAt: now }, NOTHING))).toEqual([])
  })

  test('on a dead letter that the broker itself moved is told of once', () => {
    const dead: Partial<Delivery> = { kind: 'dead_letter', deadLetter: { source: 'orders', reason: 'rejected' } }
    expect(followUps(handle(dead, NOTHING)).map(({ attributes }) => attributes[OURS.followUp])).toEqual([
      'dead_lettered',
    ])
    const again = { ...dead, count: { deliveries: 2, exact: true } }
    expect(followUps(handle(again, NOTHING))).toEqual([])
  })

  test('on a dead letter that the application moved is not told of again', () => {
    const tracebaton = movedField(CREATION, { attempt: 1, kind: 'dead_letter' })
    expect(followUps(handle({ carrier: { traceparent: TRACEPARENT, tracebaton } }, NOTHING))).toEqual([])
  })

  test('is told of in the trace of the first send, too', () => {
    const tracebaton = firstField(CREATION, { journey: FIRST })
    const traced = handle({ ...FOR_GOOD, carrier: { traceparent: TRACEPARENT, tracebaton } }, fail)
    expect(followUps(traced).map(({ parentSpanContext }) => parentSpanContext?.spanId)).toEqual([
      CREATION.spanId,
      FIRST.spanId,
    ])
  })

  test.each<[string, Partial<Delivery>, () => unknown]>([
    ['that succeeds', {}, NOTHING],
    ['that fails and comes again', {}, fail],
  ])('nobody is told of one %s', (_, received, handler) => {
    expect(followUps(handle(received, handler))).toEqual([])
  })
})

describe('nothing is told', () => {
  test('unless the option says so', () => {
    expect(followUps(handle(FOR_GOOD, fail, { relation: 'link' }))).toEqual([])
    const traced = createTraced({ relation: 'link' })
    const arrived = delivery()
    traced.tracing.process(arrived, NOTHING)
    traced.tracing.send(publication([{}], { move: { kind: 'dead_letter', delivery: arrived } }), NOTHING)
    expect(followUps(traced)).toEqual([])
  })

  test('in the trace that the attempt is in', () => {
    expect(followUps(handle(FOR_GOOD, fail, { followUp: 'producer' }))).toEqual([])
  })

  test('of a message without a context', () => {
    expect(followUps(handle({ ...FOR_GOOD, carrier: {} }, fail))).toEqual([])
  })

  test.each(['link-only', 'ignore'] as const)('to producers that are trusted %s', (trust) => {
    // Their flags say "not sampled", which this sampler does not look at.
    const traced = createTraced({ ...OPTIONS, trust }, new AlwaysOnSampler())
    expect(() => traced.tracing.process(delivery(FOR_GOOD), fail)).toThrow('no stock')
    expect(followUps(traced)).toEqual([])
  })

  test('in the trace of a context in the slot of the broker that decides nothing', () => {
    const slot = { traceparent: TRACEPARENT, decides: false }
    expect(followUps(handle({ ...FOR_GOOD, carrier: {}, slot }, fail))).toEqual([])
    expect(followUps(handle({ ...FOR_GOOD, carrier: {}, slot: { ...slot, decides: true } }, fail))).toHaveLength(1)
  })

  test('in a trace that is not sampled', () => {
    const traced = createTraced(OPTIONS, new ParentBasedSampler({ root: new AlwaysOnSampler() }))
    const carrier = { traceparent: traceparentOf({ ...CREATION, traceFlags: TraceFlags.NONE }) }
    expect(() => traced.tracing.process(delivery({ ...FOR_GOOD, carrier }), fail)).toThrow('no stock')
    expect(followUps(traced)).toEqual([])
    expect(traced.span('process orders').attributes[OURS.outcome]).toBe('dead_lettered')
  })
})
