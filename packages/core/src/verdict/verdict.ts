import type { SpanContext } from '@opentelemetry/api'
import type { ContextStatus, Trust } from '../base/policy.ts'
import type { Lineage } from '../wire/lineage.ts'
import type { MoveFacts } from '../wire/move-facts.ts'
import type { AttemptFacts } from './attempt-count.ts'
import type { BrokerMove, Delivery } from './delivery.ts'
import type { DeliveryHistory } from './history.ts'
import type { Belief } from './relation.ts'

/** What core makes of one delivery: what is believed, what this copy is, which attempt it is for. */
export interface Verdict {
  readonly delivery: Delivery
  /** The context on the message, believed or not. */
  readonly creation: SpanContext | undefined
  /** The lineage on the message, believed or not. */
  readonly lineage: Lineage | undefined
  readonly status: ContextStatus
  readonly trust: Trust
  readonly belief: Belief
  readonly attempt: AttemptFacts
  /** Set on every dead letter, whether the broker or the application moved it. */
  readonly deadLetter: BrokerMove | undefined
  /** This copy came into the queue, ms since the epoch; `null`: unknown; `undefined`: as the message or the broker says. */
  readonly queuedAt: number | null | undefined
  /** The part of its time in the queue that was asked for, ms; `undefined`: as the message says. */
  readonly delay: number | undefined
  /** ms since the epoch, where known. */
  readonly firstSent: number | undefined
  /** What the message says of its moves, as far as it is believed. */
  readonly moved: MoveFacts | undefined
}

/** Seconds between the broker's taking of this copy and its first delivery, without the delay that was asked for. */
export function timeInQueue(verdict: Verdict, deliveredAt: number): number | undefined {
  const { lineage } = verdict.belief
  const told = verdict.queuedAt === undefined ? (lineage?.sent ?? verdict.delivery.sentAt) : verdict.queuedAt
  if (!verdict.attempt.firstDelivery || told === undefined || told === null) return undefined
  // A broker that knows whole seconds may tell a time before the copy was sent.
  const queuedAt = Math.max(told, lineage?.sent ?? told)
  return Math.max(0, deliveredAt - queuedAt - (verdict.delay ?? lineage?.delay ?? 0)) / 1000
}

/** ms since the message was first sent, where that is known. */
export function ageOf({ firstSent }: Verdict, deliveredAt: number): number | undefined {
  return firstSent === undefined ? undefined : Math.max(0, deliveredAt - firstSent)
}

/** What the message has been through, in the words of hooks. */
export function historyOf(verdict: Verdict, previousAttempt: SpanContext | undefined): DeliveryHistory {
  const { attempt, belief, deadLetter, moved, firstSent } = verdict
  return {
    attempt: attempt.attempt,
    maxAttempts: attempt.maxAttempts,
    attemptSource: attempt.source,
    kind: attempt.kind,
    redrives: attempt.redrives,
    firstSent,
    origin: belief.origin ?? belief.creation,
    previousAttempt,
    deadLetter,
    moved,
  }
}
