import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'

const example = resolve(import.meta.dirname, '..')
const file = 'test-node/propagation.test.js'
const vitest = resolve(example, '../../node_modules/vitest/vitest.mjs')

async function run(words: readonly string[], env: Record<string, string> = {}) {
  const { NODE_TEST_CONTEXT: _, VITEST: __, ...inherited } = process.env
  return await promisify(execFile)(process.execPath, words, {
    cwd: example,
    env: { ...inherited, ...env, NO_COLOR: '1' },
  })
}

test('the same test runs in node:test', async () => {
  const { stdout } = await run(['--test', file])
  expect(stdout).toMatch(/pass 1\b/)
}, 30_000)

test('of a story that fails there is a picture for CI to keep', async () => {
  const pictures = await mkdtemp(join(tmpdir(), 'pictures-'))
  onTestFinished(() => rm(pictures, { recursive: true, force: true }))
  await expect(run(['--test', file], { PICTURES: pictures, BREAK: 'true' })).rejects.toThrow('Command failed')
  expect((await readdir(pictures)).toSorted()).toEqual(['order.html', 'order.jsonl'])
  expect(await readFile(join(pictures, 'order.html'), 'utf8')).toContain('send orders')
}, 30_000)

// Nothing is configured, so that each runner gives a test the time that it gives by default.
test.each([
  ['node:test', file, () => ['--test', file], (line: number) => `${file}:${line}:`],
  [
    'Vitest',
    'test/propagation.test.ts',
    (empty: string) => [vitest, 'run', '--root', '.', '--config', empty, 'test/propagation.test.ts'],
    (line: number) => new RegExp(` ${line}\\| .*until.*\\n +\\| +\\^\\n`),
  ],
])(
  '%s shows what is broken, on which side, and where in the test it was awaited',
  async (_, name, words, frame) => {
    const folder = await mkdtemp(join(tmpdir(), 'pictures-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const empty = join(folder, 'empty.mjs')
    await writeFile(empty, 'export default {}')
    const failed = await run(words(empty), { PICTURES: folder, BREAK: 'true' }).catch((error: unknown) => error)
    const { stdout, stderr } = failed as { readonly stdout: string; readonly stderr: string }
    const said = stdout + stderr
    expect(said).toContain('process orders is not connected to send orders: header absent on the wire')
    expect(said).toMatch(/hop +send orders \(shop\) → process orders attempt 1 \(billing\)/)
    expect(said).toMatch(/side +producer, shop/)
    const line =
      (await readFile(join(example, name), 'utf8')).split('\n').findIndex((text) => text.includes('until')) + 1
    expect(said).toMatch(frame(line))
  },
  30_000,
)

test.each(['test/propagation.test.ts', file])('%s has fewer than 30 lines', async (name) => {
  expect((await readFile(join(example, name), 'utf8')).split('\n').length).toBeLessThan(30)
})
