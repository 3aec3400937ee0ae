import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { generate } from '../../packages/testing/bench/generate.js'

const command = resolve(import.meta.dirname, '../../packages/testing/dist/esm/cli/main.js')

// All spans of such a file in memory are more than half a gigabyte.
test.each([
  ['whose stories are close together', 200],
  ['whose stories are mixed all over it', 28_000],
])('a file %s is judged in bounded memory', { timeout: 240_000 }, async (_, inFlight) => {
  const folder = await mkdtemp(join(tmpdir(), 'tracebaton-large-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'traces.jsonl')
  const { spans } = generate(file, 120, inFlight)
  const { stdout } = await promisify(execFile)(process.execPath, [command, 'check', file])
  const [, judged, passes, memory] =
    /nothing found in (\d+) spans.*, (\d+) passes.* at most (\d+) MB of memory/.exec(stdout) ?? []
  expect(Number(judged)).toBe(spans)
  expect(Number(passes)).toBe(inFlight > 1000 ? 3 : 2)
  expect(Number(memory)).toBeLessThan(300)
})
