import type { Context } from '@opentelemetry/api'
import { activeContext } from '../otel/span.ts'
import type { Runtime } from '../runtime.ts'
import { advance } from '../verdict/attempt-count.ts'
import type { Move, Publication } from '../verdict/delivery.ts'
import { boundedAttempt } from '../verdict/verdict.ts'
import { validSpanContext } from '../wire/format.ts'
import { allow, type Attempt } from './attempt.ts'
import { countOf } from './injection.ts'
import { planMessage, verdictFor } from './plan.ts'

/**
 * Whether a message that is to be retried has had all its attempts, or its copy has no room to count them. Then its attempt
 * has failed, and nothing is sent. A number that is none allows no retry, because one without a bound harms more.
 *
 * @param publication the copy; `undefined`: there is room
 */
export function isExhausted(
  runtime: Runtime,
  move: Move,
  maxAttempts: number,
  publication: Publication | undefined,
): boolean {
  const active = activeContext(runtime)
  const verdict = verdictFor(runtime, move, active)
  const { trust, work } = verdict
  if (trust !== 'full') {
    runtime.report.misused(
      'maxAttempts of retryLater cannot count the copies of a producer that is not trusted: trust a queue for retries',
    )
  }
  if (work?.verdict !== undefined) allow(work as Attempt, maxAttempts)
  const hasMore = boundedAttempt(verdict) < maxAttempts
  if (hasMore && (publication === undefined || hasRoom(runtime, { ...publication, move }, active))) return false
  if (work !== undefined && work.batch === undefined && !work.ended && move.error !== undefined)
    work.failure = { error: move.error }
  return true
}

function hasRoom(runtime: Runtime, publication: Publication, active: Context): boolean {
  const [message] = publication.messages
  if (message?.fits === undefined) return true
  const { moved, carried } = planMessage(runtime, publication, message, active)
  const inSlot = message.slot === undefined || carried === undefined ? undefined : validSpanContext(carried)
  if (moved === undefined || message.fits(countOf(runtime, advance(moved.step), inSlot), 1)) return true
  runtime.report.misused('retryLater has no room for the number of attempts on a message: it is not sent again')
  return false
}
