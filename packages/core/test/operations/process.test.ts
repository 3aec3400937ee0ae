import {
  context as contexts,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  trace,
  type Attributes,
  type Link,
} from '@opentelemetry/api'
import { CompositePropagator, W3CBaggagePropagator } from '@opentelemetry/core'
import { SamplingDecision, type Sampler } from '@opentelemetry/sdk-trace-base'
import { beforeAll, describe, expect, test } from 'vitest'
import { logFields } from '../../src/log-fields.ts'
import { METRICS, OURS } from '../../src/base/names.ts'
import type { TracingOptions } from '../../src/options.ts'
import { createAdapterTracing } from '../../src/tracing.ts'
import type { Delivery } from '../../src/verdict/delivery.ts'
import { CREATION, delivery, lineage, SPAN, TRACE, TRACEPARENT } from '../messages.ts'
import { w3cPropagator } from '../sdk.ts'
import { createTraced, useContexts, type Traced } from '../traced.ts'

beforeAll(useContexts)

const roles = ({ links }: { links: readonly Link[] }) => links.map(({ attributes }) => attributes?.[OURS.linkRole])

/** A span that happens to be active around something. */
function around<Result>({ ledger }: Traced, work: () => Result): Result {
  const span = ledger.provider.getTracer('test').startSpan('around')
  try {
    return contexts.with(trace.setSpan(ROOT_CONTEXT, span), work)
  } finally {
    span.end()
  }
}

/** Sees what spans start with, and decides. */
function seeing(decision: SamplingDecision) {
  const seen: { attributes: Attributes; links: Link[] }[] = []
  const sampler: Sampler = {
    shouldSample: (_context, _traceId, _name, _kind, attributes, links) => {
      seen.push({ attributes: { ...attributes }, links })
      return { decision }
    },
    toString: () => 'seeing',
  }
  return { seen, sampler }
}

describe('the span of an attempt', () => {
  test('is a CONSUMER below the creation context and links it', () => {
    const traced = createTraced()
    traced.tracing.process(delivery({ facts: { messageId: 'm-1', consumerGroup: 'billing' } }), () => {})
    const span = traced.span('process orders')
    expect(span.kind).toBe(SpanKind.CONSUMER)
    expect(span.spanContext().traceId).toBe(TRACE)
    expect(span.parentSpanContext?.spanId).toBe(SPAN)
    expect(span.links.map(({ context }) => context.spanId)).toEqual([SPAN])
    expect(roles(span)).toEqual(['creation'])
    expect(span.attributes).toEqual({
      'messaging.system.name': 'kafka',
      'messaging.system': 'kafka',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'orders',
      'messaging.consumer.group.name': 'billing',
      'messaging.kafka.consumer.group': 'billing',
      'messaging.message.id': 'm-1',
      [OURS.attempt]: 1,
      [OURS.attemptSource]: 'assumed',
      [OURS.kind]: 'first',
      [OURS.outcome]: 'acked',
    })
  })

  test('is a root for a message without a context, whatever is active around it', () => {
    const traced = createTraced()
    around(traced, () => traced.tracing.process(delivery({ carrier: undefined }), () => {}))
    const span = traced.span('process orders')
    expect(span.parentSpanContext).toBeUndefined()
    expect(span.spanContext().traceId).not.toBe(traced.span('around').spanContext().traceId)
    expect(span.links).toEqual([])
    expect(span.attributes[OURS.contextStatus]).toBe('absent')
  })

  test('is a root under link, and names the trace it came from', () => {
    const traced = createTraced({ relation: 'link' })
    around(traced, () => traced.tracing.process(delivery(), () => {}))
    const span = traced.span('process orders')
    expect(span.parentSpanContext).toBeUndefined()
    expect(span.attributes[OURS.creationTraceId]).toBe(TRACE)
    expect(roles(span)).toEqual(['creation'])
  })

  test('is below the ambient span where that belongs to the delivery, with the baggage of the message', () => {
    const traced = createTraced()
    const carrier = { traceparent: TRACEPARENT, baggage: 'tenant=7' }
    const tenant = around(traced, () =>
      traced.tracing.process(delivery({ carrier, ambient: true }), () =>
        propagation.getActiveBaggage()?.getEntry('tenant'),
      ),
    )
    expect(tenant?.value).toBe('7')
    expect(traced.span('process orders').parentSpanContext).toEqual(traced.span('around').spanContext())
  })

  const previousAttempt = { ...CREATION, spanId: 'c7ad6b7169203331' }
  const retried = { traceparent: TRACEPARENT, tracebaton: lineage({ attempt: 2, previousAttempt, kind: 'delayed' }) }
  const operationOnly = {
    'messaging.system.name': 'kafka',
    'messaging.system': 'kafka',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': 'orders',
  }

  test('starts with its links and all that a sampler may decide on, and has the rest once it is recording', () => {
    const { seen, sampler } = seeing(SamplingDecision.RECORD_AND_SAMPLED)
    const traced = createTraced({}, sampler)
    traced.tracing.process(delivery({ carrier: retried, sentAt: 1, deliveredAt: 2001 }), () => {})
    expect(seen).toHaveLength(1)
    expect(seen[0]?.attributes).toEqual({ ...operationOnly, [OURS.attempt]: 2, [OURS.kind]: 'delayed' })
    expect(roles({ links: seen[0]?.links ?? [] })).toEqual(['previous_attempt', 'creation'])
    expect(traced.span('process orders').attributes).toMatchObject({
      [OURS.attempt]: 2,
      [OURS.attemptSource]: 'field',
      [OURS.kind]: 'delayed',
      [OURS.queueTime]: 2,
      [OURS.queueAge]: 2,
    })
  })

  test.each<[string, Partial<Delivery>, TracingOptions, Attributes]>([
    ['a first attempt', {}, {}, {}],
    ['a partition', { facts: { partition: '3' } }, {}, { 'messaging.destination.partition.id': '3' }],
    [
      'a dead letter',
      { kind: 'dead_letter', deadLetter: { source: 'shop', reason: 'expired' } },
      {},
      {
        [OURS.kind]: 'dead_letter',
        [OURS.deadLetterSource]: 'shop',
        [OURS.deadLetterReason]: 'expired',
        [OURS.creationTraceId]: TRACE,
        [OURS.journeyTraceId]: TRACE,
      },
    ],
    [
      'a message from another trace',
      {},
      { relation: 'link' },
      { [OURS.creationTraceId]: TRACE, [OURS.journeyTraceId]: TRACE },
    ],
  ])('of %s starts with that, and no more', (_, part, options, expected) => {
    const { seen, sampler } = seeing(SamplingDecision.RECORD_AND_SAMPLED)
    createTraced(options, sampler).tracing.process(delivery({ sentAt: 1, deliveredAt: 2001, ...part }), () => {})
    expect(seen.map(({ attributes }) => attributes)).toEqual([{ ...operationOnly, ...expected }])
  })

  test('that is recorded only has all facts, too, and hooks are told of them if nothing is recorded', () => {
    for (const decision of [SamplingDecision.RECORD, SamplingDecision.NOT_RECORD]) {
      const seen: unknown[] = []
      const { sampler } = seeing(decision)
      const traced = createTraced(
        { hooks: { onProcess: (span, { history }) => void seen.push([span, history]) } },
        sampler,
      )
      traced.tracing.process(delivery({ carrier: retried }), () => {})
      expect(seen).toEqual([[expect.anything(), expect.objectContaining({ attempt: 2, attemptSource: 'field' })]])
      const attributes = traced.spans.map((span) => span.attributes[OURS.attemptSource])
      expect(attributes).toEqual(decision === SamplingDecision.RECORD ? ['field'] : [])
    }
  })
})

const baggage = () => propagation.getActiveBaggage()?.getEntry('tenant')?.value

describe('trust', () => {
  const previousAttempt = { ...CREATION, spanId: 'c7ad6b7169203331' }
  const carrier = {
    traceparent: TRACEPARENT,
    tracebaton: lineage({ attempt: 5, previousAttempt, relation: 'child', kind: 'delayed', redrives: 2 }),
    baggage: 'tenant=7',
  }
  test('in full believes everything', () => {
    const traced = createTraced()
    expect(traced.tracing.process(delivery({ carrier }), baggage)).toBe('7')
    expect(traced.span('process orders').attributes).toMatchObject({ [OURS.attempt]: 5, [OURS.redrives]: 2 })
  })

  test('link-only links without letting the flags decide, and believes no number', () => {
    const traced = createTraced({ trust: 'link-only' })
    expect(traced.tracing.process(delivery({ carrier }), baggage)).toBeUndefined()
    const span = traced.span('process orders')
    expect(span.parentSpanContext).toBeUndefined()
    expect(roles(span)).toEqual(['previous_attempt', 'creation'])
    expect(span.links.map(({ context }) => context.traceFlags)).toEqual([0, 0])
    expect(span.attributes).toMatchObject({ [OURS.attempt]: 1, [OURS.kind]: 'first' })
  })

  test.each([
    ['ignore', { trust: 'ignore' as const }],
    [
      'a function that fails',
      {
        trust: () => {
          throw new Error('closed')
        },
      },
    ],
    ['a function that promises', { trust: (() => Promise.reject(new Error('closed'))) as never }],
  ])('%s believes nothing', (_name, options) => {
    const traced = createTraced(options)
    expect(traced.tracing.process(delivery({ carrier }), baggage)).toBeUndefined()
    const span = traced.span('process orders')
    expect(span.parentSpanContext).toBeUndefined()
    expect(span.links).toEqual([])
    expect(span.attributes).toMatchObject({ [OURS.contextStatus]: 'untrusted', [OURS.attempt]: 1 })
    expect(span.attributes).not.toHaveProperty([OURS.creationTraceId])
  })
})

describe('attempts that this process remembers', () => {
  test('are linked, one to the one before', () => {
    const traced = createTraced()
    for (const deliveries of [1, 2, 3]) {
      const count = { deliveries, exact: true }
      traced.tracing.process(delivery({ identity: 'remembered', count }), () => {})
    }
    const [first, second, third] = traced.spans
    expect(roles(first!)).toEqual(['creation'])
    expect(second?.links[0]?.context.spanId).toBe(first?.spanContext().spanId)
    expect(third?.links[0]?.context.spanId).toBe(second?.spanContext().spanId)
    expect(traced.spans.map(({ attributes }) => attributes[OURS.attempt])).toEqual([1, 2, 3])
    expect(traced.spans.map(({ attributes }) => attributes[OURS.kind])).toEqual(['first', 'redelivery', 'redelivery'])
    // Siblings: none is below another.
    expect(traced.spans.map((span) => span.parentSpanContext?.spanId)).toEqual([SPAN, SPAN, SPAN])
  })

  test('are unknown where another process made them, never guessed', () => {
    const traced = createTraced()
    traced.tracing.process(delivery({ identity: 'elsewhere', count: { deliveries: 3, exact: true } }), () => {})
    expect(traced.spans[0]?.attributes).toMatchObject({ [OURS.attempt]: 3, [OURS.previousAttempt]: 'unknown' })
    expect(roles(traced.spans[0]!)).toEqual(['creation'])
  })

  test('have the time in queue only at the first, and an age always', () => {
    const traced = createTraced()
    for (const deliveries of [1, 2]) {
      const at = { sentAt: 10_000, deliveredAt: 10_000 + deliveries * 1000 }
      traced.tracing.process(delivery({ identity: 'timed', count: { deliveries, exact: true }, ...at }), () => {})
    }
    expect(traced.spans.map(({ attributes }) => attributes[OURS.queueTime])).toEqual([1, undefined])
    expect(traced.spans.map(({ attributes }) => attributes[OURS.queueAge])).toEqual([1, 2])
  })
})

test.each([
  [{ deliveries: 1, exact: true }, 'requeued'],
  [{ deliveries: 3, exact: true }, 'dead_lettered'],
  [{ deliveries: 1, exact: false }, 'requeued'],
  [{ deliveries: 3, exact: false }, 'dead_lettered'],
])('the last attempt is told by the count of the copy: %j is %s', (count, outcome) => {
  const traced = createTraced()
  const carrier = { traceparent: TRACEPARENT, tracebaton: lineage({ attempt: 3 }) }
  const last = delivery({ carrier, count, maxAttempts: 3, exhausted: 'dead_lettered' })
  const failing = (): unknown =>
    traced.tracing.process(last, () => {
      throw new Error('no stock')
    })
  expect(failing).toThrow('no stock')
  expect(traced.span('process orders').attributes[OURS.outcome]).toBe(outcome)
})

test('a clock that runs behind gives no negative time', () => {
  const traced = createTraced()
  traced.tracing.process(delivery({ sentAt: 5000, deliveredAt: 1000 }), () => {})
  expect(traced.spans[0]?.attributes).toMatchObject({ [OURS.queueTime]: 0, [OURS.queueAge]: 0 })
})

test('without an SDK the handler runs in the context of its message, which is passed on', () => {
  const propagator = w3cPropagator()
  const tracing = createAdapterTracing({ propagator })
  const carrier = { traceparent: TRACEPARENT, baggage: 'tenant=7' }
  for (const relation of ['child', 'link'] as const) {
    const written = createAdapterTracing({ relation, propagator }).process(delivery({ carrier }), () =>
      tracing.capture(),
    )
    expect(written).toMatchObject({ traceparent: TRACEPARENT, baggage: 'tenant=7' })
  }
})

test('counts deliveries, durations and what is in flight, without ids', async () => {
  const traced = createTraced()
  const labels = { 'messaging.destination.name': 'orders', 'messaging.consumer.group.name': 'billing' }
  const facts = { messageId: 'm-1', consumerGroup: 'billing' }
  let inFlight = -1
  await traced.tracing.process(delivery({ facts }), async () => {
    inFlight = await traced.counted(METRICS.inFlight[0], labels)
  })
  try {
    traced.tracing.process(delivery({ facts }), () => {
      throw new TypeError('text')
    })
  } catch {
    // The failure is counted below.
  }
  expect(inFlight).toBe(1)
  expect(await traced.counted(METRICS.inFlight[0])).toBe(0)
  expect(await traced.counted(METRICS.consumed[0], labels)).toBe(2)
  expect(await traced.counted(METRICS.processDuration[0], labels)).toBe(2)
  expect(await traced.counted(METRICS.processDuration[0], { 'error.type': 'TypeError' })).toBe(1)
  expect(await traced.counted(METRICS.deliveries[0], { [OURS.outcome]: 'acked', [OURS.kind]: 'first' })).toBe(1)
  expect(await traced.counted(METRICS.deliveries[0], { [OURS.outcome]: 'requeued' })).toBe(1)
  expect(await traced.counted(METRICS.deliveries[0], { 'messaging.message.id': 'm-1' })).toBe(0)
})

test('the hook is given the started span and the facts, and may add to it', () => {
  const traced = createTraced({
    hooks: { onProcess: (span, { attempt }) => void span.setAttribute('shop.attempt', attempt.attempt) },
  })
  traced.tracing.process(delivery(), () => {})
  expect(traced.span('process orders').attributes['shop.attempt']).toBe(1)
})

test('the hook runs in the context of the handler', () => {
  const seen: unknown[] = []
  const look = (): void => {
    const order = propagation.getActiveBaggage()?.getEntry('order.id')?.value
    seen.push({ span: trace.getActiveSpan()?.spanContext(), order, fields: logFields() })
  }
  const propagator = new CompositePropagator({ propagators: [w3cPropagator(), new W3CBaggagePropagator()] })
  const traced = createTraced({ propagator, baggage: ['order.id'], hooks: { onProcess: look } })
  const carrier = { traceparent: TRACEPARENT, baggage: 'order.id=1042,other=1' }
  traced.tracing.process(delivery({ carrier }), look)
  expect(seen).toEqual([seen[1], expect.objectContaining({ span: traced.spans[0]?.spanContext(), order: '1042' })])
})
