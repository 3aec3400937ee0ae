import type { PictureRow } from './picture.ts'
import type { TimeScale } from './time-scale.ts'

/** A bar with what stands before and after it; together exactly the asked width. */
export interface BarLine {
  readonly before: string
  readonly bar: string
  readonly after: string
}

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const

/** Draws the bar of a span: the wait as a thin line, then the bar. */
export function barLine(row: PictureRow, scale: TimeScale, width: number): BarLine {
  const start = Math.min(width - 1, Math.floor(scale.position(row.start) * width))
  const length = Math.min((scale.position(row.end) - scale.position(row.start)) * width, width - start)
  const bar = row.duration === 'open' ? '░'.repeat(Math.max(1, Math.ceil(length))) : blocks(length)
  const waitStart = Math.min(start, Math.floor(scale.position(row.start - row.waited) * width))
  return {
    before: ' '.repeat(waitStart) + '╌'.repeat(start - waitStart),
    bar,
    after: ' '.repeat(Math.max(0, width - start - bar.length)),
  }
}

function blocks(length: number): string {
  const whole = Math.floor(length)
  const rest = eighths[Math.floor((length - whole) * 8)] ?? ''
  return '█'.repeat(whole) + rest || '▏'
}
