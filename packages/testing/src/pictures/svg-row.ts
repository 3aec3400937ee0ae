import { clean, cut } from '../text/display-text.ts'
import { durationText } from '../text/duration.ts'
import { element, escaped } from './element.ts'
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
export function failedRows(rows: readonly SvgRow[], { width }: SvgLayout): string {
  return rows
    .filter(({ row }) => row.state === 'failed')
    .map((placed) => background(placed, width, { fill: colors.failedRow }))
    .join('')
}

function background(
  { middle, bottom }: SvgRow,
  width: number,
  look: Readonly<Record<string, string | number>>,
): string {
  const y = middle - lineHeight / 2
  return element('rect', { x: 8, y, width: width - 16, height: bottom - y, ...look })
}

/** Everything in one row of the drawing but its links. */
export function rowMarkup(placed: SvgRow, scale: TimeScale, layout: SvgLayout, drawn: Picture): string {
  const { row, middle } = placed
  const color = serviceColor(drawn.services.indexOf(row.service))
  return element(
    'g',
    { class: 'row' },
    element('title', {}, escaped(tooltip(placed, scale)).replaceAll('¶', '&#10;')),
    // Without it only the letters would have a tooltip.
    background(placed, layout.width, { fill: 'none', 'pointer-events': 'all' }),
    nameMarkup(placed, layout),
    layout.serviceWidth > 0 && row.service !== '' ? serviceMarkup(placed, layout, color) : '',
    barMarkup(placed, scale, layout, row.state === 'failed' ? colors.failed : color),
    textLine([{ text: row.duration, fill: colors.text }], { x: layout.duration, y: middle + base }),
    layout.inline
      ? textLine(dotted(noteParts(row)), { x: layout.notes, y: middle + base, 'font-size': smallSize })
      : '',
    ...placed.details.map((parts, index) =>
      textLine(dotted(parts), { x: markAt(row, layout) + 14, y: detailBase(placed, index), 'font-size': smallSize }),
    ),
  )
}

function nameMarkup({ row, middle }: SvgRow, layout: SvgLayout): string {
  const at = markAt(row, layout)
  const room = (layout.stacked ? layout.duration : layout.service) - at - 22
  const isShort = textWidth(`${row.name} ${row.attempt}`) > room
  const attempt = row.attempt && `  ${isShort ? row.attempt.replace('attempt ', '') : row.attempt}`
  const parts = [
    { text: fitting(row.name, room - textWidth(attempt)), fill: colors.text },
    { text: attempt, fill: colors.quiet },
  ]
  const color = { ok: colors.ok, failed: colors.failed, open: colors.open }[row.state]
  return mark(row.state, at, middle, color) + textLine(parts, { x: at + 14, y: middle + base })
}

function mark(state: SvgRow['row']['state'], x: number, y: number, color: string): string {
  if (state === 'ok') return element('circle', { cx: x, cy: y, r: 5, fill: color })
  const dashed = { fill: 'none', stroke: color, 'stroke-width': 2, 'stroke-dasharray': '2 2' }
  if (state === 'open') return element('circle', { cx: x, cy: y, r: 4.5, ...dashed })
  const cross = `M${x - 4} ${y - 4}L${x + 4} ${y + 4}M${x - 4} ${y + 4}L${x + 4} ${y - 4}`
  return element('path', { d: cross, stroke: color, 'stroke-width': 2.4, 'stroke-linecap': 'round' })
}

function serviceMarkup({ row, middle }: SvgRow, { service, serviceWidth }: SvgLayout, color: string): string {
  const text = fitting(row.service, serviceWidth - 30)
  return (
    element('rect', { x: service, y: middle - 4, width: 8, height: 8, rx: 2, fill: color }) +
    textLine([{ text, fill: colors.quiet }], { x: service + 14, y: middle + base })
  )
}

function barMarkup(placed: SvgRow, scale: TimeScale, { bars, barsWidth }: SvgLayout, color: string): string {
  const { row, barMiddle: y, barStart, barWidth } = placed
  const waitStart = bars + scale.position(row.start - row.waited) * barsWidth
  const wait = element('path', {
    d: `M${waitStart.toFixed(1)} ${y}H${barStart.toFixed(1)}`,
    stroke: colors.quiet,
    'stroke-dasharray': '1.5 3',
  })
  const open = row.duration === 'open'
  const bar = element('rect', {
    x: barStart,
    y: y - barHeight / 2,
    width: barWidth,
    height: barHeight,
    rx: Math.min(3, barWidth / 2),
    fill: color,
    'fill-opacity': open ? 0.25 : undefined,
    stroke: open ? color : undefined,
    'stroke-dasharray': open ? '4 3' : undefined,
  })
  return (barStart - waitStart > 2 ? wait : '') + bar
}

function tooltip({ row }: SvgRow, scale: TimeScale): string {
  const { span } = row.place.node
  const attributes = Object.entries(span.attributes)
    .slice(0, 24)
    .map(([key, value]) => `${key}: ${cut(clean(valueText(value)), 80)}`)
  return [
    [row.name, row.attempt, row.service].filter(Boolean).join(' · '),
    `${row.duration}, ${durationText(row.start - scale.start)} after the start`,
    `trace ${span.traceId} span ${span.spanId}`,
    ...attributes,
  ].join('¶')
}
