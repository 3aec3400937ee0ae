import { cut, cutMiddle, displayWidth } from '../text/display-text.ts'
import type { Picture, PictureRow, RowState } from './picture.ts'
import { branch } from './tree.ts'

/** The columns of a terminal picture, each a number of characters; 0 leaves the column out. */
export interface TerminalLayout {
  readonly width: number
  /** Tree, name and attempt. */
  readonly left: number
  readonly service: number
  readonly bars: number
  /** Where the bars begin. */
  readonly barsAt: number
  readonly duration: number
  readonly arrival: number
  readonly result: number
  /** Between two columns. */
  readonly gap: number
  /** Arrival and result have columns of their own, instead of a line below the span. */
  readonly inline: boolean
}

const marks: Readonly<Record<RowState, string>> = { ok: '●', failed: '✗', open: '◌' }

/** The mark of a span: `●` ok, `✗` failed, `◌` still open. */
export function mark(row: PictureRow): string {
  return marks[row.state]
}

/** Divides the width: everything in columns where there is room, else the notes stand below each span. */
export function terminalLayout({ rows, services }: Picture, width: number): TerminalLayout {
  const gap = width < 80 ? 1 : 2
  const longest = (text: (row: PictureRow) => string): number =>
    rows.reduce((most, row) => Math.max(most, displayWidth(text(row))), 0)
  const leftMost = Math.floor(width * (width < 100 ? 0.45 : 0.4))
  const left = longest((row) => leftText(row, leftMost))
  const mostService = width < 80 ? 8 : 16
  const service =
    services.length > 1
      ? Math.min(
          mostService,
          longest((row) => row.service),
        )
      : 0
  const duration = longest((row) => row.duration)
  const arrival = longest((row) => row.arrival)
  const result = longest((row) => row.result)
  const columns = (...sizes: number[]): number => sizes.reduce((sum, size) => sum + (size > 0 ? size + gap : 0), 0)
  const barsAt = columns(left, service)
  const inlineBars = width - barsAt - columns(duration, arrival, result)
  const inline = inlineBars >= Math.max(24, width / 4)
  return {
    width,
    left,
    service,
    barsAt,
    duration,
    gap,
    inline,
    bars: inline ? inlineBars : width - barsAt - columns(duration),
    arrival: inline ? arrival : 0,
    result: inline ? result : 0,
  }
}

/** Tree lines, mark, name and attempt, within `width` columns: `attempt` goes first, then the name is cut. */
export function leftText(row: PictureRow, width: number = Number.POSITIVE_INFINITY): string {
  const lines = cut(branch(row.place), width - 8)
  const room = width - displayWidth(lines) - 2
  let attempt = row.attempt && `  ${row.attempt}`
  if (displayWidth(row.name + attempt) > room) attempt = attempt.replace('attempt ', '')
  const name = cutMiddle(row.name, Math.max(6, room - displayWidth(attempt)))
  return `${lines}${mark(row)} ${cut(name + attempt, room)}`
}
