import { clean, cut } from '../text/display-text.ts'
import { durationText } from '../text/duration.ts'
import { attributes, escaped, markup, type Content } from './markup.ts'
import type { Picture } from './picture.ts'
import { colors, serviceColor } from './svg-colors.ts'
import { detailBase, dotted, lineHeight, markAt, noteParts, type SvgLayout, type SvgRow } from './svg-layout.ts'
import { fitting, smallSize, textLine, textWidth } from './svg-text.ts'
import type { TimeScale } from './time-scale.ts'
import { valueText } from '../text/value-text.ts'

const barHeight = 14
// From the middle of a line to what its letters stand on.
const base = 4.5

/** What is behind the rows of failed spans. */
export function failedRows(rows: readonly SvgRow[], { width }: SvgLayout): Content {
  return rows.map((placed) => (placed.row.state === 'failed' ? background(placed, width, colors.failedRow) : undefined))
}

/** @param fill the colour; without one it is there for the mouse only */
function background({ middle, bottom }: SvgRow, width: number, fill?: string): Content {
  const y = middle - lineHeight / 2
  const look = attributes(fill === undefined ? { fill: 'none', 'pointer-events': 'all' } : { fill })
  return markup`<rect x="8" y="${y}" width="${width - 16}" height="${bottom - y}"${look}/>`
}

/** Everything in one row of the drawing but its links. */
export function rowMarkup(placed: SvgRow, scale: TimeScale, layout: SvgLayout, drawn: Picture): Content {
  const { row, middle } = placed
  const color = serviceColor(drawn.services.indexOf(row.service))
  const service = layout.serviceWidth > 0 && row.service !== '' ? serviceMarkup(placed, layout, color) : undefined
  const at = markAt(row, layout) + 14
  const details = placed.details.map((parts, index) =>
    textLine(dotted(parts), at, detailBase(placed, index), smallSize),
  )
  // Without something behind it only the letters would have a tooltip.
  return markup`<g class="row">
    <title>${tooltip(placed, scale)}</title>
    ${background(placed, layout.width)}
    ${nameMarkup(placed, layout)}
    ${service}
    ${barMarkup(placed, scale, layout, row.state === 'failed' ? colors.failed : color)}
    ${textLine([{ text: row.duration, fill: colors.text }], layout.duration, middle + base)}
    ${layout.inline ? textLine(dotted(noteParts(row)), layout.notes, middle + base, smallSize) : undefined}
    ${details}
  </g>`
}

function nameMarkup({ row, middle }: SvgRow, layout: SvgLayout): Content {
  const at = markAt(row, layout)
  const room = (layout.stacked ? layout.duration : layout.service) - at - 22
  const isShort = textWidth(`${row.name} ${row.attempt}`) > room
  const attempt = row.attempt && `  ${isShort ? row.attempt.replace('attempt ', '') : row.attempt}`
  const parts = [
    { text: fitting(row.name, room - textWidth(attempt)), fill: colors.text },
    { text: attempt, fill: colors.quiet },
  ]
  return [mark(row.state, at, middle), textLine(parts, at + 14, middle + base)]
}

function mark(state: SvgRow['row']['state'], x: number, y: number): Content {
  const color = colors[state]
  if (state === 'ok') return markup`<circle cx="${x}" cy="${y}" r="5" fill="${color}"/>`
  if (state === 'open') {
    return markup`<circle cx="${x}" cy="${y}" r="4.5" fill="none" stroke="${color}" stroke-width="2" stroke-dasharray="2 2"/>`
  }
  const cross = `M${x - 4} ${y - 4}L${x + 4} ${y + 4}M${x - 4} ${y + 4}L${x + 4} ${y - 4}`
  return markup`<path d="${cross}" stroke="${color}" stroke-width="2.4" stroke-linecap="round"/>`
}

function serviceMarkup({ row, middle }: SvgRow, { service, serviceWidth }: SvgLayout, color: string): Content {
  const text = fitting(row.service, serviceWidth - 30)
  return markup`<rect x="${service}" y="${middle - 4}" width="8" height="8" rx="2" fill="${color}"/>
    ${textLine([{ text, fill: colors.quiet }], service + 14, middle + base)}`
}

function barMarkup(placed: SvgRow, scale: TimeScale, { bars, barsWidth }: SvgLayout, color: string): Content {
  const { row, barMiddle: y, barStart, barWidth } = placed
  const waitStart = bars + scale.position(row.start - row.waited) * barsWidth
  const line = `M${waitStart.toFixed(1)} ${y}H${barStart.toFixed(1)}`
  const wait = markup`<path d="${line}" stroke="${colors.quiet}" stroke-dasharray="1.5 3"/>`
  const open = { 'fill-opacity': 0.25, stroke: color, 'stroke-dasharray': '4 3' }
  const look = attributes({ rx: Math.min(3, barWidth / 2), fill: color, ...(row.duration === 'open' && open) })
  const bar = markup`<rect x="${barStart}" y="${y - barHeight / 2}" width="${barWidth}" height="${barHeight}"${look}/>`
  return [barStart - waitStart > 2 ? wait : undefined, bar]
}

function tooltip({ row }: SvgRow, scale: TimeScale): Content {
  const { span } = row.place.node
  const said = Object.entries(span.attributes)
    .slice(0, 24)
    .map(([key, value]) => `${key}: ${cut(clean(valueText(value)), 80)}`)
  const lines = [
    [row.name, row.attempt, row.service].filter(Boolean).join(' · '),
    `${row.duration}, ${durationText(row.start - scale.start)} after the start`,
    `trace ${span.traceId} span ${span.spanId}`,
    ...said,
  ]
  return { markup: lines.map(escaped).join('&#10;') }
}
