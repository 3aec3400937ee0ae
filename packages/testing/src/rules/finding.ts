import { clean } from '../text/display-text.ts'
import { messageFacts } from '../spans/facts.ts'
import { messageIdentity } from '../spans/identity.ts'
import type { SpanNode } from '../spans/graph.ts'
import { nearest } from '../spans/nearest.ts'
import type { RecordedSpan } from '../spans/span.ts'
import type { Evidence } from './evidence.ts'
import type { Rule } from './rule.ts'

/** Who has to look into it. `unknown`: spans alone do not tell. */
export type Side = 'producer' | 'consumer' | 'unknown'

/** Something that is wrong with spans, said so that somebody can act on it. */
export interface Finding {
  /** Id of the rule. */
  readonly rule: string
  /** What is wrong, in one sentence. */
  readonly problem: string
  /** Which message: `kafka orders/0@42`. */
  readonly message: string
  /** Which hop: `send orders (shop) → process orders attempt 2 (billing)`, or the one span it is about. */
  readonly hop: string
  readonly side: Side
  /** `service.name` of that side, or an empty string. */
  readonly service: string
  /** The spans that show it, the culprit first. */
  readonly spans: readonly RecordedSpan[]
  /** What should be there, and what is, where the two can be put side by side. */
  readonly expected?: unknown
  readonly actual?: unknown
  /** No span that may still come can mend it. @default false */
  readonly final?: boolean
}

/** What a finding says of no span. */
export const aboutNothing = { message: 'none', hop: 'none', side: 'unknown', service: '', spans: [] } as const

/** A finding in four lines: what, which message, which hop, which side. */
export function findingText(finding: Finding): string {
  const { rule, problem, message, hop, side, service } = finding
  const whose = service === '' ? side : `${side}, ${service}`
  return [`${problem} [${rule}]`, `  message  ${message}`, `  hop      ${hop}`, `  side     ${whose}`]
    .map((line) => clean(line))
    .join('\n')
}

/** A span as one end of a hop: `process orders attempt 2 (billing)`. */
export function hopEnd(span: RecordedSpan): string {
  const { attempt } = messageFacts(span)
  const number = attempt === undefined ? '' : ` attempt ${attempt}`
  return `${span.name}${number}${span.service === '' ? '' : ` (${span.service})`}`
}

/** Which side of the broker a span is on. */
function sideOf(span: RecordedSpan): Side {
  const { operationType } = messageFacts(span)
  if (operationType === 'send' || operationType === 'create') return 'producer'
  return operationType === undefined ? 'unknown' : 'consumer'
}

/** The application's own spans are on the side of what they stand below. */
const sideAround = nearest<Side>(({ span }) => {
  const side = sideOf(span)
  return side === 'unknown' ? undefined : { value: side }
})

/** A finding about one span: its message, its hop and its side are looked up. */
export function findingAt(
  evidence: Evidence,
  node: SpanNode,
  found: Pick<Finding, 'rule' | 'problem'> & Partial<Finding>,
): Finding {
  const journey = evidence.journeyOf(node)
  const { destination } = messageFacts(node.span)
  const place = destination === undefined ? 'no message' : `a message to ${destination}`
  const creation = journey?.creation
  return {
    message: journey?.message ?? messageIdentity(node.span)?.text ?? place,
    hop: creation && creation !== node ? `${hopEnd(creation.span)} → ${hopEnd(node.span)}` : hopEnd(node.span),
    side: sideAround(node) ?? 'unknown',
    service: node.span.service,
    spans: [node.span],
    ...found,
  }
}

/** What is wrong, and with which span: the message, the hop and the side are looked up where they are not said. */
export interface Found extends Partial<Finding> {
  readonly problem: string
  /** Absent: it is about no span. */
  readonly node?: SpanNode
}

/** A rule by what it finds: findings are made of that. */
export function createRule({
  find,
  ...rule
}: Omit<Rule, 'check'> & { readonly find: (evidence: Evidence) => Iterable<Found> }): Rule {
  return {
    ...rule,
    check: (evidence) =>
      Array.from(find(evidence), ({ node, ...found }) =>
        node ? findingAt(evidence, node, { rule: rule.id, ...found }) : { ...aboutNothing, rule: rule.id, ...found },
      ),
  }
}
