import { context as contexts, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { beforeAll, expect, test } from 'vitest'
import type { Delivery } from '../../src/verdict/delivery.ts'
import { METRICS, OURS } from '../../src/base/names.ts'
import { delivery } from '../messages.ts'
import { createTraced, useContexts } from '../traced.ts'

beforeAll(useContexts)

const TRACE = 'a'.repeat(32)
const spanId = (index: number): string => (index + 1).toString(16).padStart(16, '0')

/** Messages of one trace, each with a creation context of its own. */
function batch(count: number, part: (index: number) => Partial<Delivery> = () => ({})): Delivery[] {
  return Array.from({ length: count }, (_, index) =>
    delivery({
      carrier: { traceparent: `00-${TRACE}-${spanId(index)}-01`, baggage: `message=${index}` },
      identity: `batch-${index}`,
      facts: { messageId: `m-${index}`, partition: '3', offset: index },
      ...part(index),
    }),
  )
}

test('the handler of a batch runs in one CONSUMER span without a parent, which links every message', () => {
  const traced = createTraced()
  const outer = trace.setSpanContext(ROOT_CONTEXT, { traceId: 'b'.repeat(32), spanId: 'c'.repeat(16), traceFlags: 1 })
  const active = contexts.with(outer, () =>
    traced.tracing.processBatch(batch(3), () => trace.getActiveSpan()?.spanContext()),
  )
  const span = traced.span('process orders')
  expect(active).toEqual(span.spanContext())
  expect(span.kind).toBe(SpanKind.CONSUMER)
  expect(span.parentSpanContext).toBeUndefined()
  expect(['a', 'b'].map((digit) => digit.repeat(32))).not.toContain(span.spanContext().traceId)
  expect(span.links.map(({ context }) => context.spanId)).toEqual([0, 1, 2].map(spanId))
})

test.each(['auto', 'child', 'link'] as const)('only relation auto puts a batch below its span: %s', (relation) => {
  const traced = createTraced({ relation })
  const outer = trace.setSpanContext(ROOT_CONTEXT, { traceId: 'b'.repeat(32), spanId: 'c'.repeat(16), traceFlags: 1 })
  contexts.with(outer, () =>
    traced.tracing.processBatch(
      batch(2, () => ({ ambient: true })),
      () => {},
    ),
  )
  expect(traced.span('process orders').parentSpanContext?.spanId).toBe(relation === 'auto' ? 'c'.repeat(16) : undefined)
})

test('what is equal for all messages is on the span, what differs on the links', () => {
  const traced = createTraced()
  traced.tracing.processBatch(batch(2), () => {})
  const span = traced.span('process orders')
  expect(span.attributes).toMatchObject({
    'messaging.batch.message_count': 2,
    'messaging.destination.partition.id': '3',
  })
  expect(span.attributes).not.toHaveProperty(['messaging.message.id'])
  expect(span.links[1]?.attributes).toEqual({
    [OURS.linkRole]: 'creation',
    'messaging.message.id': 'm-1',
    'kafka.offset': 1,
  })
})

test('messages that share a context have one link', () => {
  const traced = createTraced()
  const carrier = { traceparent: `00-${TRACE}-${spanId(7)}-01` }
  traced.tracing.processBatch(
    batch(5, () => ({ carrier })),
    () => {},
  )
  expect(traced.span('process orders').links).toHaveLength(1)
})

test('the newest message is linked last, also if an older one has its context', () => {
  const traced = createTraced()
  const carriers = [7, 8, 7].map((digit) => ({ traceparent: `00-${TRACE}-${spanId(digit)}-01` }))
  traced.tracing.processBatch(
    batch(3, (index) => ({ carrier: carriers[index] })),
    () => {},
  )
  expect(traced.span('process orders').links.map(({ context }) => context.spanId)).toEqual([spanId(8), spanId(7)])
})

test('untrusted messages are not linked, half-trusted ones without their flags', () => {
  for (const [trust, flags] of [
    ['ignore', []],
    ['link-only', [0, 0]],
  ] as const) {
    const traced = createTraced({ trust })
    traced.tracing.processBatch(batch(2), () => {})
    expect(traced.span('process orders').links.map(({ context }) => context.traceFlags)).toEqual(flags)
  }
})

test('each message handled inside has a span of its own, below its creation, linking the batch', async () => {
  const traced = createTraced()
  const deliveries = batch(3)
  await traced.tracing.processBatch(deliveries, () =>
    Promise.all(
      deliveries.map((one, index) =>
        traced.tracing.process(one, async () => {
          await Promise.resolve()
          expect(trace.getActiveSpan()?.spanContext().traceId).toBe(TRACE)
          expect(traced.tracing.capture()['baggage']).toBe(`message=${index}`)
        }),
      ),
    ),
  )
  const whole = traced.spans.at(-1)
  const single = traced.spans.slice(0, -1)
  expect(single.map((span) => span.parentSpanContext?.spanId)).toEqual([0, 1, 2].map(spanId))
  for (const span of single) {
    expect(span.links[0]?.context.spanId).toBe(whole?.spanContext().spanId)
    expect(span.links.map(({ attributes }) => attributes?.[OURS.linkRole])).toEqual(['batch', 'creation'])
  }
})

test('a failing message fails alone', () => {
  const traced = createTraced()
  const [first, second] = batch(2)
  traced.tracing.processBatch([first!, second!], () => {
    traced.tracing.process(first!, () => {})
    try {
      traced.tracing.process(second!, () => {
        throw new Error('no stock')
      })
    } catch {
      // The handler goes on with the rest of its batch.
    }
  })
  expect(traced.spans.map(({ status }) => status.code)).toEqual([
    SpanStatusCode.UNSET,
    SpanStatusCode.ERROR,
    SpanStatusCode.UNSET,
  ])
})

test('a message of another source inside the handler links no batch', () => {
  const traced = createTraced()
  traced.tracing.processBatch(batch(1), () => traced.tracing.process(delivery({ identity: 'other' }), () => {}))
  expect(traced.spans[0]?.links.map(({ attributes }) => attributes?.[OURS.linkRole])).toEqual(['creation'])
})

test('a failing batch handler is an ERROR, and its error passes', async () => {
  const traced = createTraced()
  const error = new TypeError('no stock')
  await expect(traced.tracing.processBatch(batch(2), () => Promise.reject(error))).rejects.toBe(error)
  expect(traced.span('process orders').status.code).toBe(SpanStatusCode.ERROR)
  expect(traced.span('process orders').attributes['error.type']).toBe('TypeError')
})

test('a failing batch is no ERROR where only the last failure is one, because it is handed out again', () => {
  const traced = createTraced({ errorStatus: 'terminal' })
  const failing = (): unknown =>
    traced.tracing.processBatch(batch(2), () => {
      throw new TypeError('no stock')
    })
  expect(failing).toThrow('no stock')
  expect(traced.span('process orders').status.code).toBe(SpanStatusCode.UNSET)
  expect(traced.span('process orders').attributes['error.type']).toBe('TypeError')
})

test('an empty batch runs its handler once, without a span', () => {
  const traced = createTraced()
  expect(traced.tracing.processBatch([], () => 'done')).toBe('done')
  expect(traced.ledger.started()).toBe(0)
})

test('every message is counted once, whether it is handled by itself as well or not', async () => {
  const traced = createTraced()
  const deliveries = batch(3)
  await traced.tracing.processBatch(deliveries, async () => {
    for (const one of deliveries) {
      // oxlint-disable-next-line no-await-in-loop -- the metric is read while one is being handled
      await traced.tracing.process(one, async () => {
        expect(await traced.counted(METRICS.inFlight[0])).toBe(3)
      })
    }
  })
  expect(await traced.counted(METRICS.consumed[0])).toBe(3)
  expect(await traced.counted(METRICS.inFlight[0])).toBe(0)
  expect(await traced.counted(METRICS.deliveries[0])).toBe(3)
})

test('the time of a batch is recorded once, and not again for a message handled inside', async () => {
  const traced = createTraced()
  const deliveries = batch(3)
  traced.tracing.processBatch(deliveries, () => deliveries.forEach((one) => traced.tracing.process(one, () => {})))
  expect(await traced.counted(METRICS.processDuration[0])).toBe(1)
  traced.tracing.process(delivery({ identity: 'alone' }), () => {})
  expect(await traced.counted(METRICS.processDuration[0])).toBe(2)
})

test('messages that a receive call counted are not counted again', async () => {
  const traced = createTraced()
  traced.tracing.processBatch(
    batch(3, () => ({ received: true })),
    () => {},
  )
  expect(await traced.counted(METRICS.consumed[0])).toBe(0)
})
