import { readRequests } from '../large/read-otlp.ts'
import { judge, type CheckOptions } from '../rules/evidence.ts'
import type { Rule } from '../rules/rule.ts'
import type { RecordedSpan } from '../spans/span.ts'
import type { Report } from './report.ts'
import type { Sources } from './sources.ts'
import { storiesOf } from './stories.ts'
import type { Terminal } from './terminal.ts'

// Bytes: so large may a single story of a larger file be, too.
const whole = 24 * 1024 * 1024

/** Judges all spans of some files: together where they are few, else story by story. */
export async function judgeSources(
  sources: Sources,
  rules: readonly Rule[],
  options: CheckOptions,
  report: Report,
  terminal: Terminal,
): Promise<void> {
  report.bytes = sources.bytes
  if (sources.bytes <= whole) {
    const all = await allSpans(sources, report)
    report.spans = all.length
    report.add(judge(all, options, rules))
    return
  }
  // One span at a time is all that these look at, so that a part of a story is enough for them.
  const single = rules.filter((rule) => rule.single)
  const stories = storiesOf(sources, terminal, {
    onProblem: report.addProblem,
    onProgress: ({ pass, passes }) => void (report.passes = passes ?? pass),
  })
  for await (const { spans, extent, elsewhere } of stories) {
    report.spans += spans.length
    if (extent === 'whole') report.stories += 1
    else report.unjudged += spans.length
    report.add(judge(spans, options, extent === 'whole' ? rules : single, elsewhere))
  }
}

async function allSpans({ files, nameOf }: Sources, report: Report): Promise<RecordedSpan[]> {
  const all: RecordedSpan[] = []
  for (const file of files) {
    const requests = readRequests(file, { onProblem: (problem) => report.addProblem(problem, nameOf(file)) })
    for await (const { spans } of requests) {
      // As many as one request may have are too many for the arguments of a call.
      for (const span of spans) all.push(span)
    }
  }
  return all
}
