import { clean, cut } from '../text/display-text.ts'
import type { SpanNode } from '../spans/graph.ts'
import { element, escaped, textIn } from './element.ts'
import { linkMention, mention, type Places } from './html-places.ts'
import type { PictureRow } from './picture.ts'
import type { SpanAttributes } from '../spans/span.ts'
import { valueText } from '../text/value-text.ts'

const mostCharacters = 2000
const mostAttributes = 128

/** Everything that a span says. */
export function spanDetails(row: PictureRow, places: Places): string {
  const { node } = row.place
  const { span } = node
  const place = places.of(node)
  const status = span.statusMessage === undefined ? span.status : `${span.status}: ${span.statusMessage}`
  const facts = [
    ['Service', escaped(row.service)],
    ['Kind', escaped(span.kind)],
    ['Status', escaped(status)],
    ['Start', escaped(momentText(span.startTime))],
    ['Duration', escaped(row.duration)],
    ['Trace', element('code', {}, escaped(span.traceId))],
    ['Span', element('code', {}, escaped(span.spanId))],
    ['Parent', parentText(node, places)],
    ['Scope', escaped([span.scope, span.scopeVersion].filter(Boolean).join(' '))],
  ]
  return element(
    'article',
    { id: place?.details, 'aria-labelledby': `${place?.details}-name` },
    element('h3', { id: `${place?.details}-name` }, escaped(place?.text ?? row.name)),
    element('p', {}, element('a', { href: `#${place?.row}` }, 'in the picture')),
    table(facts.filter(([, value]) => value !== '')),
    list(
      'Links',
      node.links.map((link) => linkMention(node, link, places, 'details')),
    ),
    list(
      'Linked from',
      places.linkedFrom(node).map((from) => mention(from, places, 'details')),
    ),
    attributes('Attributes', span.attributes),
    ...span.events.map((event) => attributes(`Event ${event.name}`, event.attributes, true)),
  )
}

function parentText(node: SpanNode, places: Places): string {
  if (node.parent) return mention(node.parent, places, 'details')
  return node.parentMissing ? `${element('code', {}, escaped(node.span.parentSpanId ?? ''))} (not recorded)` : ''
}

function attributes(heading: string, given: SpanAttributes, always = false): string {
  const entries = Object.entries(given)
  const rows = entries
    .slice(0, mostAttributes)
    .map(([key, value]) => [escaped(key), escaped(cut(clean(valueText(value)), mostCharacters))])
  if (entries.length > mostAttributes) rows.push(['…', `${entries.length - mostAttributes} more`])
  if (rows.length === 0) return always ? textIn('h4', heading) : ''
  return textIn('h4', heading) + table(rows)
}

function list(heading: string, items: readonly string[]): string {
  return items.length === 0
    ? ''
    : textIn('h4', heading) + element('ul', {}, ...items.map((item) => element('li', {}, item)))
}

function table(rows: readonly (readonly string[])[]): string {
  const markup = rows.map(([name = '', value = '']) =>
    element('tr', {}, element('th', { scope: 'row' }, name), element('td', {}, value)),
  )
  return element('table', {}, element('tbody', {}, ...markup))
}

function momentText(milliseconds: number): string {
  const moment = new Date(milliseconds)
  return Number.isNaN(moment.getTime()) ? '' : moment.toISOString()
}
