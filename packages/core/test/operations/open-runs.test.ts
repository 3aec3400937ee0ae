import { SpanStatusCode } from '@opentelemetry/api'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { METRICS, OURS } from '../../src/base/names.ts'
import { LONGEST_OPEN } from '../../src/memory/register.ts'
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

const discarded = () => ({ outcome: 'discarded', steered: false }) as const

function fail(): never {
  throw new TypeError('no stock')
}

describe('a part of the handler', () => {
  test('runs in the same span, which goes on after it', () => {
    const { tracing, spans, span, failures } = createTraced()
    const attempt = tracing.open(delivery())
    attempt.run(() => {
      attempt.settle('acked')
      expect(attempt.run(() => 'part')).toBe('part')
      expect(spans).toEqual([])
      expect(attempt.isOpen()).toBe(true)
    })
    expect(span('process orders').status.code).toBe(SpanStatusCode.UNSET)
    expect(attempt.isOpen()).toBe(false)
    expect(failures).toEqual([])
  })

  test('fails the attempt, although the rest caught its error', async () => {
    const { tracing, span } = createTraced()
    const attempt = tracing.open(delivery())
    await attempt.run(async () => {
      await attempt.run(async () => fail()).catch(() => attempt.settle('requeued'))
    })
    const { status, attributes } = span('process orders')
    expect(status.code).toBe(SpanStatusCode.ERROR)
    expect(attributes).toMatchObject({ 'error.type': 'TypeError', [OURS.outcome]: 'requeued' })
  })

  test('that comes later has the last word, and its time counts', async () => {
    const { tracing, span, counted } = createTraced()
    const attempt = tracing.open(delivery())
    expect(() => attempt.run(fail)).toThrow('no stock')
    attempt.run(() => {})
    attempt.settle('acked')
    expect(span('process orders').status.code).toBe(SpanStatusCode.UNSET)
    expect(await counted(METRICS.processDuration[0], { 'error.type': undefined })).toBe(1)
    expect(await counted(METRICS.inFlight[0])).toBe(0)
  })

  test('keeps the span open while it runs, although the message is settled', async () => {
    const { tracing, spans } = createTraced()
    const attempt = tracing.open(delivery())
    attempt.run(() => {})
    const later = attempt.run(() => Promise.resolve())
    attempt.settle('acked')
    expect(spans).toEqual([])
    await later
    expect(spans).toHaveLength(1)
  })

  test('that comes after the end runs in the context of the attempt, and changes nothing', () => {
    const { tracing, spans } = createTraced()
    const attempt = tracing.open(delivery())
    const first = attempt.run(() => tracing.capture())
    attempt.settle('acked')
    expect(attempt.run(() => tracing.capture())).toEqual(first)
    expect(() => attempt.run(fail)).toThrow('no stock')
    expect(spans).toHaveLength(1)
  })
})

describe('a message that was given back', () => {
  test.each([
    ['requeued', 'every', SpanStatusCode.ERROR],
    ['rejected', 'every', SpanStatusCode.ERROR],
    ['requeued', 'terminal', SpanStatusCode.UNSET],
    ['rejected', 'terminal', SpanStatusCode.ERROR],
  ] as const)('%s: its attempt has failed (error status %s), even where the handler returned', async (...row) => {
    const [outcome, errorStatus, code] = row
    const { tracing, span, counted } = createTraced({ errorStatus })
    const attempt = tracing.open(delivery())
    attempt.run(() => {})
    attempt.settle(outcome)
    expect(span('process orders').status.code).toBe(code)
    expect(span('process orders').attributes).toMatchObject({ 'error.type': outcome, [OURS.outcome]: outcome })
    expect(await counted(METRICS.processDuration[0], { 'error.type': outcome })).toBe(1)
  })

  test('keeps the error of its handler, where that failed', () => {
    const { tracing, span } = createTraced()
    const attempt = tracing.open(delivery())
    expect(() => attempt.run(fail)).toThrow('no stock')
    attempt.settle('rejected')
    expect(span('process orders').attributes['error.type']).toBe('TypeError')
  })
})

test.each([
  [() => {}, 'acked'],
  [fail, 'discarded'],
])('a message that only its handler settles is settled by its end: %#', async (handler, outcome) => {
  const { tracing, span } = createTraced()
  const attempt = tracing.open(delivery({ meaning: discarded }), { settledByHandler: true })
  const run = async (): Promise<unknown> => attempt.run(handler)
  await run().catch(() => {})
  expect(span('process orders').attributes[OURS.outcome]).toBe(outcome)
})

describe('whoever keeps an attempt', () => {
  test('is told when it has ended, once, whatever ended it', () => {
    const { tracing, spans } = createTraced()
    const ended = vi.fn<() => void>(() => expect(spans.length).toBeGreaterThan(0))
    const settled = tracing.open(delivery(), { ended })
    settled.run(() => {})
    settled.settle('acked')
    settled.abandon()
    expect(ended).toHaveBeenCalledTimes(1)
    const expiring = tracing.open(delivery(), { ended })
    vi.advanceTimersByTime(LONGEST_OPEN)
    expect(ended).toHaveBeenCalledTimes(2)
    expect(expiring.isOpen()).toBe(false)
  })

  test('loses nothing in flight when it ends before its handler begins', async () => {
    const { tracing, counted } = createTraced()
    const attempt = tracing.open(delivery())
    expect(await counted(METRICS.inFlight[0])).toBe(1)
    vi.advanceTimersByTime(LONGEST_OPEN)
    expect(await counted(METRICS.inFlight[0])).toBe(0)
    attempt.run(() => {})
    expect(await counted(METRICS.inFlight[0])).toBe(0)
  })

  test('is told that there is nothing to keep where there is no SDK', () => {
    expect(createAdapterTracing().open(delivery()).isOpen()).toBe(false)
  })
})
