import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { OURS } from '../../src/base/names.ts'
import { createDeliveries, type Deliveries } from '../../src/client/deliveries.ts'
import { openAttempts } from '../../src/memory/register.ts'
import { createAdapterTracing, type AdapterTracing } from '../../src/tracing.ts'
import { delivery } from '../messages.ts'
import { createTraced, useContexts } from '../traced.ts'

beforeAll(useContexts)
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

interface Channel {
  closed: boolean
}

let names = 0
const create = (name = `test.deliveries.${(names += 1)}`): Deliveries<Channel> =>
  createDeliveries(name, ({ closed }) => closed)

/** Receives messages by these tags, and handles them. */
function receive(deliveries: Deliveries<Channel>, tracing: AdapterTracing, channel: Channel, ...tags: number[]) {
  return tags.map((tag) => {
    const arrival = delivery({ source: channel, key: tag })
    const attempt = deliveries.open(channel, arrival, (options) => tracing.open(arrival, options))
    attempt.run(() => {})
    return attempt
  })
}

const tagsOf = (found: readonly (readonly [number, unknown])[]): number[] =>
  found.map(([tag]) => tag).toSorted((left, right) => left - right)

describe('deliveries that wait for their settlement', () => {
  test('are found by their channel and tag, until they are settled', () => {
    const { tracing } = createTraced()
    const deliveries = create()
    const [one, other] = [{ closed: false }, { closed: false }]
    const [attempt] = receive(deliveries, tracing, one, 1)
    const [same] = receive(deliveries, tracing, other, 1)
    expect(deliveries.find(one, 1)?.attempt).toBe(attempt)
    expect(deliveries.find(other, 1)?.attempt).toBe(same)
    expect(deliveries.find(one, 2)).toBeUndefined()
    expect(deliveries.find(one, 1)?.delivery.key).toBe(1)
    attempt?.settle('acked')
    expect(deliveries.find(one, 1)).toBeUndefined()
    expect(deliveries.find(other, 1)?.attempt).toBe(same)
    deliveries.abandon(other)
  })

  test('are found up to a tag, and with 0 all of them', () => {
    const { tracing } = createTraced()
    const deliveries = create()
    const channel = { closed: false }
    receive(deliveries, tracing, channel, 1, 2, 3, 5)
    expect(tagsOf(deliveries.findUpTo(channel, 3))).toEqual([1, 2, 3])
    expect(tagsOf(deliveries.findUpTo(channel, 4))).toEqual([1, 2, 3])
    expect(tagsOf(deliveries.findUpTo(channel, 0))).toEqual([1, 2, 3, 5])
    expect(deliveries.findUpTo({ closed: false }, 0)).toEqual([])
    // What was found may be settled while it is gone through.
    for (const [, { attempt }] of deliveries.findUpTo(channel, 3)) attempt.settle('acked')
    expect(tagsOf(deliveries.findUpTo(channel, 0))).toEqual([5])
    deliveries.abandon(channel)
  })

  test('are given up with their channel, and no others are', () => {
    const { tracing, spans } = createTraced()
    const deliveries = create()
    const [gone, stays] = [{ closed: false }, { closed: false }]
    receive(deliveries, tracing, gone, 1, 2)
    receive(deliveries, tracing, stays, 1)
    deliveries.abandon(gone)
    expect(spans.map(({ attributes }) => attributes[OURS.outcome])).toEqual(['abandoned', 'abandoned'])
    deliveries.abandonWhere((channel) => channel === stays)
    expect(spans).toHaveLength(3)
    expect(openAttempts.size()).toBe(0)
  })

  test('are given up once their channel turns out to be closed', () => {
    const { tracing, spans } = createTraced()
    const deliveries = create()
    const [early, late] = [{ closed: false }, { closed: false }]
    receive(deliveries, tracing, early, 1)
    receive(deliveries, tracing, late, 1)
    vi.advanceTimersByTime(5_000)
    expect(spans).toHaveLength(0)
    early.closed = true
    vi.advanceTimersByTime(1_000)
    expect(spans).toHaveLength(1)
    late.closed = true
    vi.advanceTimersByTime(1_000)
    expect(spans.map(({ attributes }) => attributes[OURS.outcome])).toEqual(['abandoned', 'abandoned'])
    // Nothing is looked at while nothing waits.
    expect(openAttempts.size()).toBe(0)
    receive(deliveries, tracing, { closed: true }, 1)
    vi.advanceTimersByTime(1_000)
    expect(spans).toHaveLength(3)
  })

  test('are found by their tags while others come and go', () => {
    const { tracing } = createTraced()
    const deliveries = create()
    const channel = { closed: false }
    receive(deliveries, tracing, channel, 1)
    for (const tag of [2, 3]) {
      receive(deliveries, tracing, channel, tag)
      expect(tagsOf(deliveries.findUpTo(channel, 0))).toEqual([1, tag])
      deliveries.find(channel, tag)?.attempt.settle('acked')
    }
    expect(tagsOf(deliveries.findUpTo(channel, 0))).toEqual([1])
    deliveries.find(channel, 1)?.attempt.settle('acked')
    expect(deliveries.findUpTo(channel, 0)).toEqual([])
    // The next look at the channel finds that nothing waits there, and sets no timer.
    vi.advanceTimersByTime(1_000)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('are not kept where the attempt is not open: without an SDK', () => {
    const deliveries = create()
    const channel = { closed: false }
    receive(deliveries, createAdapterTracing(), channel, 1)
    expect(deliveries.find(channel, 1)).toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('are those of the process, however often the package is loaded', () => {
    const { tracing } = createTraced()
    const [one, other] = [create('test.deliveries.shared'), create('test.deliveries.shared')]
    const channel = { closed: false }
    const [attempt] = receive(one, tracing, channel, 1)
    expect(other.find(channel, 1)?.attempt).toBe(attempt)
    other.abandon(channel)
    expect(one.find(channel, 1)).toBeUndefined()
  })
})
