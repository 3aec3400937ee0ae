import { beforeAll, describe, expect, test, vi } from 'vitest'
import { OURS } from '../../src/base/names.ts'
import { identityMemory, REMEMBERED_ATTEMPTS } from '../../src/memory/attempts.ts'
import { keyOf } from '../../src/memory/bounded.ts'
import type { CopyFacts, Delivery } from '../../src/verdict/delivery.ts'
import { delivery, CREATION } from '../messages.ts'
import { spanContext } from '../sample.ts'
import { createTraced, useContexts } from '../traced.ts'

beforeAll(useContexts)

const context = spanContext('a')
const copy: CopyFacts = { creation: CREATION, lineage: undefined, deaths: 0, before: undefined }
const again = { deliveries: 2, exact: false }

/** A message that may have been handed out before. */
const arrival = (identity: string | undefined, part: Partial<Delivery> = {}): Delivery =>
  delivery({ identity, count: again, ...part })
const remember = (identity: string | undefined, attempt = 1) =>
  identityMemory.began(delivery({ identity }), { attempt, redrives: 0 }, context, copy)
const recall = (identity: string | undefined) => identityMemory.recall(arrival(identity), copy)?.attempt

describe('the memory of attempts by identity', () => {
  test('gives the latest attempt of an identity', () => {
    remember('one', 1)
    remember('two', 1)
    remember('one', 2)
    expect([recall('one'), recall('two'), recall('three')]).toEqual([2, 1, undefined])
  })

  test('remembers nothing without an identity', () => {
    expect(remember(undefined)).toBeUndefined()
    expect(recall(undefined)).toBeUndefined()
    expect(recall('undefined')).toBeUndefined()
  })

  test.each([
    ['says nothing', undefined, 1],
    ['says that it may have been handed out before', { deliveries: 2, exact: false }, 1],
    ['counts a second delivery', { deliveries: 2, exact: true }, 1],
    ['says that it was handed out at least once', { deliveries: 1, exact: false }, undefined],
    ['counts a first delivery', { deliveries: 1, exact: true }, undefined],
  ] as const)('is asked by its own name where the broker %s', (_, count, attempt) => {
    remember('asked')
    expect(identityMemory.recall(arrival('asked', { count }), copy)?.attempt).toBe(attempt)
    expect(identityMemory.latest(arrival('asked', { count }), copy)?.attempt).toBe(1)
  })

  test('knows a message by the name that it had before the broker moved it', () => {
    remember('before', 4)
    const moved = arrival('after', { identityBefore: 'before', count: undefined })
    expect(identityMemory.recallElsewhere(moved, copy)?.attempt).toBe(4)
    expect(identityMemory.recall(moved, copy)).toBeUndefined()
    expect(identityMemory.recallElsewhere(arrival('before'), copy)).toBeUndefined()
  })

  test('is bounded, and keeps the latest half of its bound for sure', () => {
    remember('first')
    const identities = Array.from({ length: 3 * REMEMBERED_ATTEMPTS + 7 }, (_, index) => `${index}`)
    for (const identity of identities) remember(identity)
    const known = identities.map((identity) => recall(identity) !== undefined)
    expect(recall('first')).toBeUndefined()
    expect(known.filter(Boolean).length).toBeLessThanOrEqual(REMEMBERED_ATTEMPTS)
    expect(known.lastIndexOf(false)).toBeLessThan(known.length - REMEMBERED_ATTEMPTS / 2)
  })

  test('keeps what is attempted again', () => {
    const others = (): void => {
      for (let index = 1; index < REMEMBERED_ATTEMPTS / 2; index++) remember(`${index}`)
    }
    remember('again', 1)
    others()
    remember('again', 2)
    others()
    expect(recall('again')).toBe(2)
  })

  test('is one for the process, however often the package is loaded', async () => {
    remember('loaded', 4)
    vi.resetModules()
    const second = await import('../../src/memory/attempts.ts')
    expect(second.identityMemory).not.toBe(identityMemory)
    expect(second.identityMemory.recall(arrival('loaded'), copy)?.attempt).toBe(4)
  })
})

describe('the key of an identity', () => {
  test('is the identity up to 256 characters, and a digest of 32 hex digits beyond', () => {
    const longest = 'x'.repeat(256)
    expect(keyOf(longest)).toBe(longest)
    expect(keyOf(`${longest}y`)).toMatch(/^[0-9a-f]{32}$/)
    expect(keyOf(`${longest}y`)).toBe(keyOf(`${longest}y`))
    expect(keyOf(`${longest}y`)).not.toBe(keyOf(`${longest}z`))
  })

  test('of any length finds its attempt again', () => {
    const long = 'long'.repeat(1_000)
    remember(long, 3)
    expect(recall(long)).toBe(3)
    expect(recall(`${long}.`)).toBeUndefined()
  })
})

/** A delivery that its broker counts. */
const counted = (deliveries: number): Delivery =>
  delivery({ identity: 'forgotten', count: { deliveries, exact: true } })

test('an attempt that was forgotten is unknown to the next one, and no other stands in for it', () => {
  const traced = createTraced()
  traced.tracing.process(counted(1), () => {})
  for (let other = 0; other < 2 * REMEMBERED_ATTEMPTS; other++) remember(`other ${other}`)
  traced.tracing.process(counted(2), () => {})
  const span = traced.spans.find(({ attributes }) => attributes[OURS.attempt] === 2)
  expect(span?.attributes[OURS.previousAttempt]).toBe('unknown')
  expect(span?.attributes[OURS.attemptSource]).toBe('broker')
  expect(span?.links.map(({ attributes }) => attributes?.[OURS.linkRole])).toEqual(['creation'])
})
