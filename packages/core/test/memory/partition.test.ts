import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { OURS } from '../../src/base/names.ts'
import { SHARED } from '../../src/base/shared-state.ts'
import { REMEMBERED_ATTEMPTS } from '../../src/memory/attempts.ts'
import { partitionsOf, type Partition } from '../../src/memory/partition.ts'
import type { Delivery } from '../../src/verdict/delivery.ts'
import { delivery } from '../messages.ts'
import { spanContext } from '../sample.ts'
import { createTraced, useContexts, type Traced } from '../traced.ts'

beforeAll(useContexts)

const context = spanContext('a')

/** A record; its time is the same each time it is read. */
const record = (partition: Partition, offset: number, sentAt: number = 1_000 + offset): Delivery =>
  delivery({ memory: partition, source: partition, key: offset, facts: { offset, partition: partition.id }, sentAt })

const began = (partition: Partition, offset: number, attempt = 1, sentAt?: number) =>
  partition.began(record(partition, offset, sentAt), { attempt, redrives: 0 }, context)
const recall = (partition: Partition, offset: number, sentAt?: number) =>
  partition.recall(record(partition, offset, sentAt))?.attempt

/** Handles the records of these offsets, and gives number, source and kind of each attempt. */
function handle(traced: Traced, partition: Partition, ...offsets: number[]): unknown[] {
  return offsets.map((offset) => {
    traced.tracing.process(record(partition, offset), () => {})
    const { attributes } = traced.spans.at(-1)!
    return [attributes[OURS.attempt], attributes[OURS.attemptSource], attributes[OURS.kind]]
  })
}

const FIRST = [1, 'assumed', 'first']

describe('a partition', () => {
  test('recalls nothing above its mark, and at or below it the record of the same offset', () => {
    const partition = partitionsOf(undefined).of('orders', 0)
    expect(recall(partition, 0)).toBeUndefined()
    began(partition, 5, 3)
    expect([4, 5, 6].map((offset) => recall(partition, offset))).toEqual([undefined, 3, undefined])
    began(partition, 2, 1)
    expect([2, 5].map((offset) => recall(partition, offset))).toEqual([1, 3])
    expect(partition.latest(record(partition, 5))?.attempt).toBe(3)
    expect(partition.recallElsewhere()).toBeUndefined()
  })

  test('does not take the record of a topic that was made again for the same', () => {
    const partition = partitionsOf(undefined).of('orders', 0)
    began(partition, 5)
    expect(recall(partition, 5, 9_999)).toBeUndefined()
    began(partition, 5, 1, 9_999)
    expect([recall(partition, 5, 9_999), recall(partition, 5)]).toEqual([1, undefined])
  })

  test('takes records without a time for the same by their offset', () => {
    const partition = partitionsOf(undefined).of('orders', 0)
    const timeless = delivery({ memory: partition, facts: { offset: 5 } })
    partition.began(timeless, { attempt: 1, redrives: 0 }, context)
    expect(partition.recall(timeless)?.attempt).toBe(1)
  })

  test('remembers nothing without an offset', () => {
    const partition = partitionsOf(undefined).of('orders', 0)
    const lost = delivery({ memory: partition, facts: {} })
    expect(partition.began(lost, { attempt: 1, redrives: 0 }, context)).toBeUndefined()
    expect(partition.recall(lost)).toBeUndefined()
  })

  test('has the name of its topic and its number, as attributes write it', () => {
    const partitions = partitionsOf(undefined)
    expect(partitions.of('orders', 7).id).toBe('7')
    expect(partitions.of('orders', 7).destination).toEqual({ name: 'orders' })
    expect(partitions.of('orders', 8).destination).toBe(partitions.of('orders', 7).destination)
    expect(partitions.of('orders', 7)).toBe(partitions.of('orders', 7))
    expect(partitions.of('others', 7)).not.toBe(partitions.of('orders', 7))
  })
})

describe('the attempts on a partition', () => {
  test('are first ones while it goes on, and count on where an offset comes again', () => {
    const traced = createTraced()
    const partition = partitionsOf('goes on').of('orders', 0)
    expect(handle(traced, partition, 0, 1, 2)).toEqual([FIRST, FIRST, FIRST])
    expect(handle(traced, partition, 2, 2)).toEqual([
      [2, 'memory', 'redelivery'],
      [3, 'memory', 'redelivery'],
    ])
    const [third, fourth] = traced.spans.slice(2, 4)
    expect(fourth?.links[0]?.context.spanId).toBe(third?.spanContext().spanId)
  })

  test('are first ones of records below the mark that were never handled here: a seek back, a replay', () => {
    const traced = createTraced()
    const partition = partitionsOf('seeks').of('orders', 0)
    expect(handle(traced, partition, 100, 0, 1, 99)).toEqual([FIRST, FIRST, FIRST, FIRST])
    expect(handle(traced, partition, 100)).toEqual([[2, 'memory', 'redelivery']])
  })

  test('of 5,000 records that were handled all count on after a seek to the beginning', () => {
    const partition = partitionsOf('all').of('orders', 0)
    for (let offset = 0; offset < 5_000; offset++) began(partition, offset)
    const recalled = Array.from({ length: 5_000 }, (_, offset) => recall(partition, offset))
    expect(new Set(recalled)).toEqual(new Set([1]))
  })

  test('are those of the group, whichever of its consumers made them', () => {
    const traced = createTraced()
    const [one, other] = [partitionsOf('shared'), partitionsOf('shared')]
    expect(other).toBe(one)
    expect(handle(traced, one.of('orders', 0), 5)).toEqual([FIRST])
    expect(handle(traced, other.of('orders', 0), 5)).toEqual([[2, 'memory', 'redelivery']])
    expect(handle(traced, partitionsOf('another').of('orders', 0), 5)).toEqual([FIRST])
    expect(handle(traced, other.of('orders', 1), 5)).toEqual([FIRST])
  })

  test('are those of one consumer alone where its group is unknown', () => {
    const traced = createTraced()
    expect(handle(traced, partitionsOf(undefined).of('orders', 0), 5)).toEqual([FIRST])
    expect(handle(traced, partitionsOf(undefined).of('orders', 0), 5)).toEqual([FIRST])
  })
})

test(`at most ${REMEMBERED_ATTEMPTS} attempts are kept over 1,000 partitions, the latest half of them for sure`, () => {
  const partitions = partitionsOf('many')
  const places = Array.from({ length: 20_000 }, (_, index) => [index % 1_000, Math.floor(index / 1_000)] as const)
  for (const [number, offset] of places) began(partitions.of('orders', number), offset)
  const known = places.map(([number, offset]) => recall(partitions.of('orders', number), offset) !== undefined)
  expect(known.filter(Boolean).length).toBeLessThanOrEqual(REMEMBERED_ATTEMPTS)
  expect(known.lastIndexOf(false)).toBeLessThan(places.length - REMEMBERED_ATTEMPTS / 2)
})

test('a group goes with the last of its consumers', async () => {
  const groups = (globalThis as { [key: symbol]: unknown })[Symbol.for(SHARED.groups)] as Map<string, unknown>
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const consumers = [partitionsOf('going'), partitionsOf('going')]
  const stays = partitionsOf('staying')
  consumers[0]?.of('orders', 0)
  consumers.pop()
  await new Promise((resolve) => setImmediate(resolve))
  collect()
  expect(groups.has('going')).toBe(true)
  expect(partitionsOf('going')).toBe(consumers[0])
  consumers.pop()
  await vi.waitFor(() => {
    collect()
    expect(groups.has('going')).toBe(false)
  })
  expect(partitionsOf('staying')).toBe(stays)
})
