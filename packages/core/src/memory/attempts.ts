import { processWide } from '../base/process-wide.ts'
import { SHARED } from '../base/shared-state.ts'
import type { AttemptMemory, CopyFacts, Delivery, PastAttempt } from '../verdict/delivery.ts'
import { createBounded, keyOf, type Bounded, type Entry } from './bounded.ts'

/** Attempts that a process remembers, on all brokers together; the oldest is forgotten first. */
export const REMEMBERED_ATTEMPTS = 10_000

/** An attempt that this process made. */
export interface Remembered extends PastAttempt, Entry {}

/** What all memories of attempts share. */
export const bound: Bounded = createBounded(SHARED.attempts, REMEMBERED_ATTEMPTS)

const byIdentity = processWide(SHARED.identities, () => new Map<string, Remembered>())

/**
 * By name, written when an attempt begins. Asked where the broker says that the message may have been handed out before,
 * or says nothing about it.
 *
 * @param nameOf the name of a message; `undefined`: it has none
 */
export function memoryBy(nameOf: (delivery: Delivery, copy: CopyFacts) => string | undefined): AttemptMemory {
  return {
    recall: (delivery, copy) => (mayBeAgain(delivery) ? recall(nameOf(delivery, copy)) : undefined),
    recallElsewhere: (delivery, copy) =>
      recall(
        delivery.identityBefore === delivery.identity
          ? delivery.identity && nameOf(delivery, copy)
          : delivery.identityBefore,
      ),
    latest: (delivery, copy) => recall(nameOf(delivery, copy)),
    began(delivery, { attempt, redrives }, context, copy) {
      const name = nameOf(delivery, copy)
      if (name === undefined) return undefined
      const remembered: Remembered = { attempt, redrives, context, running: undefined, slot: 0 }
      bound.put(byIdentity, keyOf(name), remembered)
      return remembered
    },
    ended() {},
  }
}

/** By what the broker guarantees to name the message. */
export const identityMemory: AttemptMemory = memoryBy(({ identity }) => identity)

function recall(identity: string | undefined): PastAttempt | undefined {
  return identity === undefined ? undefined : byIdentity.get(keyOf(identity))
}

function mayBeAgain({ count }: Delivery): boolean {
  return count === undefined || count.deliveries > 1
}
