import { performance } from 'node:perf_hooks'
import type { OtlpProblem } from '../large/read-otlp.ts'
import { readStories, type ReadStoriesOptions, type Story } from '../large/read-stories.ts'
import { clean } from '../text/display-text.ts'
import type { Sources } from './sources.ts'
import type { Terminal } from './terminal.ts'

/** The stories of some files. A line on the terminal says how far a long reading is, until it is over. */
export async function* storiesOf(
  { files, bytes, nameOf }: Sources,
  terminal: Terminal,
  { onProblem, onProgress, batches = 'apart' }: Pick<ReadStoriesOptions, 'onProblem' | 'onProgress' | 'batches'>,
): AsyncGenerator<Story, void, void> {
  let last = performance.now()
  let shown = false
  yield* readStories(files, {
    batches,
    onProblem: (problem, file) => onProblem?.(problem, nameOf(file)),
    onProgress(progress) {
      onProgress?.(progress)
      const now = performance.now()
      if (!terminal.live || now - last < 200) return
      last = now
      shown = true
      const { pass, passes, bytes: done } = progress
      const part = Math.min(100, Math.round((done / bytes) * 100))
      terminal.error(`\r\u001b[Kpass ${pass}${passes === undefined ? '' : ` of ${passes}`}: ${part} %`)
    },
  })
  if (shown) terminal.error('\r\u001b[K')
}

/** Says what could not be read, and counts what is not the end of a file that is still written. */
export function createProblems(terminal: Terminal): {
  readonly count: number
  readonly say: (problem: OtlpProblem, name: string) => void
} {
  const problems = {
    count: 0,
    say({ line, reason, unfinished }: OtlpProblem, name: string): void {
      if (!unfinished) problems.count += 1
      terminal.error(`${clean(name)}:${line}: ${reason}, left out\n`)
    },
  }
  return problems
}
