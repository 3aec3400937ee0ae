import { displayWidth } from '../text/display-text.ts'
import type { Picture, PictureRow } from './picture.ts'

/** Where a row lies in the drawing, px. */
export interface SvgRow {
  readonly row: PictureRow
  /** The vertical middle of the span's line. */
  readonly middle: number
  /** The lowest edge, below the notes. */
  readonly bottom: number
  readonly barStart: number
  readonly barWidth: number
  /** What is written below the span. */
  readonly details: readonly string[]
}

/** The measures of a drawing, px. */
export interface SvgLayout {
  readonly width: number
  readonly height: number
  readonly rows: readonly SvgRow[]
  /** The columns: where each begins. */
  readonly service: number
  readonly bars: number
  readonly barsWidth: number
  readonly notes: number
  readonly top: number
  readonly bottom: number
  /** Whether arrival and result stand in a column of their own. */
  readonly inline: boolean
}

/** The empty edge around the drawing, px. */
export const margin = 24
/** The size of most text, px. */
export const fontSize = 13
const lineHeight = 28
const detailHeight = 17
const indent = 18

/** How wide a text becomes, generously: the reader's fonts are not known. */
export function textWidth(text: string, size: number = fontSize): number {
  return displayWidth(text) * size * 0.6
}

/** How many columns of text fit into a width. */
export function columnsIn(width: number, size: number = fontSize): number {
  return Math.max(1, Math.floor(width / (size * 0.6)))
}

/** Where a row's mark is. */
export function markAt(row: PictureRow): number {
  return margin + 6 + Math.min(row.place.guides.length, 20) * indent
}

/** Divides the width into columns and puts every row in its place. */
export function svgLayout({ rows, services, scale }: Picture, width: number, top: number): SvgLayout {
  const longest = (measure: (row: PictureRow) => number): number =>
    rows.reduce((most, row) => Math.max(most, measure(row)), 0)
  const left = Math.min(
    longest((row) => markAt(row) - margin + 14 + textWidth(`${row.name}  ${row.attempt}`)),
    width * 0.36,
  )
  const service = margin + left + 16
  const serviceWidth = services.length > 1 ? Math.min(longest((row) => textWidth(row.service)) + 34, 170) : 0
  const bars = service + serviceWidth
  const durationWidth = longest((row) => textWidth(row.duration)) + 16
  const notesWidth = longest((row) => textWidth(noteText(row), fontSize - 1)) + 16
  const room = width - margin - bars - durationWidth
  const inline = room - notesWidth >= width * 0.25
  const barsWidth = Math.max(60, inline ? room - notesWidth : room)

  let y = top
  let journey = 0
  const placed = rows.map((row): SvgRow => {
    if (row.journey !== journey) y += lineHeight / 2
    journey = row.journey
    const note = noteText(row)
    const details = [...(inline || note === '' ? [] : [note]), ...wrapped(row.links, width - markAt(row) - margin - 16)]
    const middle = y + lineHeight / 2
    y += lineHeight + details.length * detailHeight
    const barStart = bars + scale.position(row.start) * barsWidth
    const barEnd = bars + scale.position(row.end) * barsWidth
    const barWidth = Math.max(2, barEnd - barStart)
    return { row, middle, bottom: y, details, barWidth, barStart: Math.min(barStart, bars + barsWidth - barWidth) }
  })
  const notes = bars + barsWidth + durationWidth + 8
  return { width, height: y + margin, rows: placed, service, bars, barsWidth, notes, top, bottom: y, inline }
}

/** Arrival and result in one text. */
function noteText({ arrival, result }: PictureRow): string {
  return [arrival, result].filter(Boolean).join(' · ')
}

/** The vertical middle of the n-th line below a span. */
export function detailMiddle(row: SvgRow, index: number): number {
  return row.middle + lineHeight / 2 + index * detailHeight + 4
}

function wrapped(texts: readonly string[], width: number): string[] {
  const lines: string[] = []
  for (const text of texts) {
    const joined = `${lines.at(-1)} · ${text}`
    if (lines.length > 0 && textWidth(joined, fontSize - 1) <= width) lines[lines.length - 1] = joined
    else lines.push(text)
  }
  return lines
}
