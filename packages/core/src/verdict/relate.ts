import type { SpanContext } from '@opentelemetry/api'
import type { Relation, Relative } from '../base/policy.ts'
import { linksOf, parentOf } from './relation.ts'
import type { Verdict } from './verdict.ts'

/**
 * Decides on the parent and the links of the process span of one delivery, by the rules of relation.ts. Pure.
 *
 * @param relation what the consumer set
 * @param age ms since first sent, where known
 * @param batch the span of the batch around this message
 * @returns `previous`: the previous attempt, where it is known and linked
 */
export function relate(
  verdict: Verdict,
  relation: Relation,
  age: number | undefined,
  maxTraceAge: number,
  batch: SpanContext | undefined,
): {
  readonly parent: ReturnType<typeof parentOf>
  readonly previous: SpanContext | undefined
  readonly links: Relative[]
} {
  const { delivery, belief, copy, attempt } = verdict
  const parent = parentOf({
    ambient: delivery.ambient === true,
    wholeBatch: false,
    trust: verdict.trust,
    creation: copy.creation && belief.creation,
    relation,
    wish: copy.lineage?.relation,
    deadLetter: copy.deadLetter !== undefined,
    scheduled: delivery.scheduled === true,
    age,
    maxTraceAge,
  })
  const previous =
    attempt.previous ?? (attempt.firstDelivery && belief.lineage === undefined ? belief.previousAttempt : undefined)
  return { parent, previous, links: linksOf(batch, previous, belief, delivery.related) }
}
