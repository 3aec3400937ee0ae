import { judge, type CheckOptions } from '../rules/evidence.ts'
import { readRequests } from '../large/read-otlp.ts'
import { readStories } from '../large/read-stories.ts'
import type { Rule } from '../rules/rule.ts'
import type { RecordedSpan } from '../spans/span.ts'
import { createProgress } from './progress.ts'
import type { Report } from './report.ts'
import type { Sources } from './sources.ts'
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
  report.count('bytes', sources.bytes)
  if (sources.bytes <= whole) await judgeTogether(sources, rules, options, report)
  else await judgeStories(sources, rules, options, report, terminal)
}

async function judgeTogether(
  { files, nameOf }: Sources,
  rules: readonly Rule[],
  options: CheckOptions,
  report: Report,
): Promise<void> {
  const all: RecordedSpan[] = []
  for (const file of files) {
    const onProblem = (problem: Parameters<Report['addProblem']>[0]): void => report.addProblem(problem, nameOf(file))
    for await (const { spans } of readRequests(file, { onProblem })) {
      // As many as one request may have are too many for the arguments of a call.
      for (const span of spans) all.push(span)
    }
  }
  report.count('spans', all.length)
  report.add(judge(all, options, rules))
}

async function judgeStories(
  { files, nameOf, bytes }: Sources,
  rules: readonly Rule[],
  options: CheckOptions,
  report: Report,
  terminal: Terminal,
): Promise<void> {
  const progress = createProgress(terminal, bytes)
  // One span at a time is all that these look at, so that a part of a story is enough for them.
  const single = rules.filter((rule) => rule.single)
  const stories = readStories(files, {
    onProblem: (problem, file) => report.addProblem(problem, nameOf(file)),
    onProgress: (now) => {
      report.setPasses(now.passes ?? now.pass)
      progress.show(now)
    },
  })
  for await (const { spans, extent, elsewhere } of stories) {
    report.count('spans', spans.length)
    if (extent === 'whole') report.count('stories', 1)
    else report.count('unjudged', spans.length)
    report.add(judge(spans, options, extent === 'whole' ? rules : single, elsewhere))
  }
  progress.end()
}
