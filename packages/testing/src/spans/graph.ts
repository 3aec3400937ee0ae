import { grouped } from './grouped.ts'
import { spanKey, type RecordedLink, type RecordedSpan } from './span.ts'

/** A span with the spans around it. */
export interface SpanNode {
  readonly span: RecordedSpan
  /** Absent on a root, and where the parent was not recorded. */
  readonly parent?: SpanNode
  /** The span names a parent that is not among the spans. */
  readonly parentMissing: boolean
  /** By start time. */
  readonly children: readonly SpanNode[]
  /** In the order of the span. */
  readonly links: readonly SpanLink[]
}

/** A link of a span, and where it leads. */
export interface SpanLink {
  readonly link: RecordedLink
  /** Absent when the linked span was not recorded. */
  readonly target?: SpanNode
}

/** All recorded spans of one trace. */
export interface TraceTree {
  readonly traceId: string
  /** Spans without a recorded parent, by start time. More than one: the trace is in pieces. */
  readonly roots: readonly SpanNode[]
  /** ms since the epoch, of the span that started first. */
  readonly startTime: number
}

/** The traces that links connect: usually everything that happened to one message. */
export interface Journey {
  /** By start time. */
  readonly traces: readonly TraceTree[]
}

/** Spans with their parents, children and links resolved. */
export interface SpanGraph {
  /** By start time. */
  readonly journeys: readonly Journey[]
  /** Every span once, by its `spanKey`. */
  readonly nodes: ReadonlyMap<string, SpanNode>
}

interface Node extends SpanNode {
  parent?: Node
  parentMissing: boolean
  children: Node[]
  links: SpanLink[]
}

/**
 * Finds out how spans belong together. Takes spans of any number of services and traces in any order. Never throws:
 * a span given twice counts once (the ended one), a circle of parents is cut open.
 */
export function spanGraph(spans: readonly RecordedSpan[]): SpanGraph {
  const nodes = new Map<string, Node>()
  for (const span of spans.toSorted(byStart)) {
    const known = nodes.get(spanKey(span))
    if (known?.span.endTime !== undefined) continue
    nodes.set(spanKey(span), { span, parentMissing: false, children: [], links: [] })
  }
  for (const node of nodes.values()) connect(node, nodes)
  cutCircles(nodes.values())
  for (const node of nodes.values()) node.parent?.children.push(node)
  return { nodes, journeys: journeys([...nodes.values()]) }
}

function connect(node: Node, nodes: ReadonlyMap<string, Node>): void {
  const { traceId, parentSpanId, links } = node.span
  if (parentSpanId !== undefined) {
    const parent = nodes.get(spanKey({ traceId, spanId: parentSpanId }))
    if (parent) node.parent = parent
    else node.parentMissing = true
  }
  for (const link of links) {
    const target = nodes.get(spanKey(link))
    node.links.push(target ? { link, target } : { link })
  }
}

/** A way up that comes back to a span which it has passed is on a circle. Ways begin by start time, and so does the cut. */
function cutCircles(nodes: Iterable<Node>): void {
  const passedFrom = new Map<Node, Node>()
  for (const start of nodes) {
    let node: Node | undefined = start
    for (; node && !passedFrom.has(node); node = node.parent) passedFrom.set(node, start)
    if (node && passedFrom.get(node) === start) delete node.parent
  }
}

function journeys(nodes: readonly Node[]): Journey[] {
  const connected = createDisjointSets<string>()
  for (const { span, links } of nodes) {
    for (const { target } of links) if (target) connected.join(span.traceId, target.span.traceId)
  }
  const traces = [...grouped(nodes, ({ span }) => span.traceId)].map(([traceId, members]): TraceTree => {
    const roots = members.filter(({ parent }) => !parent)
    return { traceId, roots, startTime: members[0]?.span.startTime ?? 0 }
  })
  return [...grouped(traces, ({ traceId }) => connected.find(traceId)).values()].map((members) => ({ traces: members }))
}

function byStart(one: RecordedSpan, other: RecordedSpan): number {
  return one.startTime - other.startTime
}

/** The first link of a role. */
export function linkOf({ links }: SpanNode, role: string): SpanLink | undefined {
  return links.find(({ link }) => link.role === role)
}

/** Which things belong together: every thing starts alone, `join` makes two groups one. */
export interface DisjointSets<T> {
  /** Makes the groups of both one. */
  join(one: T, other: T): void
  /** The thing that stands for the group of `thing`; equal for all members of a group. */
  find(thing: T): T
}

/** Creates disjoint sets; things need not be announced. */
export function createDisjointSets<T>(): DisjointSets<T> {
  const parents = new Map<T, T>()

  function find(thing: T): T {
    let current = thing
    for (let parent = parents.get(current); parent !== undefined; parent = parents.get(current)) {
      const grandparent = parents.get(parent) ?? parent
      parents.set(current, grandparent)
      current = grandparent
    }
    return current
  }

  return {
    find,
    join(one, other) {
      const [first, second] = [find(one), find(other)]
      if (first !== second) parents.set(second, first)
    },
  }
}
