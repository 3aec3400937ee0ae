import { processWide, SHARED } from '../base/shared-state.ts'
import type { AttemptMemory, CopyFacts, Delivery, PastAttempt } from '../verdict/delivery.ts'
import { createBounded, keyOf, Store, type Bounded } from './bounded.ts'
import type { Outcome } from '../base/policy.ts'
import { idsOf } from '../wire/traceparent.ts'

/** Attempts that a process remembers, on all brokers together, at most; the latest half of them for sure. */
export const REMEMBERED_ATTEMPTS = 10_000

/** What all memories of attempts share. */
export const bound: Bounded = createBounded(SHARED.attempts, REMEMBERED_ATTEMPTS)

const byIdentity = processWide(SHARED.identities, () => new Store<string, PastAttempt>())

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
      const remembered: PastAttempt = { attempt, redrives, context, failure: undefined, running: undefined }
      bound.put(byIdentity, keyOf(name), remembered)
      return remembered
    },
    ended: () => undefined,
  }
}

/** By what the broker guarantees to name the message. */
export const identityMemory: AttemptMemory = memoryBy(({ identity }) => identity)

function recall(identity: string | undefined): PastAttempt | undefined {
  return identity === undefined ? undefined : byIdentity.get(keyOf(identity))
}

/** Whether the broker says that it has handed the message out before, or says nothing about it. */
export function mayBeAgain({ count }: Delivery): boolean {
  return count === undefined || count.deliveries > 1
}

/** By key; `ambiguous`: two attempts have it, so that neither is known to be the one. */
const byKey = processWide(SHARED.failedAttempts, () => new Store<string, PastAttempt | 'ambiguous'>())

/**
 * For brokers that guarantee nothing that names a message (RabbitMQ): the message id that its producer gave it and the
 * context that it was made with stand in, with the attempt that the copy is for and the number of times that the broker
 * has dead-lettered it here. Only attempts are kept whose message may come back, at their end. An answer is taken out, and
 * a second attempt under one key makes that key ambiguous.
 */
export const failedMemory: AttemptMemory = {
  recall(delivery, copy) {
    return isAgain(delivery, copy) ? take(identityAt(delivery, copy, delivery.queue, copy.deaths)) : undefined
  },
  recallElsewhere: (delivery, copy) =>
    copy.before === undefined ? undefined : take(identityAt(delivery, copy, copy.before.queue, copy.before.deaths)),
  latest: () => undefined,
  began: () => undefined,
  ended(delivery, copy, { attempt, redrives }, context, outcome, failure) {
    const comesBack = mayComeBack(outcome)
    if (!comesBack && !isAgain(delivery, copy)) return undefined
    const key = identityAt(delivery, copy, delivery.queue, copy.deaths)
    // The attempt before may have ended after this one began. If the message comes again all the same, it is not the latest.
    if (!comesBack) take(key)
    if (!comesBack || key === undefined) return undefined
    const remembered = { attempt, redrives, context, failure }
    bound.put(byKey, key, byKey.get(key) === undefined ? remembered : 'ambiguous')
    return remembered
  },
}

/** A copy that was sent with deaths of another one may have died although the broker tells no death. Else it has one key. */
function isAgain({ count }: Delivery, copy: CopyFacts): boolean {
  return bearsDeaths(copy) ? copy.deaths === 0 : copy.deaths > 0 || (count?.deliveries ?? 1) > 1
}

function mayComeBack(outcome: Outcome): boolean {
  return outcome !== 'acked' && outcome !== 'discarded'
}

function take(key: string | undefined): PastAttempt | undefined {
  const found = key === undefined ? undefined : byKey.get(key)
  if (key !== undefined && found !== undefined) byKey.delete(key)
  return found === 'ambiguous' ? undefined : found
}

/** Whether a copy was sent with deaths of another one. Those that come after them cannot be counted for sure. */
function bearsDeaths({ lineage }: CopyFacts): boolean {
  return lineage?.deaths !== undefined
}

/** @param deaths how often the broker has dead-lettered this copy from that queue */
function identityAt(
  { facts, system }: Delivery,
  copy: CopyFacts,
  queue: string | undefined,
  deaths: number,
): string | undefined {
  const { creation, lineage } = copy
  const id = facts?.messageId
  if (queue === undefined || id === undefined) return undefined
  const made = creation === undefined ? '' : idsOf(creation)
  const own = bearsDeaths(copy) ? '' : deaths
  return keyOf([system, queue, id, made, lineage?.attempt ?? 1, lineage?.redrives ?? 0, own].join(':'))
}
