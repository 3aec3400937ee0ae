import { findingAt } from '../evidence.ts'
import type { Finding } from '../finding.ts'
import type { SpanNode } from '../graph.ts'
import type { Rule } from './rule.ts'

/** Half a story: one end of a link was kept, the other was not. */
export const samplingConsistent: Rule = {
  id: 'sampling-consistent',
  title: 'spans that are linked across traces were all sampled, or none of them',
  check: (evidence) =>
    [...evidence.graph.nodes.values()].flatMap((node) => {
      const { span, parent } = node
      const own = sampled(span.traceFlags)
      if (own === undefined) return []
      const find = (problem: string): Finding[] => [
        findingAt(evidence, node, {
          rule: 'sampling-consistent',
          problem,
          expected: own ? 'not sampled' : 'sampled',
          actual: own ? 'sampled' : 'not sampled',
        }),
      ]
      const was = own ? 'was' : 'was not'
      if (span.parentSpanId !== undefined) {
        const above = parent && sampled(parent.span.traceFlags)
        if (above === undefined || above === own) return []
        return find(`${span.name} ${was} sampled, and its parent ${own ? 'was not' : 'was'}.`)
      }
      // A batch is kept for any of its messages.
      const linked = linkedFlags(node)
      if (linked.length === 0 || linked.some(Boolean) === own) return []
      return find(`${span.name} ${was} sampled, and ${own ? 'nothing that it links was' : 'what it links was'}.`)
    }),
}

function linkedFlags({ links }: SpanNode): boolean[] {
  return links.flatMap(({ link, target }) => sampled(target?.span.traceFlags ?? link.traceFlags) ?? [])
}

function sampled(flags: number | undefined): boolean | undefined {
  return flags === undefined ? undefined : (flags & 1) === 1
}
