import { durationText } from '../text/duration.ts'
import { tag, textIn } from './html-element.ts'
import { linkMention, mention, type Places } from './html-places.ts'
import type { Picture, PictureRow } from './picture.ts'
import { escaped } from './svg-element.ts'

const states = { ok: ['●', 'ok'], failed: ['✗', 'failed'], open: ['◌', 'still open'] } as const

// A batch can link a hundred messages; all of them stand with the span's details.
const most = 8

/** The waterfall as a table: a row per span, its links leading to other rows. */
export function pictureTable(drawn: Picture, places: Places): string {
  const columns = ['Span', 'Service', tag('div', { class: 'track' }, ...axis(drawn)), 'Duration', 'What happened']
  const classes = ['', '', 'time', 'number', '']
  const head = columns.map((text, index) => tag('th', { scope: 'col', class: classes[index] || undefined }, text))
  return tag(
    'div',
    { class: 'wide', tabindex: 0, role: 'region', 'aria-label': 'Picture' },
    tag(
      'table',
      {},
      tag('thead', {}, tag('tr', {}, ...head)),
      tag('tbody', {}, ...drawn.rows.map((row) => rowMarkup(row, drawn, places))),
    ),
  )
}

function rowMarkup(row: PictureRow, drawn: Picture, places: Places): string {
  const { node, guides } = row.place
  const place = places.of(node)
  const [sign, meaning] = states[row.state]
  const level = tag('span', { class: 'hidden' }, `${meaning}, level ${guides.length + 1}: `)
  const color = `--color: var(--s${Math.max(0, drawn.services.indexOf(row.service)) % 6})`
  return tag(
    'tr',
    { id: place?.row, class: row.state, style: color },
    tag(
      'th',
      { scope: 'row', class: `name ${row.state}`, style: `--depth: ${Math.min(guides.length, 24)}` },
      tag('span', { class: 'mark', 'aria-hidden': 'true' }, sign),
      level,
      tag('a', { href: `#${place?.details}` }, escaped(row.name)),
      row.attempt && ` ${textIn('small', row.attempt)}`,
    ),
    tag('td', { class: 'service' }, row.service && tag('span', { class: 'dot' }) + escaped(row.service)),
    tag('td', { class: 'time', 'aria-hidden': 'true' }, tag('div', { class: 'track' }, ...bar(row, drawn))),
    tag('td', { class: 'number' }, escaped(row.duration)),
    tag('td', { class: 'happened' }, happened(row, places)),
  )
}

function happened(row: PictureRow, places: Places): string {
  const { node } = row.place
  const links = node.links.filter((link) => link.target !== node.parent || node.parent === undefined)
  const parts = [
    [escaped(row.arrival), textIn('span', row.result, row.state === 'failed' ? 'result' : undefined)]
      .filter(Boolean)
      .join(' · '),
    node.parentMissing ? `parent ${tag('code', {}, escaped(node.span.parentSpanId ?? ''))} (not recorded)` : '',
    ...links.slice(0, most).map((link) => `⤷ ${linkMention(node, link, places)}`),
    links.length > most ? `… ${links.length - most} more links` : '',
    ...backwards(row, places),
  ]
  return parts.filter(Boolean).join('<br>')
}

/** From a send to what links it in another trace: the way forward that most backends do not have. */
function backwards({ place: { node } }: PictureRow, places: Places): string[] {
  const elsewhere = places.linkedFrom(node).filter((from) => from.span.traceId !== node.span.traceId)
  const shown = elsewhere.slice(0, most).map((from) => `⤶ linked from ${mention(from, places)}`)
  return elsewhere.length > most ? [...shown, `⤶ … ${elsewhere.length - most} more`] : shown
}

function bar(row: PictureRow, { scale }: Picture): string[] {
  const start = scale.position(row.start)
  const waitStart = scale.position(row.start - row.waited)
  return [
    row.waited > 0 && start - waitStart > 0.002 ? piece('wait', waitStart, start) : '',
    piece(row.duration === 'open' ? 'bar open-bar' : 'bar', start, scale.position(row.end)),
  ]
}

function piece(className: string, from: number, to: number): string {
  return tag('span', {
    class: className,
    style: `left: ${percent(Math.min(from, 0.995))}; width: ${percent(to - from)}`,
  })
}

function axis({ scale, rows }: Picture): string[] {
  if (rows.length === 0) return []
  const marks: string[] = []
  let free = 0
  for (const tick of scale.ticks(5)) {
    const at = scale.position(scale.start + tick)
    const label = durationText(tick)
    const width = (label.length + 2) * 0.022
    if (at < free || at + width > 1) continue
    free = at + width
    marks.push(tag('span', { style: `left: ${percent(at)}` }, escaped(label)))
  }
  for (const gap of scale.breaks) {
    marks.push(tag('span', { style: `left: ${percent((gap.start + gap.end) / 2)}`, title: 'time left out' }, '⋯'))
  }
  return marks
}

function percent(part: number): string {
  return `${(Math.max(0, Math.min(1, part)) * 100).toFixed(2)}%`
}
