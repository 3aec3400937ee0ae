import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { OURS } from '../../src/base/names.ts'
import type { Outcome } from '../../src/base/policy.ts'
import { SHARED } from '../../src/base/shared-state.ts'
import { failedMemory } from '../../src/memory/attempts.ts'
import type { Store } from '../../src/memory/bounded.ts'
import type { CopyFacts, Delivery } from '../../src/verdict/delivery.ts'
import { CREATION, delivery, lineage, TRACEPARENT } from '../messages.ts'
import { spanContext } from '../sample.ts'
import { createTraced, useContexts } from '../traced.ts'

beforeAll(useContexts)

const store = (globalThis as { [key: symbol]: unknown })[Symbol.for(SHARED.failedAttempts)] as Store<string, unknown>
const put = vi.spyOn(store, 'set')
const keys = (): readonly string[] => [...new Set(put.mock.calls.map(([key]) => key))].filter((key) => store.get(key))
beforeEach(() => {
  for (const key of keys()) store.delete(key)
})

const context = spanContext('a')
const own: CopyFacts = { creation: CREATION, lineage: undefined, deaths: 0, before: undefined }
const redelivered = { deliveries: 2, exact: false }

/** A message as RabbitMQ hands it out. */
const arrival = (part: Partial<Delivery> = {}): Delivery =>
  delivery({ system: 'rabbitmq', queue: 'orders', facts: { messageId: 'm-1' }, memory: failedMemory, ...part })
const again = (part: Partial<Delivery> = {}): Delivery => arrival({ count: redelivered, ...part })

function end(outcome: Outcome, part: Partial<Delivery> = {}, copy: CopyFacts = own, attempt = 1): void {
  failedMemory.ended(arrival(part), copy, { attempt, redrives: 0 }, context, outcome, undefined)
}
const recall = (part: Partial<Delivery> = {}, copy: CopyFacts = own) => failedMemory.recall(again(part), copy)?.attempt

describe('an attempt', () => {
  test.each(['requeued', 'retry_scheduled', 'rejected', 'dead_lettered', 'abandoned'] as const)(
    'that ended as %s is kept at its end, because its message may come back',
    (outcome) => {
      expect(failedMemory.began(arrival(), { attempt: 1, redrives: 0 }, context, own)).toBeUndefined()
      expect(recall()).toBeUndefined()
      end(outcome)
      expect(recall()).toBe(1)
    },
  )

  test.each(['acked', 'discarded'] as const)('that ended as %s is not kept', (outcome) => {
    end(outcome)
    expect(keys()).toEqual([])
  })

  test('that ended after the next one began is no longer the latest once that one has ended, either', () => {
    expect(recall()).toBeUndefined()
    end('requeued', {}, own, 1)
    end('acked', { count: redelivered }, own, 2)
    expect(recall()).toBeUndefined()
    expect(keys()).toEqual([])
  })

  test('is taken out by the answer', () => {
    end('requeued')
    expect([recall(), recall()]).toEqual([1, undefined])
    expect(keys()).toEqual([])
  })

  test('is not known by anything where a second one has its key, until both are asked for', () => {
    end('requeued', {}, own, 1)
    end('requeued', {}, own, 5)
    expect(recall()).toBeUndefined()
    end('requeued', {}, own, 2)
    expect(recall()).toBe(2)
  })

  test('is not asked for on a first delivery', () => {
    end('requeued')
    expect(failedMemory.recall(arrival(), own)).toBeUndefined()
    expect(failedMemory.recall(arrival({ count: { deliveries: 1, exact: false } }), own)).toBeUndefined()
    expect(failedMemory.latest(again(), own)).toBeUndefined()
    expect(recall()).toBe(1)
  })

  test.each<[string, Partial<Delivery>, Partial<CopyFacts>]>([
    ['another queue', { queue: 'others' }, {}],
    ['another system', { system: 'lavinmq' }, {}],
    ['another message id', { facts: { messageId: 'm-2' } }, {}],
    ['another span that made it', {}, { creation: spanContext('d') }],
    ['no context', {}, { creation: undefined }],
    ['another attempt that the copy is for', {}, { lineage: { attempt: 2 } }],
    ['another number of redrives', {}, { lineage: { redrives: 1 } }],
    ['another number of deaths', {}, { deaths: 1 }],
  ])('is not that of a message with %s', (_, part, facts) => {
    end('requeued')
    expect(recall(part, { ...own, ...facts })).toBeUndefined()
    expect(recall()).toBe(1)
  })

  test.each<[string, Partial<Delivery>]>([
    ['a message id', { facts: {} }],
    ['a queue', { queue: undefined }],
  ])('is not kept without %s', (_, part) => {
    end('requeued', part)
    expect(keys()).toEqual([])
    expect(recall(part)).toBeUndefined()
  })

  test('is kept by a short key, however long the id is', () => {
    const part = { facts: { messageId: 'm'.repeat(10_000) } }
    end('requeued', part)
    expect(keys().map(({ length }) => length)).toEqual([32])
    expect(recall(part)).toBe(1)
  })
})

/** A copy that the broker has dead-lettered from `orders` so often. */
const brought = (deaths: number): CopyFacts => ({ ...own, deaths, before: { queue: 'orders', deaths: deaths - 1 } })

describe('a copy that the broker dead-lettered and brought back', () => {
  test('is known by the key that it had before, with one death fewer', () => {
    end('rejected')
    expect(failedMemory.recall(arrival(), brought(1))).toBeUndefined()
    expect(failedMemory.recallElsewhere(arrival(), brought(1))?.attempt).toBe(1)
    expect(failedMemory.recallElsewhere(arrival(), brought(1))).toBeUndefined()
  })

  test('is asked for by its own key first, even if it is handed out for the first time', () => {
    end('requeued', {}, brought(1), 2)
    expect(failedMemory.recall(arrival(), brought(1))?.attempt).toBe(2)
  })

  test('has nothing before where the broker does not say', () => {
    end('rejected')
    expect(failedMemory.recallElsewhere(arrival(), own)).toBeUndefined()
    expect(keys()).toHaveLength(1)
  })

  test('three times within one second makes attempts 1, 2 and 3, each linking the one before', () => {
    const traced = createTraced()
    const carrier = { traceparent: TRACEPARENT, tracebaton: lineage({ sent: 1_000 }) }
    for (const deaths of [0, 1, 2]) {
      const history = () =>
        deaths === 0
          ? undefined
          : ({ deaths, kind: 'delayed', before: { queue: 'orders', deaths: deaths - 1 } } as const)
      const attempt = traced.tracing.open(arrival({ carrier, history }))
      attempt.run(() => {})
      attempt.settle('rejected')
    }
    expect(traced.spans.map(({ attributes }) => attributes[OURS.attempt])).toEqual([1, 2, 3])
    expect(traced.spans.map(({ attributes }) => attributes[OURS.kind])).toEqual(['first', 'delayed', 'delayed'])
    expect(traced.spans.slice(1).map(({ links }) => links[0]?.context.spanId)).toEqual(
      traced.spans.slice(0, 2).map((span) => span.spanContext().spanId),
    )
    expect(keys()).toHaveLength(1)
  })
})

describe('a message that is settled while its handler still runs', () => {
  const carrier = { traceparent: TRACEPARENT }
  const begin = (traced: ReturnType<typeof createTraced>, part: Partial<Delivery> = {}) =>
    traced.tracing.open(arrival({ carrier, ...part }))

  test.each(['requeued', 'abandoned'] as const)('and handed out again: %s, its attempt is known', async (outcome) => {
    const traced = createTraced()
    const attempts = [begin(traced)]
    const failed = attempts[0]!.run(async () => {
      if (outcome === 'abandoned') attempts[0]!.abandon()
      else attempts[0]!.settle(outcome)
      attempts.push(begin(traced, { count: redelivered }))
      throw new TypeError('no stock')
    })
    await expect(failed).rejects.toThrow('no stock')
    attempts[1]!.run(() => {})
    attempts[1]!.settle('acked')
    const [first, second] = traced.spans
    expect([first, second].map((span) => span?.attributes[OURS.attempt])).toEqual([1, 2])
    expect(first?.attributes[OURS.outcome]).toBe(outcome)
    expect(second?.links.map(({ context: { spanId } }) => spanId)).toContain(first?.spanContext().spanId)
    expect(keys()).toEqual([])
  })

  test('tells the next attempt what its handler failed with by then', async () => {
    const traced = createTraced()
    const first = begin(traced)
    const failed = first.run(async () => {
      first.settle('requeued')
      throw new TypeError('no stock')
    })
    await expect(failed).rejects.toThrow('no stock')
    expect(failedMemory.recall(again({ carrier }), own)?.failure).toMatchObject({ errorType: 'TypeError' })
  })

  test('and then acked is not kept', () => {
    const traced = createTraced()
    const attempt = begin(traced)
    attempt.run(() => attempt.settle('acked'))
    expect(keys()).toEqual([])
  })
})
