import { SpanKind } from '@opentelemetry/api'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { moveMessage, retryResult, sendOne, writableOnly, type MoveRequest } from '../../src/client/moves.ts'
import type { Injection } from '../../src/operations/injection.ts'
import { parseLineage } from '../../src/wire/lineage.ts'
import { delivery, publication, TRACEPARENT } from '../messages.ts'
import { createTraced, useContexts } from '../traced.ts'

beforeAll(useContexts)

const fail = (): never => {
  throw new TypeError('no description')
}

describe('a call that sends one message', () => {
  test('is told what to write onto it', () => {
    const traced = createTraced()
    const injection = sendOne(traced.tracing, publication, (one) => one)
    expect(injection?.fields?.['traceparent']).toContain(traced.span('send orders').spanContext().spanId)
  })

  test('gives what the client gives, and throws what it throws', () => {
    const traced = createTraced()
    const error = new Error('closed')
    expect(sendOne(traced.tracing, publication, () => 'sent')).toBe('sent')
    expect(() =>
      sendOne(traced.tracing, publication, () => {
        throw error
      }),
    ).toThrow(error)
  })

  test.each([
    ['cannot be described', fail, 1],
    ['is not to be traced', () => undefined, 0],
  ])('goes out as it is where it %s', (_, describeIt, failures) => {
    const traced = createTraced()
    const call = vi.fn<(injection: Injection | undefined) => unknown>((injection) => injection)
    expect(sendOne(traced.tracing, describeIt, call)).toBeUndefined()
    expect(call.mock.calls).toEqual([[undefined]])
    expect(traced.failures).toHaveLength(failures)
    expect(traced.spans).toEqual([])
  })
})

const received = () => delivery({ key: 'r-1' })

/** Moves a message, and gives where it went, and what was written onto it. */
async function move(request: Partial<MoveRequest>) {
  const traced = createTraced()
  const described: string[] = []
  const { place, injection } = await moveMessage(
    { kind: 'retry', tracing: traced.tracing, delivery: received(), to: undefined, from: 'orders', ...request },
    (to) => {
      described.push(to)
      return publication([{ carrier: { traceparent: TRACEPARENT } }], { destination: { name: to } })
    },
    async (to, one) => ({ place: to, injection: one }),
  )
  return { traced, described, place, lineage: parseLineage(injection?.fields?.['tracebaton'] ?? ''), injection }
}

describe('a move that was asked for', () => {
  test.each([
    ['retry', 'elsewhere', 'orders', 'elsewhere'],
    ['retry', undefined, 'orders', 'orders'],
    ['redrive', undefined, 'orders', 'orders'],
    ['dead_letter', 'dead', undefined, 'dead'],
  ] as const)('%s to %s, from %s, goes to %s', async (kind, to, from, expected) => {
    const { described, place, lineage, traced } = await move({ kind, to, from })
    expect([place, ...described]).toEqual([expected, expected])
    expect(lineage).toMatchObject({ kind: kind === 'retry' ? 'immediate' : kind })
    expect(traced.span(`send ${expected}`).kind).toBe(SpanKind.CLIENT)
  })

  test.each([
    ['retry', undefined, undefined, /retryLater\(…, \{ to \}\)/],
    ['retry', '', 'orders', /retryLater/],
    ['retry', undefined, '', /retryLater/],
    ['redrive', undefined, undefined, /redrive\(…, \{ to \}\)/],
    // Where it came from is no place for a dead letter.
    ['dead_letter', undefined, 'orders', /deadLetter\(…, \{ to \}\)/],
  ] as const)('%s to %o, from %o, is refused, and nothing is sent', async (kind, to, from, message) => {
    const { tracing, ledger } = createTraced()
    const call = vi.fn<() => Promise<void>>(async () => {})
    const moving = moveMessage({ kind, tracing, delivery: received(), to, from }, () => publication(), call)
    await expect(moving).rejects.toMatchObject({
      code: 'ERR_TRACEBATON_DESTINATION',
      message: expect.stringMatching(message) as string,
    })
    expect(call).not.toHaveBeenCalled()
    expect(ledger.started()).toBe(0)
  })

  test('says what the handler failed with', async () => {
    const { injection } = await move({ kind: 'dead_letter', to: 'dead', error: new RangeError('no stock') })
    expect(injection?.fields).toMatchObject({ 'tracebaton-error-type': 'RangeError', 'tracebaton-attempts': '1' })
  })

  test('of a message that could not be described is an ordinary send', async () => {
    const { lineage, injection } = await move({ delivery: undefined })
    expect(lineage).toBeUndefined()
    // Its context stays.
    expect(injection).toBeUndefined()
  })

  test('whose copy cannot be described is no retry where these are bounded', async () => {
    const { tracing, failures } = createTraced()
    const call = vi.fn<() => Promise<void>>(async () => {})
    const request = { kind: 'retry', tracing, delivery: received(), to: undefined, from: 'orders' } as const
    expect(await retryResult(moveMessage({ ...request, maxAttempts: 3 }, fail, call))).toBe('exhausted')
    expect(call).not.toHaveBeenCalled()
    expect(failures).toHaveLength(1)
  })

  test('whose copy cannot be described goes out as it is', async () => {
    const { tracing, failures, ledger } = createTraced()
    const request = { kind: 'retry', tracing, delivery: received(), to: undefined, from: 'orders' } as const
    expect(await moveMessage(request, fail, async (to, one) => [to, one])).toEqual(['orders', undefined])
    expect(failures).toHaveLength(1)
    expect(ledger.started()).toBe(0)
  })
})

describe('what a copy takes along', () => {
  const entries = [
    ['a', 1],
    ['b', 2],
    ['__proto__', 3],
    ['c\n', 4],
  ] as const

  test('is what its client can write, and the rest is reported once', () => {
    const { tracing, failures } = createTraced()
    const kept = writableOnly(tracing, entries, (_, value) => value % 2 === 1)
    expect(Object.entries(kept)).toEqual([
      ['a', 1],
      ['__proto__', 3],
    ])
    expect(failures.map(({ error }) => (error as Error).message)).toEqual([
      'The copy of a message goes without what its client cannot write: b,c',
    ])
  })

  test('is everything where all can be written, or nobody can tell', () => {
    const { tracing, failures } = createTraced()
    expect(Object.keys(writableOnly(tracing, entries, () => true))).toHaveLength(4)
    expect(failures).toEqual([])
    expect(Object.keys(writableOnly(tracing, entries, fail))).toHaveLength(4)
    expect(failures).toHaveLength(4)
  })
})

test('a delay that is no number is said', async () => {
  const { traced, lineage } = await move({ delay: Number.NaN })
  expect(traced.failures.map(({ error }) => (error as Error).message)).toEqual([
    expect.stringContaining('NaN as its delay'),
  ])
  expect(lineage).toMatchObject({ attempt: 2 })
})
