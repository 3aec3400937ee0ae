import type { SpanNode } from '../spans/graph.ts'
import { createRule } from './finding.ts'
import type { Elsewhere } from './evidence.ts'
import type { Rule } from './rule.ts'

/** Half a story: one end of a link was kept, the other was not. */
export const samplingConsistent: Rule = createRule({
  id: 'sampling-consistent',
  title: 'spans that are linked across traces were all sampled, or none of them',
  subject: 'a span that says, with its parent or what it links, whether it was sampled',
  applies: ({ nodes, elsewhere }) => nodes.some((node) => othersOf(node, elsewhere) !== undefined),
  *find({ nodes, elsewhere }) {
    for (const node of nodes) {
      const { span } = node
      const own = sampled(span.traceFlags)
      const others = othersOf(node, elsewhere)
      // A batch is kept for any of its messages, or decided as the newest was, which is linked last.
      if (others === undefined || others.some(Boolean) === own || others.at(-1) === own) continue
      if (own && span.attributes['tracebaton.sampling.reason'] !== undefined) continue
      const [actual, expected] = own ? ['sampled', 'not sampled'] : ['not sampled', 'sampled']
      const linked = own ? 'nothing that it links was' : 'what it links was'
      const what = span.parentSpanId === undefined ? linked : `its parent ${own ? 'was not' : 'was'}`
      yield { node, problem: `${span.name} was ${actual}, and ${what}.`, expected, actual }
    }
  },
})

/** Whether the parent, or of a root what it links, was sampled. Undefined: there is nothing to compare. */
function othersOf({ span, parent, links }: SpanNode, elsewhere: Elsewhere): readonly boolean[] | undefined {
  if (span.traceFlags === undefined) return undefined
  const flags =
    span.parentSpanId === undefined
      ? links.map(({ link, target }) => target?.span.traceFlags ?? elsewhere.flagsOf(link) ?? link.traceFlags)
      : [parent?.span.traceFlags]
  const others = flags.flatMap((one) => sampled(one) ?? [])
  return others.length === 0 ? undefined : others
}

function sampled(flags: number | undefined): boolean | undefined {
  return flags === undefined ? undefined : (flags & 1) === 1
}
