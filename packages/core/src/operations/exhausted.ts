import { activeContext } from '../otel/span.ts'
import type { Runtime } from '../runtime.ts'
import type { Move } from '../verdict/delivery.ts'
import { allow, type Attempt } from './attempt.ts'
import { verdictFor } from './plan.ts'
import { boundedAttempt } from '../verdict/verdict.ts'

/**
 * Whether a message that is to be retried has had all its attempts. Then its attempt has failed, and nothing is sent. A
 * number that is none allows no retry, because one without a bound harms more.
 */
export function isExhausted(runtime: Runtime, move: Move, maxAttempts: number): boolean {
  const verdict = verdictFor(runtime, move, activeContext(runtime))
  const { trust, work } = verdict
  if (trust !== 'full') {
    runtime.report.misused(
      'maxAttempts of retryLater cannot count the copies of a producer that is not trusted: trust a queue for retries',
    )
  }
  if (work?.verdict !== undefined) allow(work as Attempt, maxAttempts)
  if (boundedAttempt(verdict) < maxAttempts) return false
  if (work !== undefined && work.batch === undefined && move.error !== undefined) work.failure = { error: move.error }
  return true
}
