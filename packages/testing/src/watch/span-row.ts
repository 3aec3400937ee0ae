import { clean, cut } from '../text/display-text.ts'
import type { SpanLink, SpanNode } from '../spans/graph.ts'
import { messageFacts } from '../spans/facts.ts'
import { linkRole, shownByTree, type Picture, type PictureRow } from '../pictures/picture.ts'
import type { TimeScale } from '../pictures/time-scale.ts'
import { spanKey, type RecordedLink, type RecordedSpan, type SpanAttributes } from '../spans/span.ts'
import { valueText } from '../text/value-text.ts'
import type { Fact, LinkText, SpanRow } from './protocol.ts'
import type { Stories } from './stories.ts'

const most = { links: 128, attributes: 64, events: 8, name: 200, text: 1000 } as const

/** What a row is drawn with. */
export interface Surroundings {
  readonly scale: TimeScale
  readonly rows: ReadonlyMap<SpanNode, number>
  /** Keys of the spans that findings are about. */
  readonly broken: ReadonlySet<string>
  /** Where links lead to, when it is no row. */
  readonly stories: Stories
}

/** A span as a row of the waterfall, with all that it says. */
export function spanRow(row: PictureRow, { services }: Picture, around: Surroundings): SpanRow {
  const { scale } = around
  const { node, guides } = row.place
  return {
    level: Math.min(guides.length, 24),
    name: cut(row.name, most.name),
    attempt: row.attempt,
    state: row.state,
    service: services.indexOf(row.service),
    from: scale.position(row.start),
    to: scale.position(row.end),
    waitFrom: scale.position(row.start - row.waited),
    duration: row.duration,
    arrival: row.arrival,
    result: cut(row.result, most.name),
    links: node.links.slice(0, most.links).map((link) => linkText(node, link, around)),
    broken: around.broken.has(spanKey(node.span)),
    facts: factsOf(row),
    attributes: facts(node.span.attributes),
    events: node.span.events
      .slice(-most.events)
      .map(({ name, attributes }) => ({ name: said(name, most.name), attributes: facts(attributes) })),
  }
}

function linkText(node: SpanNode, link: SpanLink, { rows, stories }: Surroundings): LinkText {
  const { target } = link
  const role = said(linkRole(node, link), most.name)
  if (!target) return { role, quiet: false, ...whereabouts(link.link, node.span, stories) }
  const row = rows.get(target)
  const { attempt } = messageFacts(target.span)
  const text = said(target.span.name, most.name) + (attempt === undefined ? '' : ` attempt ${attempt}`)
  return { role, text, quiet: shownByTree(node, link), ...(row !== undefined && { row }) }
}

/** What is known of a span that is not in the journey of another one, which links it. */
function whereabouts(
  link: RecordedLink,
  { traceId }: RecordedSpan,
  stories: Stories,
): Pick<LinkText, 'text' | 'journey' | 'missing'> {
  const story = stories.of(link.traceId)
  if (story && story !== stories.of(traceId)) {
    const there = story.spans.get(spanKey(link))
    return { text: there ? `${said(there.name, most.name)} in another journey` : 'another journey', journey: story.id }
  }
  const missing = stories.isGone(link.traceId) ? 'no longer kept' : 'not recorded'
  return { text: spanKey(link), missing }
}

function factsOf({ place: { node }, duration, service }: PictureRow): Fact[] {
  const { span } = node
  const status = span.statusMessage === undefined ? span.status : `${span.status}: ${span.statusMessage}`
  const all: readonly Fact[] = [
    ['service', service],
    ['kind', span.kind],
    ['status', status],
    ['start', momentText(span.startTime)],
    ['duration', duration],
    ['trace', span.traceId],
    ['span', span.spanId],
    ['parent', node.parentMissing ? `${span.parentSpanId} (not recorded)` : (span.parentSpanId ?? '')],
    ['scope', [span.scope, span.scopeVersion].filter(Boolean).join(' ')],
  ]
  return all.filter(([, value]) => value !== '').map(([name, value]) => [name, said(value, most.text)])
}

function facts(attributes: SpanAttributes): Fact[] {
  return Object.entries(attributes)
    .slice(0, most.attributes)
    .map(([name, value]) => [said(name, most.name), said(valueText(value), most.text)])
}

function said(text: string, length: number): string {
  return cut(clean(text), length)
}

function momentText(milliseconds: number): string {
  const moment = new Date(milliseconds)
  return Number.isNaN(moment.getTime()) ? '' : moment.toISOString()
}
