import { createHash } from 'node:crypto'
import { processWide } from '../base/process-wide.ts'
import { SHARED } from '../base/shared-state.ts'
import type { AttemptMemory, Delivery, PastAttempt } from '../verdict/delivery.ts'
import { createBounded, type Bounded, type Entry } from './bounded.ts'

/** Attempts that a process remembers, on all brokers together; the oldest is forgotten first. */
export const REMEMBERED_ATTEMPTS = 10_000

/** An attempt that this process made. */
export interface Remembered extends PastAttempt, Entry {}

/** What all memories of attempts share. */
export const bound: Bounded = createBounded(SHARED.attempts, REMEMBERED_ATTEMPTS)

/** An identity is at most so long; a longer one is its digest. */
const LONGEST = 256

/** The key of an identity: a text of its own, which holds on to no header, of at most 256 characters. */
export function keyOf(identity: string): string {
  return identity.length <= LONGEST ? identity : createHash('sha256').update(identity).digest('hex').slice(0, 32)
}

const byIdentity = processWide(SHARED.identities, () => new Map<string, Remembered>())

/**
 * By identity, written when an attempt begins. Asked where the broker says that the message may have been handed out
 * before, or says nothing about it.
 */
export const identityMemory: AttemptMemory = {
  recall: (delivery) => (mayBeAgain(delivery) ? recall(delivery.identity) : undefined),
  recallElsewhere: ({ identityBefore }) => recall(identityBefore),
  latest: ({ identity }) => recall(identity),
  began({ identity }, { attempt, redrives }, context) {
    if (identity === undefined) return undefined
    const remembered: Remembered = { attempt, redrives, context, running: undefined, slot: 0 }
    bound.put(byIdentity, keyOf(identity), remembered)
    return remembered
  },
  ended() {},
}

function recall(identity: string | undefined): PastAttempt | undefined {
  return identity === undefined ? undefined : byIdentity.get(keyOf(identity))
}

function mayBeAgain({ count }: Delivery): boolean {
  return count === undefined || count.deliveries > 1
}
