import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { generate } from '../../packages/testing/bench/generate.js'

const command = resolve(import.meta.dirname, '../../packages/testing/dist/esm/cli/main.js')

const execute = promisify(execFile)

test('a pipe that the shell names like a file, a reader that has enough and a folder are no surprise', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tracebaton-small-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'traces.jsonl')
  generate(file, 1, 10)
  const substituted = await execute('bash', ['-c', `"${process.execPath}" "${command}" check <(cat "${file}")`])
  expect(substituted.stdout).toContain('nothing found in')
  const piped = await execute('bash', ['-c', `cat "${file}" | "${process.execPath}" "${command}" check - | head -1`])
  expect(piped).toMatchObject({ stdout: expect.stringMatching(/^✓ connected/), stderr: '' })
  await expect(execute(process.execPath, [command, 'check', folder])).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('is a folder'),
  })
})

/** Makes one request of the lines that a file begins with. */
async function mergeLines(file: string, bytes: number): Promise<void> {
  const text = await readFile(file, 'utf8')
  const end = text.indexOf('\n', bytes)
  const inner = text.slice(0, end).replaceAll(']}\n{"resourceSpans":[', ',')
  await writeFile(file, inner + text.slice(end))
}

// With all of the first request in memory at once it takes more than 300 MB, and so it does with all spans of the second file.
test.each([
  ['that begins with a request of 35 MB', 45, 200, 35e6],
  ['whose stories are mixed all over it', 1, 22_000, 0],
])('a file %s is judged in bounded memory', { timeout: 240_000 }, async (_, megabytes, inFlight, merged) => {
  const folder = await mkdtemp(join(tmpdir(), 'tracebaton-large-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'traces.jsonl')
  const { spans } = generate(file, megabytes, inFlight)
  if (merged > 0) await mergeLines(file, merged)
  const { stdout } = await execute(process.execPath, [command, 'check', file])
  const [, judged, passes, memory] =
    /nothing found in (\d+) spans.*, (\d+) passes.* at most (\d+) MB of memory/.exec(stdout) ?? []
  expect(Number(judged)).toBe(spans)
  expect(Number(passes)).toBe(inFlight > 1000 ? 3 : 2)
  expect(Number(memory)).toBeLessThan(merged > 0 ? 250 : 200)
})
