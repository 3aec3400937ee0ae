import { isProcess } from '../journeys/creation.ts'
import { hasAllLinks, messageFacts } from '../spans/facts.ts'
import { linkOf, type SpanLink, type SpanNode } from '../spans/graph.ts'
import { grouped } from '../spans/grouped.ts'
import { spanKey } from '../spans/span.ts'
import { createRule, type Found } from './finding.ts'
import type { Elsewhere } from './evidence.ts'
import type { Rule } from './rule.ts'

/** A span about several messages can name them only by links. */
export const batchLinks: Rule = createRule({
  id: 'batch-links',
  title: 'a batch links each of its messages once, and no others',
  subject: 'a batch that was received or handled',
  applies: ({ nodes }) => nodes.some(isReceivedBatch),
  *find({ nodes, elsewhere }) {
    // The spans of single messages, by the batch that they say they belong to.
    const members = grouped(nodes, (node) => batchOf(node)?.target)
    for (const node of nodes) yield* checkBatch(node, members.get(node) ?? [])
    for (const node of nodes) yield* checkMember(node, elsewhere)
  },
})

function isReceivedBatch({ span }: SpanNode): boolean {
  const { batchSize, operationType } = messageFacts(span)
  return batchSize !== undefined && (operationType === 'process' || operationType === 'receive')
}

function* checkBatch(node: SpanNode, members: readonly SpanNode[]): Generator<Found> {
  const { name } = node.span
  const { batchSize } = messageFacts(node.span)
  if (batchSize === undefined || !isReceivedBatch(node)) return
  const links = node.links.map(({ link }) => spanKey(link))
  const [distinct, once] = [new Set(links), new Set(links)]
  const twice = links.find((key) => !once.delete(key))
  if (twice !== undefined) yield { node, problem: `${name} links ${twice} more than once.` }
  if (distinct.size > batchSize) {
    const problem = `${name} is a batch of ${batchSize} and links ${distinct.size} messages.`
    yield { node, problem, expected: batchSize, actual: distinct.size }
  }
  if (!hasAllLinks(node.span)) return
  for (const member of members) {
    const creation = linkOf(member, 'creation')?.link
    if (!creation || distinct.has(spanKey(creation))) continue
    const problem = `${name} handed over this message and does not link its send (${spanKey(creation)}).`
    yield { node: member, problem, spans: [node.span, member.span] }
  }
}

function batchOf(node: SpanNode): SpanLink | undefined {
  return isProcess(node) ? linkOf(node, 'batch') : undefined
}

/** A single message whose batch is not at hand. */
function* checkMember(node: SpanNode, elsewhere: Elsewhere): Generator<Found> {
  const batch = batchOf(node)
  const send = linkOf(node, 'creation')?.link
  if (!batch || batch.target || !send || elsewhere.isMember(batch.link, send) !== false) return
  yield { node, problem: `The batch that handed over ${node.span.name} does not link its send (${spanKey(send)}).` }
}
