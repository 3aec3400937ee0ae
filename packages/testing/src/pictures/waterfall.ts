import { createPaint, serviceRole, wantsColors, type Paint } from '../text/colors.ts'
import { clean, cut, displayWidth, fit } from '../text/display-text.ts'
import { picture, type Picture, type PictureRow } from './picture.ts'
import { spanGraph } from '../spans/graph.ts'
import type { RecordedSpan } from '../spans/span.ts'
import { axisLine, barLine } from './terminal-bar.ts'
import { leftText, mark, terminalLayout, type TerminalLayout } from './terminal-layout.ts'
import { branch, trunk } from './tree.ts'

/** How a terminal picture looks. */
export interface WaterfallOptions {
  /**
   * Columns that no line exceeds; less than 60 counts as 60, more than 2,000 as 2,000.
   *
   * @default the width of the terminal, or 100
   */
  readonly width?: number
  /**
   * ANSI colours. By default only when standard output is a terminal; `FORCE_COLOR` and `NO_COLOR` are followed.
   *
   * @default depends on the environment
   */
  readonly colors?: boolean
  /** Stands in front of the summary line. */
  readonly title?: string
  /**
   * The time axis above the bars.
   *
   * @default true
   */
  readonly axis?: boolean
  /**
   * The most spans that are drawn; the rest is counted in a last line.
   *
   * @default 200
   */
  readonly limit?: number
}

/**
 * Draws spans for a terminal: the tree of every trace, the bars on one time axis, what became of each attempt, and
 * where the links lead. Traces that links connect stand together, an empty line separates what is not connected. Give
 * it open spans too, they are drawn up to the end. Text from outside cannot control the terminal. Never throws.
 */
export function waterfall(spans: readonly RecordedSpan[], options: WaterfallOptions = {}): string {
  const width = Math.min(2000, Math.max(60, Math.floor(options.width ?? process.stdout.columns ?? 100) || 100))
  const paint = createPaint(options.colors ?? wantsColors())
  const drawn = picture(spanGraph(spans), options.limit ?? 200)
  const layout = terminalLayout(drawn, width)
  const lines = heading(drawn, layout, paint, options)
  let journey = 0
  for (const row of drawn.rows) {
    if (row.journey !== journey) lines.push('')
    journey = row.journey
    lines.push(...rowLines(row, drawn, layout, paint))
  }
  if (drawn.hidden > 0) lines.push(paint(`… ${drawn.hidden} more spans are not drawn`, 'quiet'))
  return lines.map((line) => line.trimEnd()).join('\n')
}

function heading(drawn: Picture, layout: TerminalLayout, paint: Paint, options: WaterfallOptions): string[] {
  const title = clean(options.title ?? '')
  const summary = cut(title ? `${title} · ${drawn.summary}` : drawn.summary, layout.width)
  const painted = title && summary.startsWith(title) ? paint(title, 'title') + summary.slice(title.length) : summary
  if (options.axis === false || drawn.rows.length === 0) return [painted]
  const axis = paint(axisLine(drawn.scale, layout.bars), 'quiet')
  const room = layout.barsAt - displayWidth(summary)
  return room >= 2 ? [painted + ' '.repeat(room) + axis] : [painted, ' '.repeat(layout.barsAt) + axis]
}

function rowLines(row: PictureRow, drawn: Picture, layout: TerminalLayout, paint: Paint): string[] {
  const color = serviceRole(drawn.services.indexOf(row.service))
  const bar = barLine(row, drawn.scale, layout.bars, layout.inline ? [] : [row.arrival, row.result])
  const cells = [
    paintLeft(fit(leftText(row, layout.left), layout.left), row, layout, paint),
    layout.service > 0 ? paint(fit(row.service, layout.service), color) : undefined,
    paint(bar.before, 'quiet') +
      paint(bar.bar, row.state === 'failed' ? 'failed' : color) +
      paint(bar.after, row.state === 'failed' ? 'failed' : 'quiet'),
    row.duration.padStart(layout.duration),
    layout.arrival > 0 ? paint(fit(row.arrival, layout.arrival), 'quiet') : undefined,
    layout.result > 0 ? paint(cut(row.result, layout.result), row.state === 'failed' ? 'failed' : 'quiet') : undefined,
  ]
  const line = cells.filter((cell) => cell !== undefined).join(' '.repeat(layout.gap))
  return [line, ...detailLines(row, [...bar.left, ...row.links], layout, paint)]
}

function paintLeft(text: string, row: PictureRow, layout: TerminalLayout, paint: Paint): string {
  const lines = cut(branch(row.place), layout.left - 8)
  const rest = text.slice(lines.length + 1)
  return paint(lines, 'quiet') + paint(mark(row), row.state) + rest
}

function detailLines(row: PictureRow, details: readonly string[], layout: TerminalLayout, paint: Paint): string[] {
  const indent = `${cut(trunk(row.place), layout.left - 8)}   `
  const room = layout.width - displayWidth(indent)
  const lines: string[] = []
  for (const detail of details.map((text) => cut(text, room))) {
    const last = lines.at(-1)
    const joined = `${last} · ${detail}`
    if (last !== undefined && displayWidth(joined) <= room) lines[lines.length - 1] = joined
    else lines.push(detail)
  }
  return lines.map((line) => paint(indent + line, 'quiet'))
}
