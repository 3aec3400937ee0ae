import type { SpanContext, Context } from '@opentelemetry/api'
import type { Failure, MoveFacts } from '../wire/history.ts'
import { isBounded } from '../base/bounds.ts'
import type { ContextStatus, Outcome, Trust } from '../base/policy.ts'
import type { Extracted } from '../wire/format.ts'
import { countAttempt, type AttemptFacts, type DeliveryHistory } from './attempt-count.ts'
import { copyOf, type Copy } from './copy.ts'
import type { Delivery, AttemptMemory, DeliveryKind, PastAttempt } from './delivery.ts'
import { believe, type Belief } from './relation.ts'
import { workIn } from '../base/light-context.ts'

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
  /** What became of it by what its handler returned. */
  told: Outcome | undefined
  /** What the application says its handler failed with, where it moved the message instead of throwing. */
  failure: { readonly error: unknown } | undefined
  /** What it failed with in words, once it has ended. */
  failed: Failure | undefined
}

/** The first send of the journey that a message is part of, as far as it is believed; `undefined`: unknown. */
export function firstSendOf({ belief, copy }: Verdict): SpanContext | undefined {
  return belief.decides === false ? undefined : (copy.lineage?.journey ?? belief.origin ?? belief.creation)
}

/** The first send of the journey that the work in a context is about. Of a whole batch there is none. */
export function firstSendIn(context: Context): SpanContext | undefined {
  const verdict = getWork(context)?.verdict
  return verdict && firstSendOf(verdict)
}

/** The span of a context, where that is in another trace than a given one. */
export function elsewhere(context: SpanContext | undefined, traceId: string | undefined): SpanContext | undefined {
  return context?.traceId === traceId ? undefined : context
}

/** Seconds between the broker's taking of this copy and its first delivery, without the delay that was asked for. */
export function timeInQueue(verdict: Verdict, deliveredAt: number): number | undefined {
  const { lineage, queuedAt: known, delay } = verdict.copy
  const told = known === undefined ? (lineage?.sent ?? verdict.delivery.sentAt) : known
  if (!verdict.attempt.firstDelivery || told === undefined || told === null) return undefined
  // A broker that knows whole seconds may tell a time before the copy was sent.
  const queuedAt = Math.max(told, lineage?.sent ?? told)
  const ms = Math.max(0, deliveredAt - queuedAt - (delay ?? lineage?.delay ?? 0))
  return isBounded(ms) ? ms / 1000 : undefined
}

/** ms since the message was first sent, where that is known. */
export function ageOf({ firstSent }: Verdict, deliveredAt: number): number | undefined {
  const age = firstSent === undefined ? undefined : Math.max(0, deliveredAt - firstSent)
  return age !== undefined && isBounded(age) ? age : undefined
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

/** What a handler may want to know of the attempt that it is in. Times are ms since the epoch; absent is what nobody knows. */
export interface HandledAttempt {
  /** From 1. */
  readonly attempt: number
  readonly maxAttempts?: number | undefined
  /** Why there is this attempt. */
  readonly kind: DeliveryKind
  /** When the message was sent first, whatever it has been through since. */
  readonly firstSent?: number | undefined
  /** When this copy of it was sent. */
  readonly sent?: number | undefined
  /** When this copy is meant to be handled, if a delay was asked for. */
  readonly due?: number | undefined
  /** The latest failure that this process remembers, else the one that the message tells. */
  readonly previousFailure?: Failure | undefined
}

/** A verdict in the words of handlers. */
export function handledAttempt({ delivery, copy, attempt, moved, firstSent }: Verdict): HandledAttempt {
  const { lineage, queuedAt } = copy
  const sent = lineage?.sent ?? delivery.sentAt
  const delay = lineage?.delay ?? delivery.delay ?? 0
  const { errorType, errorMessage } = moved ?? {}
  return {
    attempt: attempt.attempt,
    maxAttempts: attempt.maxAttempts,
    kind: attempt.kind,
    firstSent,
    sent,
    // If the broker has moved the copy since it was sent, the delay asked for at first says nothing.
    due: queuedAt !== null && sent !== undefined && delay > 0 && isBounded(sent + delay) ? sent + delay : undefined,
    previousFailure: attempt.previousFailure ?? (errorType === undefined ? undefined : { errorType, errorMessage }),
  }
}

/**
 * The attempt, as a bound on retries counts it. Where another tracer has put its context on a copy, what we wrote of attempts
 * belongs to the context before and is not believed; but each retry would begin at 1 then, and never end. A message onto
 * which such a field was copied has fewer retries for it, because one without a bound harms more.
 */
export function boundedAttempt({ trust, extracted, copy, attempt }: Verdict): number {
  const stale = copy.lineage === undefined && trust === 'full' ? extracted.lineage : undefined
  return stale?.maxAttempts === undefined ? attempt.attempt : attempt.attempt + (stale.attempt ?? 1) - 1
}

/** Whether an attempt on the message, or on the batch it came in, has begun and not ended. */
export function isHandled({ work }: Verdict): boolean {
  return work?.ended === false
}

/** The work that a context belongs to: the attempt on one message, or a batch. */
export function getWork(context: Context): Work | undefined {
  return workIn(context) as Work | undefined
}

/** The message that is being worked on, or the one of the batch, if it is the one that is looked for. */
export function verdictIn(work: Work | undefined, isIt: (verdict: Verdict) => boolean): Verdict | undefined {
  if (work?.verdict === undefined) return work?.batch && nextIn(work.batch, isIt)
  return isIt(work.verdict) ? work.verdict : undefined
}

/** Where in a batch a message was found last: the messages of thousands are looked for in their order, or backwards. */
const found = new WeakMap<readonly Verdict[], number>()

function nextIn(batch: readonly Verdict[], isIt: (verdict: Verdict) => boolean): Verdict | undefined {
  const last = found.get(batch) ?? 0
  for (let step = 0; step < batch.length; step++) {
    // From there to both sides: 0, 1, -1, 2, -2 …
    const away = step % 2 === 1 ? (step + 1) / 2 : batch.length - step / 2
    const index = (last + away) % batch.length
    const verdict = batch[index]
    if (verdict === undefined || !isIt(verdict)) continue
    found.set(batch, index)
    return verdict
  }
  return undefined
}

/** What core made of a delivery, if it has looked at it. */
export function verdictOn({ verdict }: Delivery): Verdict | undefined {
  return verdict as Verdict | undefined
}

/**
 * Whether two descriptions are of one arrival: the delivery key. Two descriptions without a key are of one arrival if they
 * are one object.
 */
export function sameDelivery(one: Delivery, other: Delivery): boolean {
  if (one === other) return true
  return one.key !== undefined && one.key === other.key && one.source === other.source && one.system === other.system
}

/**
 * Facts in, verdict out. Four sources speak about one delivery: the message, the broker, who is trusted, and what this
 * process remembers. Pure, but for the memory it is given to ask.
 *
 * @param extracted what the message says
 * @param delivery what the broker says
 * @param memory `undefined`: the attempt in question has been made, so what is remembered may be that very attempt
 */
export function judge(
  extracted: Extracted,
  delivery: Delivery,
  trust: Trust,
  memory: AttemptMemory | undefined,
): Verdict {
  const { creation, named } = extracted
  const believed = believe(trust, creation, extracted.lineage)
  // A context that decides nothing is linked, and our field was not written for it.
  const belief =
    named === undefined
      ? believed
      : { ...believed, creation: believe(trust, named, undefined).creation, decides: false }
  // The facts of a move belong to the lineage that they came with.
  const moved = trust === 'full' && belief.origin === undefined ? extracted.moved : undefined
  const copy = copyOf(delivery, trust, creation, belief.lineage, moved)
  return {
    delivery,
    extracted,
    status: statusOf(extracted, delivery, trust),
    trust,
    belief,
    copy,
    attempt: count(delivery, copy, memory?.recall(delivery, copy), memory?.recallElsewhere(delivery, copy)),
    firstSent: copy.lineage?.firstSent ?? copy.lineage?.sent ?? delivery.sentAt,
    moved,
    work: undefined,
  }
}

/** The numbers of the attempt on a delivery that was judged before an attempt on another one of its message began. */
export function countAgain({ delivery, copy }: Verdict, past: PastAttempt): AttemptFacts {
  return count(delivery, copy, past, undefined)
}

function count(
  { maxAttempts, count: told }: Delivery,
  copy: Copy,
  past: PastAttempt | undefined,
  pastElsewhere: PastAttempt | undefined,
): AttemptFacts {
  return countAttempt(copy, past, pastElsewhere, maxAttempts, (told?.deliveries ?? 1) > 1)
}

function statusOf({ status }: Extracted, { malformed }: Delivery, trust: Trust): ContextStatus {
  if (status === 'absent') return malformed === true ? 'malformed' : 'absent'
  return trust === 'ignore' && status === 'present' ? 'untrusted' : status
}
