import { createPaint, serviceRole, wantsColors, type Paint } from '../text/colors.ts'
import { clean, cut, cutMiddle, displayWidth, fit } from '../text/display-text.ts'
import { axisMarks } from './axis.ts'
import { picture, type Picture, type PictureRow } from './picture.ts'
import { spanGraph } from '../spans/graph.ts'
import type { RecordedSpan } from '../spans/span.ts'
import { barLine } from './terminal-bar.ts'
import { leftText, mark, terminalLayout, type TerminalLayout } from './terminal-layout.ts'
import type { TimeScale } from './time-scale.ts'
import { wrapped } from '../text/wrapped.ts'
import { branch, trunk } from './tree.ts'

/** How a terminal picture looks. */
export interface WaterfallOptions {
  /**
   * Columns that no line exceeds; less than 60 counts as 60, more than 2,000 as 2,000.
   *
   * @default the width of the terminal, or 100
   */
  readonly width?: number | undefined
  /**
   * ANSI colours. By default only when standard output is a terminal; `FORCE_COLOR` and `NO_COLOR` are followed.
   *
   * @default depends on the environment
   */
  readonly colors?: boolean
  /**
   * The time axis above the bars.
   *
   * @default true
   */
  readonly axis?: boolean
  /**
   * Stands above the picture.
   *
   * @default nothing; `Trace` in `html`
   */
  readonly title?: string | undefined
  /**
   * The most spans that are drawn; the rest is counted.
   *
   * @default 200 in `waterfall`, 500 in `svg` and `html`, 50 in `mermaid`, where more cannot be read
   */
  readonly limit?: number | undefined
}

/**
 * Draws spans for a terminal: the tree of every trace, the bars on a time axis, what became of each attempt, and
 * where the links lead. Traces that links connect stand together, as one story; of several stories each has a heading and
 * a time axis of its own. Give it open spans too, they are drawn up to the end. Text from outside cannot control the
 * terminal. Never throws.
 */
export function waterfall(spans: readonly RecordedSpan[], options: WaterfallOptions = {}): string {
  const width = Math.min(2000, Math.max(60, Math.floor(options.width ?? process.stdout.columns ?? 100) || 100))
  const paint = createPaint(options.colors ?? wantsColors())
  const drawn = picture(spanGraph(spans), options.limit ?? 200)
  const layout = terminalLayout(drawn, width)
  const title = clean(options.title ?? '')
  const [only, ...others] = drawn.blocks
  const alone = only && others.length === 0 && options.axis !== false ? only.scale : undefined
  const lines = heading(title, title ? ` · ${drawn.summary}` : drawn.summary, layout, paint, alone)
  for (const block of drawn.blocks) {
    const scale = options.axis === false ? undefined : block.scale
    if (others.length > 0) lines.push('', ...heading(block.name, ` · ${block.facts}`, layout, paint, scale))
    for (const row of block.rows) lines.push(...rowLines(row, block.scale, drawn, layout, paint))
  }
  if (drawn.hidden > 0) lines.push(paint(`… ${drawn.hidden} more spans are not drawn`, 'quiet'))
  return lines.map((line) => line.trimEnd()).join('\n')
}

/** A title and what is said beside it, with the axis of the bars below it: on the same line, if there is room. */
function heading(title: string, rest: string, layout: TerminalLayout, paint: Paint, scale?: TimeScale): string[] {
  const name = cutMiddle(title, layout.width)
  const beside = cut(rest, layout.width - displayWidth(name))
  const text = paint(name, 'title') + beside
  if (scale === undefined) return [text]
  const axis = paint(axisLine(scale, layout.bars), 'quiet')
  const room = layout.barsAt - displayWidth(name + beside)
  return room >= 2 ? [text + ' '.repeat(room) + axis] : [text, ' '.repeat(layout.barsAt) + axis]
}

function rowLines(
  row: PictureRow,
  scale: TimeScale,
  { services }: Picture,
  layout: TerminalLayout,
  paint: Paint,
): string[] {
  const color = serviceRole(services.indexOf(row.service))
  const bar = barLine(row, scale, layout.bars)
  const service = cutMiddle(row.service, layout.service)
  const cells = [
    paintLeft(fit(leftText(row, layout.left), layout.left), row, layout, paint),
    layout.service > 0 ? paint(fit(service, layout.service), color) : undefined,
    paint(bar.before, 'quiet') + paint(bar.bar, row.state === 'failed' ? 'failed' : color) + bar.after,
    row.duration.padStart(layout.duration),
    layout.arrival > 0 ? paint(fit(row.arrival, layout.arrival), 'quiet') : undefined,
    layout.result > 0 ? paint(cut(row.result, layout.result), row.state === 'failed' ? 'failed' : 'quiet') : undefined,
  ]
  const line = cells.filter((cell) => cell !== undefined).join(' '.repeat(layout.gap))
  const notes = layout.inline ? [] : [row.arrival, row.result].filter(Boolean)
  return [line, ...detailLines(row, [...notes, ...row.links], layout, paint)]
}

function paintLeft(text: string, row: PictureRow, layout: TerminalLayout, paint: Paint): string {
  const lines = cut(branch(row.place), layout.left - 8)
  const rest = text.slice(lines.length + 1)
  return paint(lines, 'quiet') + paint(mark(row), row.state) + rest
}

function detailLines(row: PictureRow, details: readonly string[], layout: TerminalLayout, paint: Paint): string[] {
  const indent = `${cut(trunk(row.place), layout.left - 8)}   `
  const room = layout.width - displayWidth(indent)
  const texts = details.map((text) => cut(text, room))
  const lines = wrapped(texts, (line) => displayWidth(line.join(' · ')) <= room)
  return lines.map((line) => paint(indent + line.join(' · '), 'quiet'))
}

/** The labels of the time axis; `⋯` where idle time is left out. */
function axisLine(scale: TimeScale, width: number): string {
  let line = ''
  // A column stays empty behind each.
  const marks = axisMarks(scale, Math.max(3, Math.floor(width / 12)), (text) => (text.length + 1) / width)
  for (const { at, text } of marks.toSorted((one, other) => one.at - other.at)) {
    line = line.padEnd(Math.floor(at * width)) + text
  }
  return line
}
