import { isProcess } from '../journeys/creation.ts'
import { findingAt } from './finding.ts'
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
