import type { Delivery } from './delivery.ts'
import type { Lineage } from '../wire/lineage.ts'

/** A copy of a message that the application sent, and what the broker says of how often it has brought it back. */
export interface Round {
  /** With what the broker says of this copy, and of no other. */
  readonly delivery: Delivery
  /** What there is to count from: without what is true only before the copy has come back. */
  readonly lineage: Lineage
  /** Whether anybody knows which copy the broker speaks of. If not, this one counts as if it had not come back. */
  readonly certain: boolean
}

/** ms that the clocks of two hosts may be apart. */
const CLOCKS = 1_000

/** ms that a broker may leave out of a time: it tells the second. */
const SECOND = 1_000

/**
 * A message that is sent once more with all of its headers still says how often the broker had brought it back before:
 * a broker overwrites that when it moves the copy itself. `undefined`: it is a message that the application has not
 * moved, or the broker has not.
 */
export function roundOf(delivery: Delivery, lineage: Lineage | undefined): Round | undefined {
  const { count } = delivery
  if (count?.earlier === undefined || count.earlier === 0 || lineage?.attempt === undefined) return undefined
  const { previousAttempt: _, ...unlinked } = lineage
  const since = isOfThisCopy(count.earlier, delivery.movedAt, lineage)
  if (since === undefined) return { delivery, lineage: unlinked, certain: false }
  if (since) {
    // Now the attempts that the application counted are earlier ones, too.
    const { attempt: before = 1, ...rest } = unlinked
    const earlier = before - 1 + count.earlier
    return { delivery: { ...delivery, count: { ...count, earlier } }, lineage: rest, certain: true }
  }
  const first = { ...delivery, count: { ...count, earlier: 0 }, kind: undefined, queuedAt: undefined, delay: undefined }
  return { delivery: first, lineage, certain: true }
}

/** Whether attempts that the broker tells of were made since the copy was sent; `undefined`: nobody knows. */
function isOfThisCopy(earlier: number, movedAt = Number.NaN, lineage: Lineage): boolean | undefined {
  const { attempt = 1, sent = Number.NaN } = lineage
  const after = movedAt - sent
  if (after >= CLOCKS) return true
  // All that were made before are counted in the attempt, and the last of them is the one that sent the copy.
  const possiblyBefore = earlier <= attempt - 2
  if (after <= -SECOND - CLOCKS) return possiblyBefore ? false : undefined
  return possiblyBefore ? undefined : true
}
