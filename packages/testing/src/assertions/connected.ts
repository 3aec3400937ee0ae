import type { Via } from '../journeys/creation.ts'
import { evidenceOf, type CheckOptions, type Evidence } from '../rules/evidence.ts'
import { aboutNothing, findingAt, hopEnd } from '../rules/finding.ts'
import type { SpanNode } from '../spans/graph.ts'
import { connected } from '../rules/connected.ts'
import { spanKey, type RecordedSpan } from '../spans/span.ts'
import { assertNothingFound, TraceAssertionError } from './assertion-error.ts'
import { connectionFindings, isSame, wayText } from './connection.ts'
import { spansOf, type SpanSource } from './source.ts'

/** How spans have to be connected. */
export interface ConnectedOptions extends Pick<CheckOptions, 'arrivals'> {
  /**
   * `parent`: the send is above the handling. `link`: the handling links the send. `both`; or `either`.
   *
   * @default 'either'
   */
  readonly via?: Via | 'either'
  /** Only this pair: the span to lead to. */
  readonly from?: RecordedSpan
  /** Only this pair: the span that leads there. */
  readonly to?: RecordedSpan
}

/**
 * Every handled message is connected to its send, or one span to another one. Throws a `TraceAssertionError` that says
 * where the context was lost, else returns true.
 */
export function assertConnected(source: SpanSource, options: ConnectedOptions = {}): true {
  const spans = spansOf(source)
  const evidence = evidenceOf(spans, options)
  const { from, to } = options
  if (from && to) return assertPair(evidence, spans, from, to, options.via ?? 'either')
  const journeys = evidence.journeys.filter(
    ({ creation, attempts }) =>
      (!from || (creation && isSame(creation, from))) && (!to || attempts.some(({ node }) => isSame(node, to))),
  )
  return assertNothingFound(spans, connectionFindings(evidence, journeys, options), {
    found: journeys.some(({ attempts }) => attempts.length > 0),
    name: connected.subject,
    rule: connected.id,
  })
}

function assertPair(
  evidence: Evidence,
  spans: readonly RecordedSpan[],
  from: RecordedSpan,
  to: RecordedSpan,
  via: NonNullable<ConnectedOptions['via']>,
): true {
  const [start, end] = [from, to].map((span) => evidence.graph.nodes.get(spanKey(span)))
  const parent = !!start && !!end && isAbove(start, end)
  const link = to.links.some((one) => spanKey(one) === spanKey(from))
  if ({ parent, link, both: parent && link, either: parent || link }[via]) return true
  const is = parent ? 'parent' : link ? 'link' : undefined
  const wanted = via === 'either' ? 'a parent or a link' : wayText(via)
  const found = {
    rule: connected.id,
    problem: `${to.name} is connected to ${from.name} by ${wayText(is)}, not by ${wanted}.`,
    hop: `${hopEnd(from)} → ${hopEnd(to)}`,
    spans: [to, from],
    expected: via,
    actual: is ?? 'nothing',
  }
  const finding = end ? findingAt(evidence, end, found) : { ...aboutNothing, message: 'a message', ...found }
  throw new TraceAssertionError([finding], spans)
}

function isAbove(start: SpanNode, end: SpanNode): boolean {
  for (let parent = end.parent; parent; parent = parent.parent) if (parent === start) return true
  return false
}
