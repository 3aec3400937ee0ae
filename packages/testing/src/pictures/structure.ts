import { createHash } from 'node:crypto'
import { clean } from '../text/display-text.ts'
import { messageFacts } from '../spans/facts.ts'
import { spanGraph, type Journey, type SpanLink, type SpanNode } from '../spans/graph.ts'
import { grouped } from '../spans/grouped.ts'
import type { RecordedSpan } from '../spans/span.ts'

/** How a structure is written. */
export interface StructureOptions {
  /**
   * What is written as `*`, for names that are different in every run, such as those of temporary queues.
   *
   * @default nothing
   */
  readonly mask?: readonly RegExp[]
}

/**
 * The shape of what happened, as text that is the same in every run: who sent, who handled, how each attempt ended, and
 * what links what. No ids, no times, no order of things that happen side by side. Equal parts are written once, with
 * their number. For snapshots, and for `tracebaton diff`. Never throws.
 */
export function structure(spans: readonly RecordedSpan[], options: StructureOptions = {}): string {
  const counts = new Map<string, number>()
  for (const text of storyStructures(spans, options)) counts.set(text, (counts.get(text) ?? 0) + 1)
  return writeStructures(counts)
}

/** The shape of each story, in any order. */
export function storyStructures(spans: readonly RecordedSpan[], { mask = [] }: StructureOptions = {}): string[] {
  const { nodes, journeys } = spanGraph(spans)
  const masked = (text: string): string => mask.reduce((shown, pattern) => shown.replace(pattern, '*'), text)
  const lines = new Map([...nodes.values()].map((node) => [node, masked(describeSpan(node))]))
  return journeys.map((journey) => storyStructure(journey, lines))
}

/** Shapes of stories and how often each is there, as one text. */
export function writeStructures(counts: ReadonlyMap<string, number>): string {
  const stories = [...counts].toSorted(([one], [other]) => (one < other ? -1 : 1))
  return stories.map(([text, count]) => (count > 1 ? `×${count}\n${text}` : text)).join('\n')
}

function storyStructure({ traces }: Journey, lines: ReadonlyMap<SpanNode, string>): string {
  const shapes = new Map<SpanNode, Shape>()
  const trees = traces.map(({ roots }): Shape => {
    // From the leaves up, without recursion: a trace can be ten thousand spans deep.
    const all = [...roots]
    for (const node of all) all.push(...node.children)
    for (const node of all.toReversed()) {
      const links = new Set(node.links.map((link) => linkText(link, lines)))
      shapes.set(node, shapeOf(lines.get(node) ?? '', [...links].toSorted(), node.children, shapes))
    }
    return shapeOf('trace', [], roots, shapes)
  })
  const printed: string[] = []
  for (const group of groupsOf(trees)) print(group, printed)
  return printed.map((line) => `${line}\n`).join('')
}

function linkText({ link, target }: SpanLink, lines: ReadonlyMap<SpanNode, string>): string {
  return `⤷ ${clean(link.role ?? 'link')}: ${(target && lines.get(target)) ?? 'not recorded'}`
}

/** A span without what is different in every run. */
interface Shape {
  readonly line: string
  readonly links: readonly string[]
  readonly groups: readonly Group[]
  /** Equal for shapes that are equal all the way down; of one length, however much that is. */
  readonly key: string
}

/** Equal shapes beside each other. */
interface Group {
  readonly shape: Shape
  readonly count: number
}

function shapeOf(
  line: string,
  links: readonly string[],
  below: readonly SpanNode[],
  shapes: ReadonlyMap<SpanNode, Shape>,
): Shape {
  const groups = groupsOf(below.flatMap((node) => shapes.get(node) ?? []))
  const hash = createHash('sha256').update([line, ...links].join('\n'))
  for (const { shape, count } of groups) hash.update(`\n${count} ${shape.key}`)
  return { line, links, groups, key: hash.digest('base64') }
}

function groupsOf(shapes: readonly Shape[]): Group[] {
  const groups = [...grouped(shapes, ({ key }) => key).values()].map((same) => ({
    shape: same[0]!,
    count: same.length,
  }))
  return groups.toSorted(({ shape: one }, { shape: other }) => (rank(one) < rank(other) ? -1 : 1))
}

/** What comes first in a text comes first: names, then the trace that links no other, then anything that is stable. */
function rank({ line, groups: [first], key }: Shape): string {
  return first ? `${line}\n${first.shape.links.length > 0 ? 1 : 0}\n${first.shape.line}\n${key}` : `${line}\n${key}`
}

// Deeper spans stand below each other, which nobody reads any more.
const deepest = 50

function print(group: Group, lines: string[]): void {
  const stack: { readonly group: Group; readonly depth: number }[] = [{ group, depth: 0 }]
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { shape, count } = next.group
    const indent = '  '.repeat(Math.min(next.depth, deepest))
    lines.push(
      `${indent}${count > 1 ? `${count} × ` : ''}${shape.line}`,
      ...shape.links.map((link) => `${indent}  ${link}`),
    )
    for (const below of shape.groups.toReversed()) stack.push({ group: below, depth: next.depth + 1 })
  }
}

function describeSpan(node: SpanNode): string {
  const { span } = node
  const { attempt, maxAttempts, deliveryKind, outcome, errorType, contextStatus, batchSize } = messageFacts(span)
  const facts = [
    attempt === undefined ? '' : `attempt ${attempt}${maxAttempts === undefined ? '' : `/${maxAttempts}`}`,
    deliveryKind === 'first' ? '' : deliveryKind,
    batchSize === undefined ? '' : `batch of ${batchSize}`,
    contextStatus === undefined ? '' : `context ${contextStatus}`,
    span.status === 'error' ? (errorType ?? 'error') : '',
    node.parentMissing ? 'parent not recorded' : '',
    span.endTime === undefined ? 'open' : '',
  ].filter(Boolean)
  const result = outcome === undefined ? '' : ` → ${outcome}`
  return clean([`${span.name} (${span.kind}, ${span.service || 'no service'})`, ...facts].join(' · ') + result)
}
