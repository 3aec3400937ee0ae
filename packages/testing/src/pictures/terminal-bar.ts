import { displayWidth } from '../text/display-text.ts'
import { durationText } from '../text/duration.ts'
import type { PictureRow } from './picture.ts'
import type { TimeScale } from './time-scale.ts'

/** A bar with what stands before and after it; together exactly the asked width. */
export interface BarLine {
  readonly before: string
  readonly bar: string
  readonly after: string
  /** The notes that found no room beside the bar. */
  readonly left: readonly string[]
}

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const

/** Draws the bar of a span: the wait as a thin line, then the bar, and notes in the free room on either side. */
export function barLine(row: PictureRow, scale: TimeScale, width: number, notes: readonly string[]): BarLine {
  const start = Math.min(width - 1, Math.floor(scale.position(row.start) * width))
  const length = Math.min((scale.position(row.end) - scale.position(row.start)) * width, width - start)
  const bar = row.duration === 'open' ? '░'.repeat(Math.max(1, Math.ceil(length))) : blocks(length)
  const end = start + bar.length
  const waitStart = row.waited > 0 ? Math.floor(scale.position(row.start - row.waited) * width) : start
  const [before, after, left] = placed(notes.filter(Boolean), start - 1, width - end - 1)
  const lineEnd = start - (before ? displayWidth(before) + 2 : 0)
  const line = ' '.repeat(Math.min(waitStart, lineEnd)) + '╌'.repeat(Math.max(0, lineEnd - waitStart))
  return {
    before: line + (before && ` ${before} `),
    bar,
    after: (after && ` ${after}`) + ' '.repeat(Math.max(0, width - end - displayWidth(after && ` ${after}`))),
    left,
  }
}

// The first note (how it arrived) reads best before the bar, the second (what became of it) behind it.
function placed(notes: readonly string[], roomBefore: number, roomAfter: number): [string, string, string[]] {
  const all = notes.join(' · ')
  const [first = '', second = ''] = notes
  if (displayWidth(all) <= roomAfter) return ['', all, []]
  if (notes.length === 2 && displayWidth(first) < roomBefore && displayWidth(second) <= roomAfter)
    return [first, second, []]
  if (displayWidth(all) < roomBefore) return [all, '', []]
  return ['', '', [...notes]]
}

function blocks(length: number): string {
  const whole = Math.floor(length)
  const rest = eighths[Math.floor((length - whole) * 8)] ?? ''
  return '█'.repeat(whole) + rest || '▏'
}

/** The labels of the time axis; `⋯` where idle time is left out. */
export function axisLine(scale: TimeScale, width: number): string {
  const cells = Array.from({ length: width }, () => ' ')
  let free = 0
  for (const tick of scale.ticks(Math.max(3, Math.floor(width / 12)))) {
    const label = durationText(tick)
    const cell = Math.min(width - 1, Math.floor(scale.position(scale.start + tick) * width))
    if (cell < free || cell + label.length > width) continue
    for (let index = 0; index < label.length; index += 1) cells[cell + index] = label.charAt(index)
    free = cell + label.length + 2
  }
  for (const gap of scale.breaks) {
    const cell = Math.floor(((gap.start + gap.end) / 2) * width)
    if (cells.slice(cell - 1, cell + 2).every((content) => content === ' ')) cells[cell] = '⋯'
  }
  return cells.join('').trimEnd()
}
