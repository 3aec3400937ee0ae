import type { Via } from '../journeys/creation.ts'
import type { MessageAttempt, MessageJourney } from '../journeys/journey.ts'
import { connected } from '../rules/connected.ts'
import type { Evidence } from '../rules/evidence.ts'
import { findingAt, type Finding } from '../rules/finding.ts'
import type { SpanNode } from '../spans/graph.ts'
import { spanKey, type RecordedSpan } from '../spans/span.ts'

/** What keeps journeys from being connected. Stricter than the rule: in a test nothing comes from outside. */
export function connectionFindings(
  evidence: Evidence,
  journeys: readonly MessageJourney[],
  { via = 'either', to }: { readonly via?: Via | 'either'; readonly to?: RecordedSpan },
): Finding[] {
  const attempts = journeys.flatMap((journey) => journey.attempts)
  // What nothing identifies is a journey of its own when it is handled: it is known by the send that it belongs to.
  const known = new Set(
    [...attempts.map(({ node }) => node), ...journeys.map(({ creation }) => creation)].map((node) => node?.span),
  )
  const broken = connected.check(evidence).filter(({ spans }) => spans.some((span) => known.has(span)))
  const told = new Set(broken.map(({ spans: [culprit] }) => culprit))
  const others = attempts.filter(({ node }) => !told.has(node.span) && (!to || isSame(node, to)))
  return [...broken, ...others.flatMap((attempt) => loose(evidence, attempt, via))]
}

function loose(evidence: Evidence, attempt: MessageAttempt, via: Via | 'either'): Finding[] {
  const { node, creation } = attempt
  const find = (problem: string, more: Partial<Finding> = {}): Finding[] => [
    findingAt(evidence, node, { rule: connected.id, problem, ...more }),
  ]
  if (!creation && attempt.via === undefined) {
    const { contextStatus } = attempt.facts
    const side = contextStatus === 'absent' || contextStatus === 'malformed' ? 'producer' : 'unknown'
    const status = contextStatus === undefined ? '' : `, context ${contextStatus}`
    return find(`${node.span.name} leads to no send${status}, and no send of this message was recorded.`, {
      side,
      ...(side === 'producer' ? { service: '' } : {}),
    })
  }
  if (!creation) {
    return find(`${node.span.name} leads to a send that was not recorded.`, { side: 'producer', service: '' })
  }
  if (via === 'either' || attempt.via === via || (attempt.via === 'both' && via !== 'both')) return []
  return find(`${node.span.name} is connected to its send by ${wayText(attempt.via)}, not by ${wayText(via)}.`, {
    expected: via,
    actual: attempt.via,
  })
}

/** A way as a sentence has it. */
export function wayText(via: Via | undefined): string {
  return via === 'both' ? 'parent and link' : (via ?? 'nothing')
}

/** Whether a node is the one of a span. */
export function isSame({ span }: SpanNode, other: RecordedSpan): boolean {
  return spanKey(span) === spanKey(other)
}
