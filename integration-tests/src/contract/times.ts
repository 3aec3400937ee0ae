import { monitorEventLoopDelay } from 'node:perf_hooks'
import { messageFacts, type RecordedSpan } from '@tracebaton/testing'
import { expect } from 'vitest'

/** ms that clocks and roundings may differ by. */
const TOLERANCE = 50

/** How long this process did not get to run at a time: nobody can read a clock then. */
const lag = monitorEventLoopDelay({ resolution: 5 })
lag.enable()

/** Expects a number of ms to be in a range, give or take 50 ms and what this process was held up. */
function expectWithin(value: number, least: number, most: number, what: string): void {
  const tolerance = TOLERANCE + lag.max / 1_000_000
  const inRange = value >= Math.max(0, least) - tolerance && value <= Math.max(0, most) + tolerance
  expect(inRange ? 'in range' : `${value} ms, not from ${least} to ${most}`, `of the ${what}`).toBe('in range')
}

/** Expects an attempt to say how long ago its message was first sent: at some time during that send. */
export function expectAge(attempt: RecordedSpan, send: RecordedSpan): void {
  const { queueAge = Number.NaN } = messageFacts(attempt)
  const { startTime, endTime = startTime } = send
  expectWithin(queueAge * 1000, attempt.startTime - endTime, attempt.startTime - startTime, `age at ${attempt.name}`)
}

/**
 * Expects the first attempt on a copy to say how long the copy was in its queue, without the delay that was asked for.
 *
 * @param send the span that sent the copy
 * @param delay ms
 */
export function expectQueueTime(attempt: RecordedSpan, send: RecordedSpan, delay = 0): void {
  const { queueTime = Number.NaN } = messageFacts(attempt)
  const { startTime, endTime = startTime } = send
  const [least, most] = [attempt.startTime - endTime - delay, attempt.startTime - startTime - delay]
  expectWithin(queueTime * 1000, least, most, `time in queue before ${attempt.name}`)
}
