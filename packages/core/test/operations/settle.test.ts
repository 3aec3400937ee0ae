import { context as contexts, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { beforeAll, describe, expect, test } from 'vitest'
import { METRICS, OURS } from '../../src/base/names.ts'
import type { Settlement } from '../../src/operations/settle.ts'
import { delivery } from '../messages.ts'
import { createTraced, useContexts, type Traced } from '../traced.ts'

beforeAll(useContexts)

function settlement(part: Partial<Settlement> = {}): Settlement {
  return {
    system: 'rabbitmq',
    operation: 'nack',
    destination: { name: 'orders' },
    outcome: 'rejected',
    keys: ['r-1'],
    batch: false,
    ...part,
  }
}

/** The outcome of an attempt with the key `r-1` whose handler does this. */
async function outcomeAfter(work: (traced: Traced) => unknown): Promise<unknown> {
  const traced = createTraced()
  const running = traced.tracing.process(delivery({ system: 'rabbitmq', key: 'r-1' }), async () => work(traced))
  await running.catch(() => {})
  return traced.span('process orders').attributes[OURS.outcome]
}

const refusing = (...positions: number[]) => settlement({ keys: ['r-0', 'r-1'], batch: true, refused: () => positions })

describe('the outcome of an attempt', () => {
  test('is what its handler settled', async () => {
    expect(await outcomeAfter(({ tracing }) => tracing.settle(settlement(), () => {}))).toBe('rejected')
  })

  test('is what it settled even if it fails afterwards', async () => {
    const outcome = await outcomeAfter(({ tracing }) => {
      tracing.settle(settlement({ outcome: 'dead_lettered' }), () => {})
      throw new Error('too late')
    })
    expect(outcome).toBe('dead_lettered')
  })

  test('waits for an asynchronous settlement', async () => {
    expect(await outcomeAfter(({ tracing }) => tracing.settle(settlement(), async () => {}))).toBe('rejected')
  })

  test('is not that of another delivery, however equal the message', async () => {
    const other = settlement({ keys: ['r-2', 'r-3'], batch: true })
    expect(await outcomeAfter(({ tracing }) => tracing.settle(other, () => {}))).toBe('acked')
  })

  test('is not one that the client failed to deliver', async () => {
    const outcome = await outcomeAfter(({ tracing }) =>
      Promise.allSettled([tracing.settle(settlement(), () => Promise.reject(new Error('closed')))]),
    )
    expect(outcome).toBe('acked')
  })

  test('is not one that the broker refused', async () => {
    expect(await outcomeAfter(({ tracing }) => tracing.settle(refusing(1), () => {}))).toBe('acked')
    expect(await outcomeAfter(({ tracing }) => tracing.settle(refusing(0), () => {}))).toBe('rejected')
    expect(await outcomeAfter(({ tracing }) => tracing.settle(refusing(0, 1, 7), () => {}))).toBe('acked')
  })

  test('is not changed by a call that settles nothing', async () => {
    const more = settlement({ outcome: undefined, operation: 'change_visibility' })
    expect(await outcomeAfter(({ tracing }) => tracing.settle(more, () => {}))).toBe('acked')
    const outcome = await outcomeAfter(({ tracing }) => {
      tracing.settle(settlement(), () => {})
      tracing.settle(more, () => {})
    })
    expect(outcome).toBe('rejected')
  })

  test('is each its own while attempts overlap', async () => {
    const traced = createTraced()
    const handle = (key: string, outcome: 'acked' | 'rejected') =>
      traced.tracing.process(delivery({ system: 'rabbitmq', key }), async () => {
        await Promise.resolve()
        traced.tracing.settle(settlement({ keys: [key], outcome }), () => {})
        await Promise.resolve()
      })
    await Promise.all([handle('r-1', 'rejected'), handle('r-2', 'acked'), handle('r-3', 'rejected')])
    expect(traced.spans.map(({ attributes }) => attributes[OURS.outcome])).toEqual(['rejected', 'acked', 'rejected'])
  })
})

describe('a settlement', () => {
  test('makes no span by default, and is not timed', async () => {
    const traced = createTraced()
    expect(traced.tracing.settle(settlement(), () => 'done')).toBe('done')
    expect(traced.ledger.started()).toBe(0)
    expect(await traced.counted(METRICS.operationDuration[0], { 'messaging.operation.name': 'nack' })).toBe(0)
  })

  test('makes a CLIENT span where the option asks for it, and is timed', async () => {
    const traced = createTraced({ spans: { settle: true } })
    const inside = traced.tracing.settle(settlement({ batch: true, keys: ['a', 'b'] }), () =>
      trace.getActiveSpan()?.spanContext(),
    )
    const span = traced.span('nack orders')
    expect(inside).toEqual(span.spanContext())
    expect(span.kind).toBe(SpanKind.CLIENT)
    expect(span.attributes).toMatchObject({
      'messaging.operation.type': 'settle',
      'messaging.batch.message_count': 2,
    })
    expect(await traced.counted(METRICS.operationDuration[0], { 'messaging.operation.name': 'nack' })).toBe(1)
  })

  test('that fails marks its span, and the error passes', async () => {
    const traced = createTraced({ spans: { settle: true } })
    const error = new TypeError('closed')
    await expect(traced.tracing.settle(settlement(), () => Promise.reject(error))).rejects.toBe(error)
    expect(traced.span('nack orders').status.code).toBe(SpanStatusCode.ERROR)
    expect(await traced.counted(METRICS.operationDuration[0], { 'error.type': 'TypeError' })).toBe(1)
  })

  test('is below no span that has ended', () => {
    const traced = createTraced({ spans: { settle: true } })
    const boot = traced.ledger.provider.getTracer('test').startSpan('boot')
    boot.end()
    const inside = contexts.with(trace.setSpan(ROOT_CONTEXT, boot), () =>
      traced.tracing.settle(settlement(), () => trace.getActiveSpan()?.spanContext()),
    )
    const span = traced.span('nack orders')
    expect(span.parentSpanContext).toBeUndefined()
    expect(inside).toEqual(span.spanContext())
  })

  test('without an outcome has no operation type', () => {
    const traced = createTraced({ spans: { settle: true } })
    traced.tracing.settle(settlement({ outcome: undefined, operation: 'change_visibility' }), () => {})
    expect(traced.span('change_visibility orders').attributes).not.toHaveProperty(['messaging.operation.type'])
  })

  test('without a span leaves the active context as it is', () => {
    const traced = createTraced()
    traced.tracing.process(delivery(), () => {
      const before = trace.getActiveSpan()
      expect(traced.tracing.settle(settlement(), () => trace.getActiveSpan())).toBe(before)
    })
  })

  test('tells the hook its outcome', () => {
    const traced = createTraced({
      spans: { settle: true },
      hooks: { onSettle: (span, { outcome }) => void span.setAttribute('shop.outcome', outcome ?? 'none') },
    })
    traced.tracing.settle(settlement(), () => {})
    expect(traced.span('nack orders').attributes['shop.outcome']).toBe('rejected')
  })
})
