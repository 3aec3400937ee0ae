import { findingAt } from './finding.ts'
import type { Rule } from './rule.ts'

/** A span that never ends is never exported. */
export const allEnded: Rule = {
  id: 'all-ended',
  title: 'every span that was started has ended',
  subject: 'a span',
  applies: ({ nodes }) => nodes.length > 0,
  single: true,
  check: (evidence) =>
    evidence.nodes
      .filter(({ span }) => span.endTime === undefined)
      .map((node) =>
        findingAt(evidence, node, { rule: 'all-ended', problem: `${node.span.name} was started and never ended.` }),
      ),
}
