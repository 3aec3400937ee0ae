import { findingAt } from './finding.ts'
import type { SpanNode } from '../spans/graph.ts'
import type { Elsewhere } from './evidence.ts'
import type { Rule } from './rule.ts'

/** Half a story: one end of a link was kept, the other was not. */
export const samplingConsistent: Rule = {
  id: 'sampling-consistent',
  title: 'spans that are linked across traces were all sampled, or none of them',
  subject: 'a span that says, with its parent or what it links, whether it was sampled',
  applies: ({ nodes, elsewhere }) => nodes.some((node) => othersOf(node, elsewhere) !== undefined),
  check: (evidence) =>
    evidence.nodes.flatMap((node) => {
      const { span } = node
      const own = sampled(span.traceFlags)
      const others = othersOf(node, evidence.elsewhere)
      // A batch is kept for any of its messages, or decided as the newest was, which is linked last.
      if (others === undefined || others.some(Boolean) === own || others.at(-1) === own) return []
      if (own && span.attributes['tracebaton.sampling.reason'] !== undefined) return []
      const was = own ? 'was' : 'was not'
      const problem =
        span.parentSpanId === undefined
          ? `${span.name} ${was} sampled, and ${own ? 'nothing that it links was' : 'what it links was'}.`
          : `${span.name} ${was} sampled, and its parent ${own ? 'was not' : 'was'}.`
      return [
        findingAt(evidence, node, {
          rule: 'sampling-consistent',
          problem,
          expected: own ? 'not sampled' : 'sampled',
          actual: own ? 'sampled' : 'not sampled',
        }),
      ]
    }),
}

/** Whether the parent, or of a root what it links, was sampled. Undefined: there is nothing to compare. */
function othersOf(node: SpanNode, elsewhere: Elsewhere): readonly boolean[] | undefined {
  const { span, parent } = node
  if (sampled(span.traceFlags) === undefined) return undefined
  if (span.parentSpanId === undefined) {
    const linked = linkedFlags(node, elsewhere)
    return linked.length === 0 ? undefined : linked
  }
  const above = parent && sampled(parent.span.traceFlags)
  return above === undefined ? undefined : [above]
}

function linkedFlags({ links }: SpanNode, elsewhere: Elsewhere): boolean[] {
  return links.flatMap(
    ({ link, target }) => sampled(target?.span.traceFlags ?? elsewhere.flagsOf(link) ?? link.traceFlags) ?? [],
  )
}

function sampled(flags: number | undefined): boolean | undefined {
  return flags === undefined ? undefined : (flags & 1) === 1
}
