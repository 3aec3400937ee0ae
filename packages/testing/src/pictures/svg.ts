import { clean } from '../text/display-text.ts'
import { markup, type Content } from './markup.ts'
import { picture, type Picture } from './picture.ts'
import { spanGraph } from '../spans/graph.ts'
import type { RecordedSpan } from '../spans/span.ts'
import { colors, darkStyle } from './svg-colors.ts'
import { svgLayout, type SvgBlock, type SvgLayout } from './svg-layout.ts'
import { arrowHead, connections } from './svg-links.ts'
import { failedRows, rowMarkup } from './svg-row.ts'
import { boldness, fitting, fontSize, smallSize, textLine, textWidth } from './svg-text.ts'
import { axisMarks } from './axis.ts'
import type { WaterfallOptions } from './waterfall.ts'

/** How a drawing looks. */
export interface SvgOptions extends Pick<WaterfallOptions, 'title' | 'limit'> {
  /**
   * Width in px, at least 480 and at most 20,000. Below 720 each bar stands below its name. The height follows from the
   * spans.
   *
   * @default 1200
   */
  readonly width?: number | undefined
}

/**
 * Draws spans as an SVG document: the rows of `waterfall`, links as dashed arrows from the linked span to the one that
 * has the link, the attributes as tooltips. Each story has a heading and a time axis of its own. The drawing follows the
 * reader's colour scheme, holds no script and refers to nothing outside. Never throws.
 */
export function svg(spans: readonly RecordedSpan[], options: SvgOptions = {}): string {
  const width = Math.min(20_000, Math.max(480, Math.floor(options.width ?? 1200) || 1200))
  const drawn = picture(spanGraph(spans), options.limit ?? 500)
  const title = clean(options.title ?? '')
  const layout = svgLayout(drawn, width, title ? 74 : 48)
  const { height, blocks } = layout
  const hidden = drawn.hidden > 0 ? ` · ${drawn.hidden} more not drawn` : ''
  const font = "ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
  return markup`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"
    viewBox="0 0 ${width} ${height}" class="tracebaton" role="img" aria-label="${title || 'Trace'}: ${drawn.summary}"
    font-family="${font}" font-size="${fontSize}">
    <style>${{ markup: darkStyle }}</style>
    <defs>${arrowHead}</defs>
    <rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"
      fill="${colors.background}" stroke="${colors.frame}"/>
    ${title ? heading(title, '', 36, layout, 17) : undefined}
    ${heading('', drawn.summary + hidden, title ? 58 : 36, layout)}
    ${blocks.map((block) => blockMarkup(block, layout, drawn))}
  </svg>`.markup
}

function blockMarkup(placed: SvgBlock, layout: SvgLayout, drawn: Picture): Content {
  const { block, axisAt, rows } = placed
  const { name, facts, scale } = block
  return markup`<g class="story">
    ${layout.blocks.length > 1 ? heading(name, ` · ${facts}`, axisAt - 22, layout) : undefined}
    ${failedRows(rows, layout)}
    ${axis(placed, layout)}
    ${connections(rows, layout)}
    ${rows.map((row) => rowMarkup(row, scale, layout, drawn))}
  </g>`
}

/** A line across the drawing: what it is about, and what is said of it. */
function heading(
  name: string,
  facts: string,
  y: number,
  { width, margin }: SvgLayout,
  size: number = fontSize,
): Content {
  const room = width - 2 * margin
  const about = fitting(facts, room, size)
  const shown = fitting(name, (room - textWidth(about, size)) / boldness, size)
  const parts = [
    { text: shown, fill: colors.text, bold: true },
    { text: about, fill: colors.quiet },
  ]
  return textLine(parts, margin, y, size)
}

function axis({ block: { scale }, axisAt: y, bottom }: SvgBlock, { bars, barsWidth }: SvgLayout): Content {
  const marks = axisMarks(scale, Math.floor(barsWidth / 90), (text) => (textWidth(text, smallSize) + 10) / barsWidth)
  return marks.map(({ at, text, gap }) => {
    const x = bars + at * barsWidth
    const line = markup`<path d="M${x.toFixed(1)} ${y + 6}V${bottom}" stroke="${colors.text}" stroke-opacity="0.1"/>`
    return [gap ? undefined : line, textLine([{ text, fill: colors.quiet }], x, y, smallSize, 'mark')]
  })
}
