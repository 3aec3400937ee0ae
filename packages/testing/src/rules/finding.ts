import { clean } from '../text/display-text.ts'
import { messageFacts } from '../spans/facts.ts'
import type { RecordedSpan } from '../spans/span.ts'

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
export function sideOf(span: RecordedSpan): Side {
  const { operationType } = messageFacts(span)
  if (operationType === 'send' || operationType === 'create') return 'producer'
  return operationType === undefined ? 'unknown' : 'consumer'
}
