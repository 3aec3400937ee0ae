import { ROOT_CONTEXT, type Context, type SpanContext } from '@opentelemetry/api'
import { recallAttempt } from './attempts.ts'
import { recordGetter } from './carrier.ts'
import type { Delivery } from './delivery.ts'
import { countAttempt, type AttemptFacts, type Lineage } from './lineage.ts'
import type { ContextStatus, Trust } from './policy.ts'
import { believe, type Belief } from './relation.ts'
import type { Runtime } from './runtime.ts'

/** One delivery, read and judged, before there is a span. */
export interface Judgement {
  readonly delivery: Delivery
  /** The context on the message, believed or not. */
  readonly creation: SpanContext | undefined
  readonly status: ContextStatus
  readonly trust: Trust
  readonly belief: Belief
  /** What the message carries, as far as it is believed: the context its handler starts from. */
  readonly carried: Context
  readonly attempt: AttemptFacts
  /** ms since the epoch, where known. */
  readonly firstSent: number | undefined
}

/** Reads a message and decides what to believe. Contains its own failures: in doubt, nothing is believed. */
export function judge(runtime: Runtime, arrival: Delivery): Judgement {
  const extracted = runtime.propagation.extract(arrival.carrier, arrival.getter ?? recordGetter, arrival.slot)
  const trust = runtime.trustFor(arrival)
  const belief = believe(trust, extracted.creation, extracted.lineage)
  const delivery = afterWait(arrival, belief.lineage)
  const attempt = countAttempt({
    lineage: belief.lineage,
    broker: delivery.count,
    past: recallAttempt(delivery.identity),
    pastElsewhere: recallAttempt(delivery.identityBefore),
    maxAttempts: delivery.maxAttempts,
    kind: delivery.kind,
    redrives: delivery.redrives,
    previous: delivery.previousAttempt,
  })
  return {
    delivery,
    trust,
    belief,
    attempt,
    creation: extracted.creation,
    firstSent: belief.lineage?.firstSent ?? delivery.sentAt,
    status: trust === 'ignore' && extracted.status === 'present' ? 'untrusted' : extracted.status,
    carried: trust === 'full' ? extracted.context : ROOT_CONTEXT,
  }
}

/** A retry copy that the broker moved because it had waited long enough is no dead letter, but where it was sent. */
function afterWait(delivery: Delivery, lineage: Lineage | undefined): Delivery {
  if (delivery.deadLetter?.waited !== true) return delivery
  if (lineage?.kind !== 'immediate' && lineage?.kind !== 'delayed') return delivery
  return { ...delivery, kind: undefined, deadLetter: undefined }
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
  const queuedAt = delivery.queuedAt === undefined ? (lineage?.sent ?? delivery.sentAt) : delivery.queuedAt
  if (!attempt.firstDelivery || queuedAt === undefined || queuedAt === null) return undefined
  return Math.max(0, deliveredAt - queuedAt - (delivery.delay ?? lineage?.delay ?? 0)) / 1000
}
