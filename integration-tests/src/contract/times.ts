import { monitorEventLoopDelay } from 'node:perf_hooks'
import { assertSpan, type AsymmetricMatcher, type RecordedSpan } from '@tracebaton/testing'

/** ms that clocks and roundings may differ by. */
const TOLERANCE = 50

/** How long this process did not get to run at a time: nobody can read a clock then. */
const lag = monitorEventLoopDelay({ resolution: 5 })
lag.enable()

/** Between a delivery and its span the process may be held up several times. */
const HELD_UP = 3

/** Seconds in a range that is given in ms, give or take 50 ms and what this process was held up. */
function within(least: number, most: number): AsymmetricMatcher {
  const tolerance = TOLERANCE + (HELD_UP * lag.max) / 1_000_000
  return {
    asymmetricMatch: (seconds) => {
      const value = Number(seconds) * 1000
      return value >= Math.max(0, least) - tolerance && value <= Math.max(0, most) + tolerance
    },
    toAsymmetricMatcher: () => `from ${least} to ${most} ms`,
  }
}

/** Expects an attempt to say how long ago its message was first sent: at some time during that send. */
export function expectAge(attempt: RecordedSpan, send: RecordedSpan): void {
  const { startTime, endTime = startTime } = send
  assertSpan(attempt, { queueAge: within(attempt.startTime - endTime, attempt.startTime - startTime) })
}

/**
 * Expects the first attempt on a copy to say how long the copy was in its queue, without the delay that was asked for.
 *
 * @param send the span that sent the copy
 * @param delay ms
 */
export function expectQueueTime(attempt: RecordedSpan, send: RecordedSpan, delay = 0): void {
  const { startTime, endTime = startTime } = send
  const [least, most] = [attempt.startTime - endTime - delay, attempt.startTime - startTime - delay]
  assertSpan(attempt, { queueTime: within(least, most) })
}
