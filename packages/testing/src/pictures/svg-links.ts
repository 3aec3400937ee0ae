import type { SpanNode } from '../spans/graph.ts'
import { markup, type Content } from './markup.ts'
import { colors } from './svg-colors.ts'
import { markAt, type SvgLayout, type SvgRow } from './svg-layout.ts'

/** The arrow head that the links end with. */
export const arrowHead: Content = markup`
  <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
    <path d="M0 0.5L8 4L0 7.5Z" fill="${colors.link}"/>
  </marker>`

/**
 * The lines of the tree, from each span to its recorded parent; and the links as dashed curves, from the end of the
 * linked span to the start of the span that has the link.
 */
export function connections(rows: readonly SvgRow[], layout: SvgLayout): Content {
  const byNode = new Map<SpanNode, SvgRow>(rows.map((placed) => [placed.row.place.node, placed]))
  const paths: string[] = []
  const curves: Content[] = []
  for (const placed of rows) {
    const { links, parent } = placed.row.place.node
    const above = parent && byNode.get(parent)
    if (above) paths.push(branch(above, placed, layout))
    for (const { target } of links) {
      const from = target && target !== parent ? byNode.get(target) : undefined
      if (from) curves.push(curve(from, placed))
    }
  }
  return markup`<path d="${paths.join('') || 'M0 0'}" fill="none" stroke="${colors.tree}"/>${curves}`
}

function branch(above: SvgRow, { row, middle }: SvgRow, layout: SvgLayout): string {
  const [x, to] = [markAt(above.row, layout), markAt(row, layout) - 8]
  return `M${x.toFixed(1)} ${above.middle + 9}V${middle}H${to.toFixed(1)}`
}

function curve(from: SvgRow, to: SvgRow): Content {
  return markup`<path d="${pathOf(from, to)}" fill="none" stroke="${colors.link}" stroke-width="1.2"
    stroke-dasharray="4 3" stroke-opacity="0.8" marker-end="url(#arrow)"/>`
}

// Forwards in time: along the row of the linked span, where nothing else stands, and down just before the start, where the
// spans between have mostly ended. Else the bars overlap, and the curve leaves below or above the bar.
function pathOf(from: SvgRow, to: SvgRow): string {
  const [x2, y2] = [to.barStart - 1, to.barMiddle]
  const end = from.barStart + from.barWidth
  const forwards = end <= x2
  const x1 = forwards ? end : Math.min(end, Math.max(from.barStart + 1, x2 - 12))
  const y1 = forwards ? from.barMiddle : from.barMiddle + (from.barMiddle < to.barMiddle ? 8 : -8)
  const bend = forwards ? 16 : 22
  const turn = forwards ? Math.max(x1, x2 - 2 * bend) : x1
  const out = forwards ? [turn + bend, y1] : [x1, (y1 + y2) / 2]
  const numbers = [...out, x2 - bend, y2, x2, y2].map((value) => value.toFixed(1))
  return `M${x1.toFixed(1)} ${y1.toFixed(1)}H${turn.toFixed(1)}C${numbers.join(' ')}`
}
