import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { run } from '../../src/cli/run.ts'
import { otlpJsonLines } from '../../src/otlp/json-lines.ts'
import type { RecordedSpan } from '../../src/spans/span.ts'

/** What a command printed, and how it ended. */
export interface Invocation {
  readonly code: number
  readonly out: string
  readonly error: string
}

/** Runs `tracebaton` with these words, in this process. */
export async function tracebaton(words: readonly string[], input = ''): Promise<Invocation> {
  const printed = { out: '', error: '' }
  const code = await run(words, {
    out: (text) => {
      printed.out += text
    },
    error: (text) => {
      printed.error += text
    },
    input: (async function* bytes() {
      yield Buffer.from(input)
    })(),
    columns: 100,
    colors: false,
    live: false,
  })
  return { code, ...printed }
}

/** A folder for the test. */
export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'tracebaton-cli-'))
  onTestFinished(() => rm(path, { recursive: true }))
  return path
}

/** A file with these spans, or with this text. */
export async function fileOf(content: string | readonly RecordedSpan[], name = 'spans.jsonl'): Promise<string> {
  const path = join(await folder(), name)
  await writeFile(path, typeof content === 'string' ? content : otlpJsonLines(content))
  return path
}
