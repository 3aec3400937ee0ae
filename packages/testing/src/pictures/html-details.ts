import { clean, cut } from '../text/display-text.ts'
import { markup, type Content } from './markup.ts'
import { linkMention, mention, missingParent, type Places } from './html-places.ts'
import type { PictureRow } from './picture.ts'
import type { SpanAttributes } from '../spans/span.ts'
import { valueText } from '../text/value-text.ts'

const mostCharacters = 2000
const mostAttributes = 128

/** Everything that a span says. */
export function spanDetails(row: PictureRow, places: Places): Content {
  const { node } = row.place
  const { span } = node
  const place = places.get(node)
  const facts: [string, Content][] = [
    ['Service', row.service],
    ['Kind', span.kind],
    ['Status', span.statusMessage === undefined ? span.status : `${span.status}: ${span.statusMessage}`],
    ['Start', momentText(span.startTime)],
    ['Duration', row.duration],
    ['Trace', markup`<code>${span.traceId}</code>`],
    ['Span', markup`<code>${span.spanId}</code>`],
    ['Parent', node.parent ? mention(node.parent, places, 'details') : node.parentMissing ? missingParent(node) : ''],
    ['Scope', clean([span.scope, span.scopeVersion].filter(Boolean).join(' '))],
  ]
  const links = node.links.map((link) => linkMention(node, link, places, 'details'))
  const linkedFrom = [...(place?.linkedFrom ?? [])].map((from) => mention(from, places, 'details'))
  return markup`<article id="${place?.details}" aria-labelledby="${place?.details}-name">
    <h3 id="${place?.details}-name">${place?.text ?? row.name}</h3>
    <p><a href="#${place?.row}">in the picture</a></p>
    ${table(facts.filter(([, value]) => value !== ''))}
    ${list('Links', links)}${list('Linked from', linkedFrom)}
    ${attributeTable('Attributes', span.attributes)}
    ${span.events.map((event) => attributeTable(`Event ${event.name}`, event.attributes, true))}
  </article>`
}

function attributeTable(heading: string, given: SpanAttributes, always = false): Content {
  const entries = Object.entries(given)
  const rows = entries
    .slice(0, mostAttributes)
    .map(([key, value]) => [key, cut(clean(valueText(value)), mostCharacters)] as const)
  if (entries.length > mostAttributes) rows.push(['…', `${entries.length - mostAttributes} more`])
  if (rows.length === 0 && !always) return undefined
  return markup`<h4>${heading}</h4>${rows.length === 0 ? undefined : table(rows)}`
}

function list(heading: string, items: readonly Content[]): Content {
  if (items.length === 0) return undefined
  return markup`<h4>${heading}</h4><ul>${items.map((item) => markup`<li>${item}</li>`)}</ul>`
}

function table(rows: readonly (readonly [name: string, value: Content])[]): Content {
  const cells = rows.map(([name, value]) => markup`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)
  return markup`<table><tbody>${cells}</tbody></table>`
}

function momentText(milliseconds: number): string {
  const moment = new Date(milliseconds)
  return Number.isNaN(moment.getTime()) ? '' : moment.toISOString()
}
