import { createDisjointSets } from './disjoint-sets.ts'
import { spanGraph, type SpanNode } from './graph.ts'
import { spanKey, type RecordedLink, type RecordedSpan } from './span.ts'

/** A link to a span that was not recorded. */
export interface DanglingLink {
  readonly span: RecordedSpan
  readonly link: RecordedLink
}

/**
 * The spans that cannot be reached from `from` along parents and links, in either direction, over recorded spans only.
 * An empty result says: everything is one connected picture.
 *
 * @param from the span to start at; by default the one that started first
 */
export function unconnected(spans: readonly RecordedSpan[], from?: RecordedSpan): RecordedSpan[] {
  const { nodes } = spanGraph(spans)
  const connected = createDisjointSets<SpanNode>()
  for (const node of nodes.values()) {
    if (node.parent) connected.join(node.parent, node)
    for (const { target } of node.links) if (target) connected.join(target, node)
  }
  const [first] = nodes.values()
  const start = from ? nodes.get(spanKey(from)) : first
  const home = start && connected.find(start)
  return [...nodes.values()].filter((node) => connected.find(node) !== home).map((node) => node.span)
}

/** The spans that name a parent which is not among the spans. */
export function danglingParents(spans: readonly RecordedSpan[]): RecordedSpan[] {
  const nodes = [...spanGraph(spans).nodes.values()]
  return nodes.filter((node) => node.parentMissing).map((node) => node.span)
}

/** The links that lead to a span which is not among the spans. */
export function danglingLinks(spans: readonly RecordedSpan[]): DanglingLink[] {
  const nodes = [...spanGraph(spans).nodes.values()]
  return nodes.flatMap(({ span, links }) => links.filter(({ target }) => !target).map(({ link }) => ({ span, link })))
}
