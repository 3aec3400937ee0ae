import type { SpanNode } from '../spans/graph.ts'

/** A span and its place in the drawn tree. */
export interface TreePlace {
  readonly node: SpanNode
  /** One entry per ancestor: whether that ancestor's level has more spans further down. The first is the root's. */
  readonly guides: readonly boolean[]
  /** No sibling follows. */
  readonly last: boolean
}

/** The tree below some roots from top to bottom, lazily, so that a limit also limits the work. */
export function* treePlaces(roots: readonly SpanNode[]): Generator<TreePlace, void, void> {
  const stack: TreePlace[] = roots.map((node) => ({ node, guides: [], last: true })).toReversed()
  for (let place = stack.pop(); place; place = stack.pop()) {
    yield place
    const { children } = place.node
    const guides = [...place.guides, !place.last]
    for (let index = children.length - 1; index >= 0; index -= 1) {
      const node = children[index]
      if (node) stack.push({ node, guides, last: index === children.length - 1 })
    }
  }
}

/** The lines in front of a span's mark. A root has none. */
export function branch(place: TreePlace): string {
  if (place.guides.length === 0) return ''
  return guideLines(place.guides.slice(1)) + (place.last ? '└─' : '├─')
}

/** The lines in front of what is written below a span. */
export function trunk(place: TreePlace): string {
  const own = place.guides.length === 0 ? '' : guideLines([...place.guides.slice(1), !place.last])
  return own + (place.node.children.length > 0 ? '│' : ' ')
}

function guideLines(guides: readonly boolean[]): string {
  return guides.map((more) => (more ? '│ ' : '  ')).join('')
}
