import { ROOT_CONTEXT, type Context, type SpanContext } from '@opentelemetry/api'
import { countAttempt, type AttemptFacts, type PastAttempt } from './attempt-count.ts'
import { recallAttempt } from '../memory/attempts.ts'
import { recordGetter } from '../wire/carrier.ts'
import type { Delivery } from './delivery.ts'
import type { DeliveryHistory } from './history.ts'
import { reasonOf, type Lineage } from '../wire/lineage.ts'
import type { MoveFacts } from '../wire/move-facts.ts'
import type { ContextStatus, Trust } from '../base/policy.ts'
import { believe, type Belief } from './relation.ts'
import { roundOf } from './round.ts'
import type { Runtime } from '../runtime.ts'
import { putBack } from './step.ts'

/** One delivery, read and judged, before there is a span. */
export interface Judgement {
  /** With `deadLetter` on every dead letter, whoever made it one. */
  readonly delivery: Delivery
  /** The context on the message, believed or not. */
  readonly creation: SpanContext | undefined
  readonly status: ContextStatus
  readonly trust: Trust
  readonly belief: Belief
  readonly attempt: AttemptFacts
  /** ms since the epoch, where known. */
  readonly firstSent: number | undefined
  /** The lineage on the message, believed or not. */
  readonly lineage: Lineage | undefined
  /** What the message says of its moves, as far as it is believed. */
  readonly moved: MoveFacts | undefined
  /** What whoever received it calls the broker. */
  readonly broker: string | undefined
}

/** A judgement, and what is needed once only: thousands of judgements may be kept. */
interface Judged {
  readonly judged: Judgement
  /** What the message carries, as far as it is believed: the context its handler starts from. */
  readonly carried: Context
}

/** Reads a message and decides what to believe. Contains its own failures: in doubt, nothing is believed. */
export function judge(runtime: Runtime, delivery: Delivery): Judgement {
  return judgeAfter(runtime, delivery, recallAttempt(delivery.identity)).judged
}

/** The same for a message that is about to be handled by itself. */
export function judgeForHandling(runtime: Runtime, delivery: Delivery): Judged {
  return judgeAfter(runtime, withoutHandle(delivery), recallAttempt(delivery.identity))
}

/**
 * The same for a message whose attempt was made already, nobody knows by whom. What this process remembers of the message
 * may be that attempt or an earlier one, so it counts nothing.
 */
export function judgeLater(runtime: Runtime, delivery: Delivery): Judgement {
  return judgeAfter(runtime, delivery, undefined).judged
}

/** @param past the latest attempt on this copy before the one in question */
function judgeAfter(runtime: Runtime, arrival: Delivery, past: PastAttempt | undefined): Judged {
  const extracted = runtime.propagation.extract(arrival.carrier, arrival.getter ?? recordGetter, arrival.slot)
  const trust = runtime.trustFor(arrival)
  const believed = believe(trust, extracted.creation, extracted.lineage)
  // Facts belong to the lineage that they came with.
  const moved = trust === 'full' && believed.origin === undefined ? extracted.moved : undefined
  const belief =
    moved === undefined ? believed : { ...believed, lineage: afterReturn(believed.lineage, moved, arrival) }
  const waited = afterWait(arrival, belief.lineage)
  const round = roundOf(waited, belief.lineage)
  const delivery = withDeath(round?.delivery ?? waited, belief.lineage, moved)
  const counted = countAttempt({
    lineage: round?.lineage ?? belief.lineage,
    broker: delivery.count,
    past,
    pastElsewhere: recallAttempt(delivery.identityBefore),
    maxAttempts: delivery.maxAttempts,
    kind: delivery.kind,
    redrives: delivery.redrives,
    previous: delivery.previousAttempt,
  })
  const attempt: AttemptFacts =
    round?.certain === false && counted.source !== 'memory' ? { ...counted, source: 'assumed' } : counted
  const judged: Judgement = {
    delivery,
    trust,
    belief,
    attempt,
    moved,
    broker: runtime.broker,
    creation: extracted.creation,
    lineage: extracted.lineage,
    firstSent: belief.lineage?.firstSent ?? delivery.sentAt,
    status: trust === 'ignore' && extracted.status === 'present' ? 'untrusted' : extracted.status,
  }
  return { judged, carried: trust === 'full' ? extracted.context : ROOT_CONTEXT }
}

/**
 * What a `WeakMap` holds must not lead to its own key, or it lives until the next full garbage collection, with all that
 * hangs on it: handlings are found by the handle, so what they know of the delivery is without.
 */
function withoutHandle(delivery: Delivery): Delivery {
  return delivery.handle === undefined ? delivery : Object.assign({}, delivery, { handle: undefined })
}

/** A retry copy that the broker moved because it had waited long enough is no dead letter, but where it was sent. */
function afterWait(delivery: Delivery, lineage: Lineage | undefined): Delivery {
  if (delivery.deadLetter?.waited !== true) return delivery
  const reason = lineage && reasonOf(lineage)
  if (lineage === undefined || (reason !== 'immediate' && reason !== 'delayed')) return delivery
  const here = { ...delivery, kind: undefined, deadLetter: undefined }
  // The copy itself says when it was sent, and how long it was to wait, better than a broker that tells whole seconds.
  return lineage.delay === undefined || lineage.sent === undefined
    ? here
    : { ...here, queuedAt: undefined, delay: undefined }
}

/** Where a dead letter came from, and why: as the broker says, else as the application wrote it down. */
function withDeath(delivery: Delivery, lineage: Lineage | undefined, moved: MoveFacts | undefined): Delivery {
  if (delivery.deadLetter !== undefined || lineage?.kind !== 'dead_letter') return delivery
  return { ...delivery, deadLetter: { source: moved?.originalDestination, reason: moved?.errorType } }
}

/**
 * A dead letter that arrives where it came from was put back there, by somebody who did not say so: a script, a shovel,
 * a move task.
 */
function afterReturn(
  lineage: Lineage | undefined,
  { originalDestination, originalConsumer }: MoveFacts,
  { destination, queue }: Delivery,
): Lineage | undefined {
  if (lineage?.kind !== 'dead_letter') return lineage
  const back =
    (originalDestination !== undefined && originalDestination === destination.name) ||
    (originalConsumer !== undefined && originalConsumer === queue)
  return back ? putBack(lineage) : lineage
}

/** What the message carries, as far as it is believed, and no more. */
export function readCarried(runtime: Runtime, delivery: Delivery): Context {
  if (runtime.trustFor(delivery) !== 'full') return ROOT_CONTEXT
  return runtime.propagation.extract(delivery.carrier, delivery.getter ?? recordGetter, delivery.slot).context
}

/** Seconds between the broker's taking of this copy and its first delivery, without the delay somebody asked for. */
export function timeInQueue(
  { delivery, attempt, belief: { lineage } }: Judgement,
  deliveredAt: number,
): number | undefined {
  const told = delivery.queuedAt === undefined ? (lineage?.sent ?? delivery.sentAt) : delivery.queuedAt
  if (!attempt.firstDelivery || told === undefined || told === null) return undefined
  // A broker that knows whole seconds may tell a time before the copy was sent.
  const queuedAt = Math.max(told, lineage?.sent ?? told)
  return Math.max(0, deliveredAt - queuedAt - (delivery.delay ?? lineage?.delay ?? 0)) / 1000
}

/** What the message has been through, in the words of hooks. */
export function historyOf(judged: Judgement, previousAttempt: SpanContext | undefined): DeliveryHistory {
  const { delivery, attempt, belief, moved, firstSent } = judged
  return {
    attempt: attempt.attempt,
    maxAttempts: attempt.maxAttempts,
    attemptSource: attempt.source,
    kind: attempt.kind,
    redrives: attempt.redrives,
    firstSent,
    origin: belief.origin ?? belief.creation,
    previousAttempt,
    deadLetter: delivery.deadLetter,
    moved,
  }
}
