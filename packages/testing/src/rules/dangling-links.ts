import { findingAt } from './finding.ts'
import type { Rule } from './rule.ts'

/** A link that leads nowhere is a step of the story that nobody can follow. */
export const noDanglingLinks: Rule = {
  id: 'no-dangling-links',
  title: 'every span that a link names was recorded',
  subject: 'a span with a link',
  applies: ({ nodes }) => nodes.some(({ links }) => links.length > 0),
  check: (evidence) =>
    evidence.nodes.flatMap((node) =>
      node.links
        .filter(({ link, target }) => !target && evidence.elsewhere.flagsOf(link) === undefined)
        .map(({ link }) => {
          const role = link.role === undefined ? 'A link' : `The ${link.role} link`
          const unsampled = link.traceFlags !== undefined && (link.traceFlags & 1) === 0
          const why = unsampled ? 'it was not sampled' : 'its service exports no spans here, or dropped it'
          return findingAt(evidence, node, {
            rule: 'no-dangling-links',
            problem: `${role} of ${node.span.name} leads to ${link.traceId}/${link.spanId}, which was not recorded: ${why}.`,
            ...(link.role !== 'previous_attempt' && link.role !== 'batch' && { side: 'producer', service: '' }),
          })
        }),
    ),
}
