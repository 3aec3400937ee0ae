import { SpanKind } from '@opentelemetry/api'
import { beforeAll, describe, expect, test } from 'vitest'
import { parseLineage } from '../../src/wire/lineage.ts'
import { OURS } from '../../src/base/names.ts'
import { delivery, lineage, publication, TRACEPARENT } from '../messages.ts'
import { createTraced, useContexts } from '../traced.ts'

beforeAll(useContexts)

const expired = { source: 'orders-wait', reason: 'expired', waited: true } as const

/** The span of a message that the broker moved, after whatever the application did with it. */
function handled(
  kind: 'immediate' | 'delayed' | 'dead_letter' | undefined,
  deadLetter: typeof expired | { source: string },
) {
  const attempt = kind === 'dead_letter' ? 1 : 2
  const carrier = { traceparent: TRACEPARENT, ...(kind !== undefined && { tracebaton: lineage({ attempt, kind }) }) }
  const traced = createTraced()
  traced.tracing.process(delivery({ carrier, kind: 'dead_letter', deadLetter }), () => {})
  return traced.span('process orders')
}

describe('a message whose time in a queue was over', () => {
  test.each(['immediate', 'delayed'] as const)('is the retry that it was sent there for: %s', (kind) => {
    const { attributes, parentSpanContext } = handled(kind, expired)
    expect(attributes).toMatchObject({ [OURS.attempt]: 2, [OURS.kind]: kind })
    expect(attributes).not.toHaveProperty(OURS.deadLetterSource)
    expect(parentSpanContext).toBeDefined()
  })

  test.each([undefined, 'dead_letter'] as const)('is a dead letter where it was no retry: %s', (kind) => {
    const { attributes, parentSpanContext } = handled(kind, expired)
    expect(attributes).toMatchObject({ [OURS.kind]: 'dead_letter', [OURS.deadLetterSource]: 'orders-wait' })
    expect(parentSpanContext).toBeUndefined()
  })
})

test.each([
  ['as the copy says, to the millisecond', { sent: 100_000, delay: 700 }, 0.025],
  ['as the broker says, to the second, where the copy does not know', { sent: 100_000 }, 0.725],
  ['as the broker says, where nobody said when the copy was sent', { delay: 700 }, 0.725],
])('the time in the queue after a wait is %s', (_, times, expected) => {
  const traced = createTraced()
  const carrier = { traceparent: TRACEPARENT, tracebaton: lineage({ attempt: 2, kind: 'delayed', ...times }) }
  const arrival = { carrier, kind: 'dead_letter', deadLetter: expired, queuedAt: 100_000, delay: 0 } as const
  traced.tracing.process(delivery({ ...arrival, deliveredAt: 100_725 }), () => {})
  expect(traced.span('process orders').attributes[OURS.queueTime]).toBeCloseTo(expected, 6)
})

test('a retry that the broker moved for another reason is a dead letter, and counts from one', () => {
  const { attributes } = handled('delayed', { source: 'orders' })
  expect(attributes).toMatchObject({ [OURS.attempt]: 1, [OURS.kind]: 'dead_letter', [OURS.deadLetterSource]: 'orders' })
})

test('a copy that is a move says when it was sent, where the broker does not', () => {
  const traced = createTraced()
  const carrier = { traceparent: TRACEPARENT, tracebaton: lineage({ firstSent: 1000, sent: 1000 }) }
  const before = Date.now()
  const injection = traced.tracing.process(delivery({ carrier }), () =>
    traced.tracing.send(publication([{ carrier, stampTime: true }]), ([one]) => one),
  )
  expect(traced.span('send orders').kind).toBe(SpanKind.CLIENT)
  const next = parseLineage(injection?.fields?.['tracebaton'] ?? '')
  expect(next).toMatchObject({ attempt: 2, firstSent: 1000 })
  expect(next?.sent).toBeGreaterThanOrEqual(before)
})
