import type { Picture, PictureBlock, PictureRow } from './picture.ts'
import { wrapped } from '../text/wrapped.ts'
import { colors } from './svg-colors.ts'
import { fitting, smallSize, textWidth, type TextPart } from './svg-text.ts'

/** Where a row lies in the drawing, px. */
export interface SvgRow {
  readonly row: PictureRow
  /** The vertical middle of the line with the name. */
  readonly middle: number
  /** The vertical middle of the bar: the same line, or the one below. */
  readonly barMiddle: number
  readonly bottom: number
  readonly barStart: number
  readonly barWidth: number
  /** Lines below the span. */
  readonly details: readonly (readonly TextPart[])[]
}

/** Where a story lies in the drawing, px. */
export interface SvgBlock {
  readonly block: PictureBlock
  /** The base line of the axis; where there are several stories, a heading stands above it. */
  readonly axisAt: number
  readonly rows: readonly SvgRow[]
  readonly bottom: number
}

/** The measures of a drawing, px. */
export interface SvgLayout extends SvgColumns {
  readonly height: number
  readonly blocks: readonly SvgBlock[]
}

/** The columns: where each begins. */
interface SvgColumns {
  readonly width: number
  /** The empty edge around the drawing. */
  readonly margin: number
  /** A drawing for a narrow screen: the bar below the name, everything else below the bar. */
  readonly stacked: boolean
  /** How far a level of the tree stands from the one above. */
  readonly step: number
  readonly service: number
  readonly serviceWidth: number
  readonly bars: number
  readonly barsWidth: number
  readonly duration: number
  readonly notes: number
  /** Whether arrival and result stand in a column of their own. */
  readonly inline: boolean
}

export const lineHeight = 28
const detailHeight = 17
const headingHeight = 40
const axisHeight = 32
const deepest = 20

/** Where a row's mark is. */
export function markAt({ place }: PictureRow, { margin, step }: SvgColumns): number {
  return margin + 6 + Math.min(place.guides.length, deepest) * step
}

/** Divides the width into columns and puts every row in its place. */
export function svgLayout(drawn: Picture, width: number, top: number): SvgLayout {
  const columns = columnsOf(drawn, width)
  const headed = drawn.blocks.length > 1
  let y = top
  const blocks = drawn.blocks.map((block): SvgBlock => {
    if (headed) y += headingHeight
    const axisAt = y + 14
    y += axisHeight
    const rows = block.rows.map((row) => {
      const placed = placedRow(row, block, columns, y)
      y = placed.bottom
      return placed
    })
    return { block, axisAt, rows, bottom: y }
  })
  return { ...columns, height: y + columns.margin, blocks }
}

function columnsOf({ rows, services }: Picture, width: number): SvgColumns {
  const longest = (measure: (row: PictureRow) => number): number =>
    rows.reduce((most, row) => Math.max(most, measure(row)), 0)
  const stacked = width < 720
  const margin = stacked ? 14 : 24
  const inner = width - 2 * margin
  const depth = longest((row) => Math.min(row.place.guides.length, deepest))
  const durationWidth = longest((row) => textWidth(row.duration)) + 16
  const leftMost = stacked ? inner - durationWidth : width * 0.36
  const step = Math.min(18, (leftMost * 0.4) / Math.max(1, depth))
  const left = Math.min(
    leftMost,
    longest(({ place, name, attempt }) => {
      const indent = Math.min(place.guides.length, deepest) * step
      return indent + 20 + textWidth(name) + (attempt === '' ? 0 : textWidth(attempt) + 8)
    }),
  )
  const columns = { width, margin, stacked, step, serviceWidth: 0, notes: 0, inline: false }
  if (stacked) {
    const duration = width - margin - durationWidth + 16
    return { ...columns, service: duration, bars: margin, barsWidth: inner, duration }
  }
  const service = margin + left + 16
  const serviceWidth = services.length > 1 ? Math.min(longest((row) => textWidth(row.service)) + 34, width * 0.15) : 0
  const bars = service + serviceWidth
  const notesWidth = longest(({ arrival, result }) => textWidth(`${arrival} · ${result}`, smallSize)) + 16
  const room = width - margin - bars - durationWidth
  const inline = room - notesWidth >= width * 0.25
  const barsWidth = inline ? room - notesWidth : room
  const duration = bars + barsWidth + 8
  return { ...columns, service, serviceWidth, bars, barsWidth, duration, notes: duration + durationWidth, inline }
}

function placedRow(row: PictureRow, { scale }: PictureBlock, columns: SvgColumns, top: number): SvgRow {
  const { stacked, bars, barsWidth } = columns
  const details = detailLines(row, columns)
  const middle = top + lineHeight / 2
  const barMiddle = stacked ? middle + 20 : middle
  const barFrom = bars + scale.position(row.start) * barsWidth
  const barWidth = Math.max(2, bars + scale.position(row.end) * barsWidth - barFrom)
  return {
    row,
    middle,
    barMiddle,
    bottom: barMiddle + lineHeight / 2 + details.length * detailHeight + (stacked ? 4 : 0),
    barStart: Math.min(barFrom, bars + barsWidth - barWidth),
    barWidth,
    details,
  }
}

/** What is written below a span. */
function detailLines(row: PictureRow, columns: SvgColumns): TextPart[][] {
  const notes = columns.inline ? [] : noteParts(row)
  const service = columns.stacked && row.service !== '' ? [{ text: row.service, fill: colors.quiet }] : []
  const links = row.links.map((text) => ({ text, fill: colors.link }))
  const room = columns.width - columns.margin - markAt(row, columns) - 14
  return [...linesOf([...service, ...notes], room), ...linesOf(links, room)]
}

/** How a message arrived, and what became of it. */
export function noteParts({ arrival, result, state }: PictureRow): TextPart[] {
  return [
    { text: arrival, fill: colors.quiet },
    { text: result, fill: state === 'failed' ? colors.failedText : colors.quiet },
  ].filter(({ text }) => text !== '')
}

/** Parts of a line with dots between them. */
export function dotted(parts: readonly TextPart[]): TextPart[] {
  return parts.map(({ text, fill }, index) => ({ text: index === 0 ? text : ` · ${text}`, fill }))
}

/** The base line of the n-th line below a span. */
export function detailBase({ barMiddle }: SvgRow, index: number): number {
  return barMiddle + lineHeight / 2 + index * detailHeight + 8
}

function linesOf(parts: readonly TextPart[], width: number): TextPart[][] {
  const short = parts.map(({ text, fill }) => ({ text: fitting(text, width, smallSize), fill }))
  return wrapped(short, (line) => textWidth(line.map(({ text }) => text).join(' · '), smallSize) <= width)
}
