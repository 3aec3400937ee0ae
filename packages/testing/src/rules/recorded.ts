import { isProcess } from '../journeys/creation.ts'
import { createRule } from './finding.ts'
import type { Rule } from './rule.ts'

/** A parent that is missing hides where a span comes from. */
export const noOrphans: Rule = createRule({
  id: 'no-orphans',
  title: 'every parent that a span names was recorded',
  subject: 'a span',
  applies: ({ nodes }) => nodes.length > 0,
  *find({ nodes }) {
    for (const node of nodes) {
      if (!node.parentMissing) continue
      const { name, parentSpanId, remoteParent = isProcess(node) } = node.span
      const why = remoteParent
        ? 'the service that it belongs to exports no spans here, or did not sample it'
        : 'it has not ended, or was dropped'
      yield {
        node,
        problem: `The parent of ${name} (${parentSpanId}) was not recorded: ${why}.`,
        ...(remoteParent && isProcess(node) && { side: 'producer', service: '' }),
      }
    }
  },
})

/** A link that leads nowhere is a step of the story that nobody can follow. */
export const noDanglingLinks: Rule = createRule({
  id: 'no-dangling-links',
  title: 'every span that a link names was recorded',
  subject: 'a span with a link',
  applies: ({ nodes }) => nodes.some(({ links }) => links.length > 0),
  *find({ nodes, elsewhere }) {
    for (const node of nodes) {
      for (const { link, target } of node.links) {
        if (target || elsewhere.flagsOf(link) !== undefined) continue
        const role = link.role === undefined ? 'A link' : `The ${link.role} link`
        const unsampled = link.traceFlags !== undefined && (link.traceFlags & 1) === 0
        const why = unsampled ? 'it was not sampled' : 'its service exports no spans here, or dropped it'
        yield {
          node,
          problem: `${role} of ${node.span.name} leads to ${link.traceId}/${link.spanId}, which was not recorded: ${why}.`,
          ...(link.role !== 'previous_attempt' && link.role !== 'batch' && { side: 'producer', service: '' }),
        }
      }
    }
  },
})

/** A span that never ends is never exported. */
export const allEnded: Rule = createRule({
  id: 'all-ended',
  title: 'every span that was started has ended',
  subject: 'a span',
  applies: ({ nodes }) => nodes.length > 0,
  single: true,
  *find({ nodes }) {
    for (const node of nodes) {
      if (node.span.endTime === undefined) yield { node, problem: `${node.span.name} was started and never ended.` }
    }
  },
})
