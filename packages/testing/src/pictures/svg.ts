import { cut } from '../text/display-text.ts'
import { durationText } from '../text/duration.ts'
import { picture, type Picture } from './picture.ts'
import { spanGraph } from '../spans/graph.ts'
import type { RecordedSpan } from '../spans/span.ts'
import { colors } from './svg-colors.ts'
import { element, escaped } from './svg-element.ts'
import { columnsIn, fontSize, margin, svgLayout, textWidth, type SvgLayout } from './svg-layout.ts'
import { arrowHead, linkCurves, treeLines } from './svg-links.ts'
import { rowMarkup } from './svg-row.ts'

/** How a drawing looks. */
export interface SvgOptions {
  /**
   * Width in px, at least 600 and at most 20,000. The height follows from the spans.
   *
   * @default 1200
   */
  readonly width?: number
  /** Stands above the summary. */
  readonly title?: string
  /**
   * The most spans that are drawn; the rest is counted in the summary.
   *
   * @default 500
   */
  readonly limit?: number
}

/**
 * Draws spans as an SVG document: the rows of `waterfall`, links as dashed arrows from the linked span to the one that
 * has the link, the attributes as tooltips. The document holds no script and refers to nothing outside. Never throws.
 */
export function svg(spans: readonly RecordedSpan[], options: SvgOptions = {}): string {
  const width = Math.min(20_000, Math.max(600, Math.floor(options.width ?? 1200) || 1200))
  const drawn = picture(spanGraph(spans), options.limit ?? 500)
  const title = options.title ?? ''
  const axisAt = margin + (title ? 24 : 0) + 40
  const layout = svgLayout(drawn, width, axisAt + 12)
  const hidden = drawn.hidden > 0 ? ` · ${drawn.hidden} more not drawn` : ''
  const room = columnsIn(width - 2 * margin)
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width,
      height: layout.height,
      viewBox: `0 0 ${width} ${layout.height}`,
      role: 'img',
      'aria-label': `${title || 'Trace'}: ${drawn.summary}`,
      'font-family': "ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif",
      'font-size': fontSize,
    },
    element('defs', {}, arrowHead),
    element('rect', {
      x: 0.5,
      y: 0.5,
      width: width - 1,
      height: layout.height - 1,
      rx: 8,
      fill: colors.background,
      stroke: colors.frame,
    }),
    title
      ? element(
          'text',
          { x: margin, y: margin + 12, fill: colors.text, 'font-size': 17, 'font-weight': 600 },
          escaped(cut(title, columnsIn(width - 2 * margin, 17))),
        )
      : '',
    element('text', { x: margin, y: axisAt - 30, fill: colors.quiet }, escaped(cut(drawn.summary + hidden, room))),
    ...layout.rows.map((row) => rowMarkup(row, layout, drawn)),
    axis(drawn, layout, axisAt),
    treeLines(layout),
    linkCurves(layout),
  )
}

function axis({ scale, rows }: Picture, layout: SvgLayout, y: number): string {
  if (rows.length === 0) return ''
  const marks: string[] = []
  let free = 0
  for (const tick of scale.ticks(Math.floor(layout.barsWidth / 90))) {
    const label = durationText(tick)
    const x = layout.bars + scale.position(scale.start + tick) * layout.barsWidth
    if (x < free || x + textWidth(label) > layout.notes) continue
    free = x + textWidth(label) + 12
    marks.push(
      element('path', { d: `M${x.toFixed(1)} ${y + 6}V${layout.bottom}`, stroke: colors.text, 'stroke-opacity': 0.08 }),
      element('text', { x, y, fill: colors.quiet, 'font-size': fontSize - 2 }, label),
    )
  }
  for (const gap of scale.breaks) {
    const x = layout.bars + ((gap.start + gap.end) / 2) * layout.barsWidth
    marks.push(element('text', { x, y, fill: colors.quiet, 'text-anchor': 'middle' }, '⋯'))
  }
  return marks.join('')
}
