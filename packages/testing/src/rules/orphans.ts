import { findingAt } from './finding.ts'
import { isProcess } from '../journeys/creation.ts'
import type { Rule } from './rule.ts'

/** A parent that is missing hides where a span comes from. */
export const noOrphans: Rule = {
  id: 'no-orphans',
  title: 'every parent that a span names was recorded',
  subject: 'a span',
  applies: ({ nodes }) => nodes.length > 0,
  check: (evidence) =>
    evidence.nodes
      .filter((node) => node.parentMissing)
      .map((node) => {
        const { span } = node
        const remote = span.remoteParent ?? isProcess(node)
        const why = remote
          ? 'the service that it belongs to exports no spans here, or did not sample it'
          : 'it has not ended, or was dropped'
        return findingAt(evidence, node, {
          rule: 'no-orphans',
          problem: `The parent of ${span.name} (${span.parentSpanId}) was not recorded: ${why}.`,
          ...(remote && isProcess(node) && { side: 'producer', service: '' }),
        })
      }),
}
