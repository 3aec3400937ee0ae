import { isProcess } from '../journeys/creation.ts'
import type { Evidence } from './evidence.ts'
import { hasAllLinks, messageFacts } from '../spans/facts.ts'
import { findingAt, type Finding } from './finding.ts'
import { linkOf, type SpanLink, type SpanNode } from '../spans/graph.ts'
import { grouped } from '../spans/grouped.ts'
import { spanKey } from '../spans/span.ts'
import type { Rule } from './rule.ts'

const ID = 'batch-links'

/** A span about several messages can name them only by links. */
export const batchLinks: Rule = {
  id: ID,
  title: 'a batch links each of its messages once, and no others',
  subject: 'a batch that was received or handled',
  applies: ({ nodes }) => nodes.some(isReceivedBatch),
  check(evidence) {
    // The spans of single messages, by the batch that they say they belong to.
    const members = grouped(evidence.nodes, (node) => batchOf(node)?.target)
    return [
      ...evidence.nodes.flatMap((node) => checkBatch(evidence, node, members.get(node) ?? [])),
      ...evidence.nodes.flatMap((node) => checkMember(evidence, node)),
    ]
  },
}

function isReceivedBatch({ span }: SpanNode): boolean {
  const { batchSize, operationType } = messageFacts(span)
  return batchSize !== undefined && (operationType === 'process' || operationType === 'receive')
}

function checkBatch(evidence: Evidence, node: SpanNode, members: readonly SpanNode[]): Finding[] {
  const { batchSize } = messageFacts(node.span)
  if (batchSize === undefined || !isReceivedBatch(node)) return []
  const distinct = new Set<string>()
  let twice: string | undefined
  for (const { link } of node.links) {
    const key = spanKey(link)
    if (distinct.has(key)) twice ??= key
    distinct.add(key)
  }
  const findings: Finding[] = []
  if (twice !== undefined) {
    findings.push(findingAt(evidence, node, { rule: ID, problem: `${node.span.name} links ${twice} more than once.` }))
  }
  if (distinct.size > batchSize) {
    const problem = `${node.span.name} is a batch of ${batchSize} and links ${distinct.size} messages.`
    findings.push(findingAt(evidence, node, { rule: ID, problem, expected: batchSize, actual: distinct.size }))
  }
  if (!hasAllLinks(node.span)) return findings
  for (const member of members) {
    const creation = linkOf(member, 'creation')?.link
    if (!creation || distinct.has(spanKey(creation))) continue
    findings.push(
      findingAt(evidence, member, {
        rule: ID,
        problem: `${node.span.name} handed over this message and does not link its send (${spanKey(creation)}).`,
        spans: [node.span, member.span],
      }),
    )
  }
  return findings
}

function batchOf(node: SpanNode): SpanLink | undefined {
  return isProcess(node) ? linkOf(node, 'batch') : undefined
}

/** A single message whose batch is not at hand. */
function checkMember(evidence: Evidence, node: SpanNode): Finding[] {
  const batch = batchOf(node)
  const send = linkOf(node, 'creation')?.link
  if (!batch || batch.target || !send || evidence.elsewhere.isMember(batch.link, send) !== false) return []
  const problem = `The batch that handed over ${node.span.name} does not link its send (${spanKey(send)}).`
  return [findingAt(evidence, node, { rule: ID, problem })]
}
