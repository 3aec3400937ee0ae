import { clean, cut } from '../text/display-text.ts'
import { durationText } from '../text/duration.ts'
import { spanGraph, type SpanNode } from '../spans/graph.ts'
import { grouped } from '../spans/grouped.ts'
import { linkRole, picture, type PictureRow } from './picture.ts'
import { spanKey, type RecordedSpan } from '../spans/span.ts'
import type { WaterfallOptions } from './waterfall.ts'

/** How a Mermaid diagram looks. */
export interface MermaidOptions extends Pick<WaterfallOptions, 'title' | 'limit'> {
  /**
   * Where time goes: to the right, or down.
   *
   * @default 'right'
   */
  readonly direction?: 'right' | 'down'
}

// Mermaid draws nothing at all beyond 500 edges.
const mostEdges = 400

const styles = [
  'classDef failed fill:#ffebe9,stroke:#cf222e,color:#1f2328',
  'classDef open fill:#fff8c5,stroke:#9a6700,color:#1f2328,stroke-dasharray:4 3',
  'classDef missing fill:#f6f8fa,stroke:#656d76,color:#656d76,stroke-dasharray:4 3',
]

/**
 * Draws spans as a Mermaid flowchart, which GitHub and GitLab show in Markdown: a box per span, a frame per service,
 * arrows from parents to children, dotted arrows from linked spans to those that link them. Text from outside cannot
 * become syntax. Never throws.
 */
export function mermaid(spans: readonly RecordedSpan[], options: MermaidOptions = {}): string {
  const drawn = picture(spanGraph(spans), options.limit ?? 50)
  const title = mermaidLine(options.title ?? '')
  const ids = new Map<SpanNode, string>(drawn.rows.map((row, index) => [row.place.node, `s${index}`]))
  const services = drawn.services.map((service) => drawn.rows.filter((row) => row.service === service))
  const nameless = drawn.rows.filter((row) => row.service === '')
  const missing = new Map<string, string>()
  const edges = drawn.rows.flatMap((row) => edgesOf(row, ids, missing))
  const left = edges.length - mostEdges
  return [
    ...(title === '' ? [] : ['---', `title: ${JSON.stringify(title)}`, '---']),
    `flowchart ${options.direction === 'down' ? 'TD' : 'LR'}`,
    `accTitle: ${title || 'Trace'}`,
    `accDescr: ${mermaidLine(drawn.summary)}`,
    ...services.map((rows, index) => frame(`service${index}`, rows, ids)),
    ...nameless.map((row) => box(row, ids)),
    ...[...missing].map(([key, id]) => `${id}["not recorded<br/>${shortIds(key)}"]:::missing`),
    ...(drawn.hidden > 0 ? [`more["… ${drawn.hidden} more spans are not drawn"]:::missing`] : []),
    ...edges.slice(0, mostEdges),
    ...(left > 0 ? [`edges["… ${left} more arrows are not drawn"]:::missing`] : []),
    ...styles,
    '',
  ].join('\n')
}

function frame(id: string, rows: readonly PictureRow[], ids: ReadonlyMap<SpanNode, string>): string {
  const boxes = rows.map((row) => box(row, ids)).join('\n')
  return `subgraph ${id}["${mermaidLabel(rows[0]?.service ?? '')}"]\n${boxes}\nend`
}

function box(row: PictureRow, ids: ReadonlyMap<SpanNode, string>): string {
  const timing = [row.attempt, row.duration].filter(Boolean).join(' · ')
  const text = [row.name, timing, row.result].filter(Boolean).map((line) => mermaidLabel(line))
  const style = row.state === 'ok' ? '' : `:::${row.state}`
  return `  ${ids.get(row.place.node)}["${text.join('<br/>')}"]${style}`
}

function edgesOf(row: PictureRow, ids: ReadonlyMap<SpanNode, string>, missing: Map<string, string>): string[] {
  const { node } = row.place
  const id = ids.get(node) ?? ''
  const edges: string[] = []
  const parent = node.parent && ids.get(node.parent)
  const waited = row.waited > 0 ? `|"waited ${mermaidLabel(durationText(row.waited))}"|` : ''
  if (parent !== undefined) edges.push(`${parent} -->${waited} ${id}`)
  if (node.parentMissing) {
    const key = spanKey({ traceId: node.span.traceId, spanId: node.span.parentSpanId ?? '' })
    edges.push(`${missingId(key, missing)} -->${waited} ${id}`)
  }
  const shown = node.links.filter(({ target }) => !target || target !== node.parent)
  const sources = grouped(shown, ({ link, target }) => (target ? ids.get(target) : missingId(spanKey(link), missing)))
  for (const [from, links] of sources) {
    const roles = [...new Set(links.map((link) => linkRole(node, link)))]
    edges.push(`${from} -.->|"${mermaidLabel(roles.join(', ')) || 'link'}"| ${id}`)
  }
  return edges
}

function missingId(key: string, missing: Map<string, string>): string {
  const id = missing.get(key) ?? `missing${missing.size}`
  missing.set(key, id)
  return id
}

function shortIds(key: string): string {
  const [traceId = '', spanId = ''] = key.split('/')
  return mermaidLabel(`${traceId.slice(0, 4)}…/${spanId.slice(0, 4)}…`)
}

// What Mermaid, or the Markdown and HTML around it, could read as something else; a code with a number is always text.
const special = /[^\p{L}\p{N}\p{M}\p{Extended_Pictographic} ._,:/()→⤷·…✗◌+=?!'*-]/gu

/** Text that stands in quotes as a label: nothing in it is syntax. What is longer than `length` columns is cut. */
function mermaidLabel(text: string, length = 60): string {
  return cut(clean(text), length).replace(special, (character) => `#${character.codePointAt(0)};`)
}

/** Text for a line of its own, such as an accessible title, where no codes are understood. */
function mermaidLine(text: string): string {
  return cut(clean(text).replace(special, ' ').replace(/\s+/g, ' ').trim(), 200)
}
