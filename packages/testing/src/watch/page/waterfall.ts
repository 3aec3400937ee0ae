import type { Axis, JourneyDetail, SpanRow, SpanState } from '../protocol.ts'
import { element, styled } from './dom.ts'
import { linkLine } from './link-line.ts'
import { spanFacts } from './span-facts.ts'

const marks: Readonly<Record<SpanState, readonly [sign: string, meaning: string]>> = {
  ok: ['●', 'ok'],
  failed: ['✗', 'failed'],
  open: ['◌', 'still open'],
}

// More of them would be a pattern, and no information.
const mostBreaks = 12

/** The waterfall: a row for each span. @param open the rows whose facts are shown; it is kept up to date */
export function waterfall(detail: JourneyDetail, open: Set<number>): HTMLElement {
  const list = element('ol', { class: 'waterfall card' })
  list.append(axisRow(detail.axis))
  for (const [index, row] of detail.rows.entries()) list.append(spanRow(row, index, detail, open))
  return list
}

function axisRow({ ticks }: Axis): HTMLElement {
  const track = element('div', { class: 'track' })
  for (const { at, text } of ticks) track.append(styled(element('span', { class: 'tick' }, text), { from: at }))
  return element('li', { class: 'axis', 'aria-hidden': 'true' }, element('span', {}, 'Span'), track, element('span'))
}

function spanRow(row: SpanRow, index: number, detail: JourneyDetail, open: Set<number>): HTMLElement {
  const id = detail.summary.id
  const service = detail.services[row.service]
  const [sign, meaning] = marks[row.state]
  const facts = element('div', { class: 'facts', id: `facts-${index}`, hidden: !open.has(index) })
  if (open.has(index)) facts.append(...spanFacts(row, id))
  const button = element(
    'button',
    { type: 'button', 'aria-expanded': String(open.has(index)), 'aria-controls': facts.id, title: row.name },
    element('span', { class: 'mark', 'aria-hidden': 'true' }, sign),
    element('span', {}, element('span', { class: 'unseen' }, `${meaning}, level ${row.level + 1}: `), row.name),
    row.attempt === '' ? undefined : element('small', {}, row.attempt),
  )
  button.addEventListener('click', () => {
    const wanted = facts.hidden
    if (wanted) open.add(index)
    else open.delete(index)
    facts.replaceChildren(...(wanted ? spanFacts(row, id) : []))
    facts.hidden = !wanted
    button.setAttribute('aria-expanded', String(wanted))
  })
  const broken = row.broken ? ' broken' : ''
  const place = element(
    'li',
    { class: `row ${row.state}${broken} c${Math.max(0, row.service) % 6}`, id: `row-${index}` },
    element('div', { class: 'name' }, button),
    barTrack(row, detail.axis),
    element('span', { class: 'duration' }, row.duration),
    service === undefined ? undefined : element('span', { class: 'where' }, element('span', { class: 'dot' }), service),
    happened(row, id),
    facts,
  )
  return styled(place, { level: Math.min(row.level, 8) })
}

function barTrack(row: SpanRow, { breaks }: Axis): HTMLElement {
  const made = element('div', { class: 'track', 'aria-hidden': 'true' })
  for (const { start, end } of breaks.slice(0, mostBreaks)) {
    made.append(styled(element('span', { class: 'break' }), { from: start, to: end }))
  }
  if (row.waitFrom < row.from) {
    made.append(styled(element('span', { class: 'wait' }), { from: row.waitFrom, to: row.from }))
  }
  made.append(styled(element('span', { class: 'bar' }), { from: Math.min(row.from, 0.997), to: row.to }))
  return made
}

function happened(row: SpanRow, id: string): HTMLElement | undefined {
  const links = row.links.filter(({ quiet }) => !quiet)
  if (row.arrival === '' && row.result === '' && links.length === 0) return undefined
  const result = row.state === 'failed' ? element('b', {}, row.result) : row.result
  return element(
    'div',
    { class: 'happened' },
    row.arrival,
    row.arrival === '' || row.result === '' ? '' : row.result.startsWith('→') ? ' ' : ' · ',
    row.result === '' ? '' : result,
    ...links.slice(0, 8).map((link) => linkLine(link, id)),
    links.length > 8 ? `… ${links.length - 8} more links` : '',
  )
}
