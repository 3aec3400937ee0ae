import type { SpanContext } from '@opentelemetry/api'
import type { ContextStatus, Outcome, Trust } from '../base/policy.ts'
import type { Extracted } from '../wire/format.ts'
import type { MoveFacts } from '../wire/move-facts.ts'
import type { AttemptFacts } from './attempt-count.ts'
import type { Copy } from './copy.ts'
import type { Delivery } from './delivery.ts'
import type { DeliveryHistory } from './history.ts'
import type { Belief } from './relation.ts'

/** What core makes of one delivery: what is believed, what this copy is, which attempt it is for. */
export interface Verdict {
  readonly delivery: Delivery
  /** What the message says, believed or not. */
  readonly extracted: Extracted
  readonly status: ContextStatus
  readonly trust: Trust
  readonly belief: Belief
  /** What this copy is; `copy.lineage` is the lineage as far as it is believed, read after the way that the copy took. */
  readonly copy: Copy
  attempt: AttemptFacts
  /** ms since the epoch, where known. */
  readonly firstSent: number | undefined
  /** What the message says of its moves, as far as it is believed. */
  readonly moved: MoveFacts | undefined
  /** The latest work on this delivery: its attempt, or that of the batch it came in. */
  work: Work | undefined
}

/** What a handler's context knows about the work it belongs to: the attempt on one message, or a batch. */
export interface Work {
  /** The one message; `undefined`: a batch. */
  readonly verdict: Verdict | undefined
  /** The messages of a batch that is handled as a whole; `undefined`: one message. */
  readonly batch: readonly Verdict[] | undefined
  readonly spanContext: SpanContext | undefined
  /** Whether its span has ended. */
  ended: boolean
  /** Set by a settlement during the handler. */
  outcome: Outcome | undefined
  /** What became of the message when it was published again. */
  moved: Outcome | undefined
  /** What the application says its handler failed with, where it moved the message instead of throwing. */
  failure: { readonly error: unknown } | undefined
}

/** Seconds between the broker's taking of this copy and its first delivery, without the delay that was asked for. */
export function timeInQueue(verdict: Verdict, deliveredAt: number): number | undefined {
  const { lineage, queuedAt: known, delay } = verdict.copy
  const told = known === undefined ? (lineage?.sent ?? verdict.delivery.sentAt) : known
  if (!verdict.attempt.firstDelivery || told === undefined || told === null) return undefined
  // A broker that knows whole seconds may tell a time before the copy was sent.
  const queuedAt = Math.max(told, lineage?.sent ?? told)
  return Math.max(0, deliveredAt - queuedAt - (delay ?? lineage?.delay ?? 0)) / 1000
}

/** ms since the message was first sent, where that is known. */
export function ageOf({ firstSent }: Verdict, deliveredAt: number): number | undefined {
  return firstSent === undefined ? undefined : Math.max(0, deliveredAt - firstSent)
}

/** What the message has been through, in the words of hooks. */
export function historyOf(verdict: Verdict, previousAttempt: SpanContext | undefined): DeliveryHistory {
  const { attempt, belief, copy, moved, firstSent } = verdict
  return {
    attempt: attempt.attempt,
    maxAttempts: attempt.maxAttempts,
    attemptSource: attempt.source,
    kind: attempt.kind,
    redrives: attempt.redrives,
    firstSent,
    origin: belief.origin ?? belief.creation,
    previousAttempt,
    deadLetter: copy.deadLetter,
    moved,
  }
}
