import { EventEmitter, once } from 'node:events'
import { SpanStatusCode, trace } from '@opentelemetry/api'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { METRICS, OURS } from '../../src/base/names.ts'
import { LONGEST_OPEN, MOST_OPEN, openAttempts } from '../../src/memory/register.ts'
import type { Settlement } from '../../src/operations/settle.ts'
import { createAdapterTracing } from '../../src/tracing.ts'
import { delivery } from '../messages.ts'
import { createTraced, useContexts } from '../traced.ts'

beforeAll(useContexts)
// From the first test on: one timer serves all attempts of a process.
beforeAll(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'Date'] })
})
afterAll(() => {
  vi.useRealTimers()
})

const ack: Settlement = {
  system: 'rabbitmq',
  operation: 'ack',
  destination: { name: 'orders' },
  outcome: 'acked',
  keys: ['1'],
  batch: false,
}

describe('the span of an open attempt', () => {
  test('ends when its message is settled after the handler, with what that said', () => {
    const { tracing, spans, span } = createTraced()
    const attempt = tracing.open(delivery())
    expect(attempt.run(() => 'done')).toBe('done')
    expect(spans).toEqual([])
    attempt.settle('rejected')
    expect(span('process orders').attributes[OURS.outcome]).toBe('rejected')
  })

  test('ends with the handler when that settled its message earlier', async () => {
    const { tracing, spans, span } = createTraced()
    const attempt = tracing.open(delivery())
    const running = attempt.run(async () => {
      attempt.settle('requeued')
      await Promise.resolve()
      expect(spans).toEqual([])
    })
    await running
    expect(span('process orders').attributes[OURS.outcome]).toBe('requeued')
  })

  test('is what the handler runs in', () => {
    const { tracing, span } = createTraced()
    const attempt = tracing.open(delivery())
    const active = attempt.run(() => trace.getActiveSpan()?.spanContext().spanId)
    attempt.settle('acked')
    expect(active).toBe(span('process orders').spanContext().spanId)
  })

  test('ends once, and keeps the first word on its message', () => {
    const { tracing, spans, span } = createTraced()
    const attempt = tracing.open(delivery())
    attempt.run(() => {})
    attempt.settle('acked')
    attempt.settle('rejected')
    attempt.abandon()
    expect(spans).toHaveLength(1)
    expect(span('process orders').attributes[OURS.outcome]).toBe('acked')
  })

  test('is an error when the handler failed, whatever became of the message', () => {
    const { tracing, span } = createTraced()
    const attempt = tracing.open(delivery())
    const error = new TypeError('no')
    expect(() =>
      attempt.run(() => {
        throw error
      }),
    ).toThrow(error)
    attempt.settle('dead_lettered')
    const { status, attributes } = span('process orders')
    expect(status.code).toBe(SpanStatusCode.ERROR)
    expect(attributes).toMatchObject({ 'error.type': 'TypeError', [OURS.outcome]: 'dead_lettered' })
  })

  test('is abandoned, which is no error, when nobody can settle its message any more', () => {
    const { tracing, span } = createTraced()
    const attempt = tracing.open(delivery())
    attempt.run(() => {})
    attempt.abandon()
    const { status, attributes } = span('process orders')
    expect(status.code).toBe(SpanStatusCode.UNSET)
    expect(attributes[OURS.outcome]).toBe('abandoned')
  })
})

describe('a call that settles', () => {
  test('ends the attempts it is told of', () => {
    const { tracing, span } = createTraced()
    const attempt = tracing.open(delivery())
    attempt.run(() => {})
    tracing.settle({ ...ack, attempts: [attempt] }, () => {})
    expect(span('process orders').attributes[OURS.outcome]).toBe('acked')
  })

  test('ends each with its own outcome, and none that the broker refused', () => {
    const { tracing, spans } = createTraced()
    const attempts = ['a', 'b', 'c'].map((name) => tracing.open(delivery({ destination: { name } })))
    for (const attempt of attempts) attempt.run(() => {})
    const settlement = { ...ack, keys: ['1', '2', '3'], outcomes: ['acked', 'rejected', 'acked'] as const }
    tracing.settle({ ...settlement, attempts, refused: () => [2] }, () => {})
    const outcomes = spans.map(({ name, attributes }) => [name, attributes[OURS.outcome]])
    expect(outcomes).toEqual([
      ['process a', 'acked'],
      ['process b', 'rejected'],
    ])
    attempts[2]?.abandon()
  })

  test('leaves the attempts open where it fails', () => {
    const { tracing, spans } = createTraced()
    const attempt = tracing.open(delivery())
    attempt.run(() => {})
    expect(() =>
      tracing.settle({ ...ack, attempts: [attempt] }, () => {
        throw new Error('closed')
      }),
    ).toThrow('closed')
    expect(spans).toEqual([])
    attempt.abandon()
  })
})

test('the time in flight is the handler’s; the rest is counted when the message is settled', async () => {
  const { tracing, counted } = createTraced()
  const attempt = tracing.open(delivery())
  expect(await counted(METRICS.inFlight[0])).toBe(1)
  attempt.run(() => {})
  expect(await counted(METRICS.inFlight[0])).toBe(0)
  expect(await counted(METRICS.processDuration[0])).toBe(0)
  expect(await counted(METRICS.deliveries[0])).toBe(0)
  attempt.settle('acked')
  expect(await counted(METRICS.processDuration[0])).toBe(1)
  expect(await counted(METRICS.deliveries[0], { [OURS.outcome]: 'acked' })).toBe(1)
})

describe('attempts that nobody settles', () => {
  test('make room for new ones, the oldest first', () => {
    const { tracing, spans } = createTraced()
    const attempts = Array.from({ length: MOST_OPEN + 3 }, (_, index) => {
      const attempt = tracing.open(delivery({ destination: { name: index < 3 ? String(index) : 'orders' } }))
      attempt.run(() => {})
      return attempt
    })
    expect(openAttempts.size()).toBe(MOST_OPEN)
    expect(spans.map(({ name }) => name)).toEqual(['process 0', 'process 1', 'process 2'])
    expect(spans.map(({ attributes }) => attributes[OURS.outcome])).toEqual(['abandoned', 'abandoned', 'abandoned'])
    // From the middle, from both ends, and those that are gone.
    for (const attempt of attempts.toSorted(() => Math.random() - 0.5)) attempt.settle('acked')
    expect(openAttempts.size()).toBe(0)
    expect(spans).toHaveLength(attempts.length)
  })

  test('end after a time', () => {
    const { tracing, spans, span } = createTraced()
    tracing.open(delivery()).run(() => {})
    vi.advanceTimersByTime(LONGEST_OPEN / 2)
    tracing.open(delivery({ destination: { name: 'later' } })).run(() => {})
    vi.advanceTimersByTime(LONGEST_OPEN / 2 - 1)
    expect(spans).toEqual([])
    vi.advanceTimersByTime(1)
    expect(span('process orders').attributes[OURS.outcome]).toBe('abandoned')
    vi.advanceTimersByTime(LONGEST_OPEN / 2)
    expect(span('process later').attributes[OURS.outcome]).toBe('abandoned')
  })
})

test('an attempt ends after the time of maxOpen, whatever the time of others is', () => {
  const { tracing, spans } = createTraced()
  const opened = ([name, maxOpen]: readonly [string, number]): void => {
    const { onError: _, ...options } = tracing.options
    const attempt = createAdapterTracing({ ...options, maxOpen }).open(delivery({ destination: { name } }))
    attempt.run(() => {})
  }
  for (const one of [
    ['long', LONGEST_OPEN],
    ['short', 1_000],
    ['endless', Infinity],
    ['shorter', 10],
  ] as const)
    opened(one)
  const endedAfter = (ms: number): unknown => {
    vi.advanceTimersByTime(ms)
    return spans.map(({ name }) => name)
  }
  expect(endedAfter(9)).toEqual([])
  expect(endedAfter(1)).toEqual(['process shorter'])
  expect(endedAfter(990)).toEqual(['process shorter', 'process short'])
  expect(endedAfter(LONGEST_OPEN - 1_001)).toHaveLength(2)
  expect(endedAfter(1)).toEqual(['process shorter', 'process short', 'process long'])
  expect(endedAfter(100 * LONGEST_OPEN)).toHaveLength(3)
  for (let more = 0; more < MOST_OPEN; more++) opened(['more', 1])
  expect(spans.map(({ name }) => name)).toContain('process endless')
  vi.advanceTimersByTime(1)
}, 60_000)

test('an attempt does not wait while its handler runs, and only its settlement has to come in time', async () => {
  const { tracing, spans, span } = createTraced()
  const working = new EventEmitter()
  const attempt = tracing.open(delivery())
  const running = attempt.run(() => once(working, 'finished'))
  vi.advanceTimersByTime(2 * LONGEST_OPEN)
  expect(spans).toEqual([])
  expect(openAttempts.size()).toBe(0)
  working.emit('finished')
  await running
  expect(openAttempts.size()).toBe(1)
  vi.advanceTimersByTime(LONGEST_OPEN)
  expect(span('process orders').attributes[OURS.outcome]).toBe('abandoned')
})

test('without an SDK the handler runs, and nothing is kept; neither is anything of the tests before', () => {
  const attempt = createAdapterTracing().open(delivery())
  expect(attempt.run(() => 'done')).toBe('done')
  attempt.settle('acked')
  attempt.abandon()
  expect(openAttempts.size()).toBe(0)
})
