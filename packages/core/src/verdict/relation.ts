import { TraceFlags, type SpanContext } from '@opentelemetry/api'
import type { Lineage } from '../wire/history.ts'
import { sameSpan } from '../wire/traceparent.ts'
import type { Relation, Relative, Trust } from '../base/policy.ts'

/** What is believed of what a message says. */
export interface Belief {
  readonly creation?: SpanContext | undefined
  readonly origin?: SpanContext | undefined
  readonly previousAttempt?: SpanContext | undefined
  /** Attempt, times, kind and wish: fresh, and from a producer that is trusted in full. */
  readonly lineage?: Lineage | undefined
  /** `false`: these contexts decide nothing on sampling. @default true */
  readonly decides?: boolean | undefined
}

/** A. What do we believe? A stale lineage tells one thing only: where the message came from. */
export function believe(trust: Trust, creation: SpanContext | undefined, lineage: Lineage | undefined): Belief {
  if (trust === 'ignore') return {}
  const fresh = lineage !== undefined && isFresh(lineage, creation)
  const origin = fresh ? undefined : lineage?.creation
  const previousAttempt = fresh ? lineage.previousAttempt : undefined
  if (trust === 'full') return { creation, origin, previousAttempt, lineage: fresh ? lineage : undefined }
  return {
    creation: undecided(creation),
    origin: undecided(origin),
    previousAttempt: undecided(previousAttempt),
    decides: false,
  }
}

/** Whether the lineage was written for the context that the message carries now. */
export function isFresh({ creation: written, made }: Lineage, creation: SpanContext | undefined): boolean {
  if (creation === undefined) return written === undefined && made === undefined
  return made === undefined ? sameSpan(written, creation) : creation.spanId.endsWith(made)
}

/** The facts of one delivery that decide on the parent. */
export interface Situation {
  /** An ambient span belongs to this delivery. */
  readonly ambient: boolean
  readonly wholeBatch: boolean
  readonly trust: Trust
  readonly creation: SpanContext | undefined
  /** What the consumer set; `auto` is what it gets by setting nothing. */
  readonly relation: Relation
  /** What the producer wished. */
  readonly wish: 'child' | 'link' | undefined
  readonly deadLetter: boolean
  readonly scheduled: boolean
  /** ms since first sent, where known. */
  readonly age: number | undefined
  readonly maxTraceAge: number
}

/** B. Which parent? The first line that applies; `none` is a real root. */
export function parentOf(delivery: Situation): 'ambient' | 'creation' | 'none' {
  const { relation, wish, age } = delivery
  if (delivery.ambient && relation === 'auto') return 'ambient'
  if (delivery.wholeBatch) return 'none'
  if (delivery.creation === undefined || delivery.trust !== 'full') return 'none'
  if (relation !== 'auto') return relation === 'child' ? 'creation' : 'none'
  if (wish !== undefined) return wish === 'child' ? 'creation' : 'none'
  if (delivery.deadLetter || delivery.scheduled) return 'none'
  if (age !== undefined && age > delivery.maxTraceAge) return 'none'
  return 'creation'
}

/** C. Which links? All that is believed, whatever the parent is. SDKs drop the oldest beyond their cap: creation is last. */
export function linksOf(
  batch: SpanContext | undefined,
  previousAttempt: SpanContext | undefined,
  { origin, creation, previousAttempt: told, decides }: Belief,
  related: readonly Relative[] = [],
): Relative[] {
  // From the last to the first: an array that is pushed to has room for seventeen (V8), and nearly always there is one.
  let links: Relative[] = creation === undefined ? [] : [{ role: 'creation', context: creation }]
  if (origin !== undefined) links = [{ role: 'origin', context: origin }, ...links]
  if (previousAttempt !== undefined) links = [{ role: 'previous_attempt', context: previousAttempt }, ...links]
  if (batch !== undefined) links = [{ role: 'batch', context: batch }, ...links]
  if (related.length > 0) links = [...related, ...links]
  return decides === false
    ? links.map((link) => (isOf(link, told, origin, creation) ? { ...link, decides } : link))
    : links
}

function isOf({ context }: Relative, ...told: readonly (SpanContext | undefined)[]): boolean {
  return told.includes(context)
}

/** Without the flags: whoever is not trusted in full does not decide on sampling. */
function undecided(context: SpanContext | undefined): SpanContext | undefined {
  return context && { ...context, traceFlags: TraceFlags.NONE }
}
