import { clean, cut } from '../text/display-text.ts'
import { durationText } from '../text/duration.ts'
import type { Picture } from './picture.ts'
import { colors, serviceColor } from './svg-colors.ts'
import { element, escaped } from './svg-element.ts'
import { columnsIn, detailMiddle, fontSize, markAt, textWidth, type SvgLayout, type SvgRow } from './svg-layout.ts'
import { valueText } from '../text/value-text.ts'

const barHeight = 14

/** Everything in one row of the drawing but its links. */
export function rowMarkup(placed: SvgRow, layout: SvgLayout, drawn: Picture): string {
  const { row, middle } = placed
  const failed = row.state === 'failed'
  const service = serviceColor(drawn.services.indexOf(row.service))
  return element(
    'g',
    {},
    element('title', {}, escaped(tooltip(placed, drawn)).replaceAll('¶', '&#10;')),
    element('rect', {
      x: margins.left,
      y: middle - 14,
      width: layout.width - 2 * margins.left,
      height: placed.bottom - middle + 14,
      fill: failed ? colors.failedRow : colors.background,
    }),
    nameMarkup(placed, layout),
    drawn.services.length > 1 ? serviceMarkup(placed, layout, service) : '',
    barMarkup(placed, layout, drawn, failed ? colors.failed : service),
    element(
      'text',
      { x: layout.bars + layout.barsWidth + 8, y: middle + 4.5, fill: colors.text },
      escaped(row.duration),
    ),
    layout.inline ? notesMarkup(placed, layout) : '',
    ...placed.details.map((text, index) =>
      element(
        'text',
        {
          x: markAt(row) + 14,
          y: detailMiddle(placed, index) + 4,
          fill: text.startsWith('⤷') ? colors.link : colors.quiet,
          'font-size': fontSize - 1,
        },
        escaped(cut(text, columnsIn(layout.width - markAt(row) - 40, fontSize - 1))),
      ),
    ),
  )
}

const margins = { left: 12 }

function nameMarkup({ row, middle }: SvgRow, layout: SvgLayout): string {
  const at = markAt(row)
  const room = layout.service - at - 24
  const name = cut(row.name, columnsIn(room - textWidth(row.attempt && `  ${row.attempt}`)))
  const attempt = element('tspan', { fill: colors.quiet, dx: 8 }, escaped(row.attempt))
  const color = { ok: colors.ok, failed: colors.failed, open: colors.open }[row.state]
  return (
    mark(row.state, at, middle, color) +
    element('text', { x: at + 14, y: middle + 4.5, fill: colors.text }, escaped(name) + (row.attempt ? attempt : ''))
  )
}

function mark(state: SvgRow['row']['state'], x: number, y: number, color: string): string {
  if (state === 'ok') return element('circle', { cx: x, cy: y, r: 5, fill: color })
  if (state === 'open')
    return element('circle', {
      cx: x,
      cy: y,
      r: 4.5,
      fill: 'none',
      stroke: color,
      'stroke-width': 2,
      'stroke-dasharray': '2 2',
    })
  const cross = `M${x - 4} ${y - 4}L${x + 4} ${y + 4}M${x - 4} ${y + 4}L${x + 4} ${y - 4}`
  return element('path', { d: cross, stroke: color, 'stroke-width': 2.4, 'stroke-linecap': 'round' })
}

function serviceMarkup({ row, middle }: SvgRow, layout: SvgLayout, color: string): string {
  return (
    element('rect', { x: layout.service, y: middle - 4, width: 8, height: 8, rx: 2, fill: color }) +
    element(
      'text',
      { x: layout.service + 14, y: middle + 4.5, fill: colors.quiet },
      escaped(cut(row.service, columnsIn(layout.bars - layout.service - 26))),
    )
  )
}

function barMarkup(placed: SvgRow, layout: SvgLayout, drawn: Picture, color: string): string {
  const { row, middle, barStart, barWidth } = placed
  const waitStart = layout.bars + drawn.scale.position(row.start - row.waited) * layout.barsWidth
  const wait = element('path', {
    d: `M${waitStart.toFixed(1)} ${middle}H${barStart.toFixed(1)}`,
    stroke: colors.quiet,
    'stroke-dasharray': '1.5 3',
  })
  const open = row.duration === 'open'
  const bar = element('rect', {
    x: barStart,
    y: middle - barHeight / 2,
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

function notesMarkup({ row, middle }: SvgRow, layout: SvgLayout): string {
  if (!row.arrival && !row.result) return ''
  const arrival = escaped(row.arrival)
  const color = row.state === 'failed' ? colors.failedText : colors.quiet
  const result = element('tspan', { fill: color, dx: row.arrival ? 8 : undefined }, escaped(row.result))
  return element(
    'text',
    { x: layout.notes, y: middle + 4.5, fill: colors.quiet, 'font-size': fontSize - 1 },
    arrival + (row.result ? result : ''),
  )
}

function tooltip({ row }: SvgRow, drawn: Picture): string {
  const { span } = row.place.node
  const attributes = Object.entries(span.attributes)
    .slice(0, 24)
    .map(([key, value]) => `${key}: ${cut(clean(valueText(value)), 80)}`)
  return [
    [row.name, row.attempt, row.service].filter(Boolean).join(' · '),
    `${row.duration}, ${durationText(row.start - drawn.scale.start)} after the start`,
    `trace ${span.traceId} span ${span.spanId}`,
    ...attributes,
  ].join('¶')
}
