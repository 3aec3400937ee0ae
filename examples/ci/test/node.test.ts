import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'

const example = resolve(import.meta.dirname, '..')
const file = 'test-node/propagation.test.js'

async function run(source: string, env: Record<string, string> = {}) {
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env
  return await promisify(execFile)(process.execPath, ['--test', source], {
    cwd: example,
    env: { ...inherited, ...env },
  })
}

test('the same test runs in node:test', async () => {
  const { stdout } = await run(file)
  expect(stdout).toMatch(/pass 1\b/)
}, 30_000)

test('of a story that fails there is a picture for CI to keep', async () => {
  const pictures = await mkdtemp(join(tmpdir(), 'pictures-'))
  onTestFinished(() => rm(pictures, { recursive: true, force: true }))
  await expect(run(file, { PICTURES: pictures, BREAK: 'true' })).rejects.toThrow('Command failed')
  expect((await readdir(pictures)).toSorted()).toEqual(['order.html', 'order.jsonl'])
  expect(await readFile(join(pictures, 'order.html'), 'utf8')).toContain('send orders')
}, 30_000)

test.each(['test/propagation.test.ts', file])('%s has fewer than 30 lines', async (name) => {
  expect((await readFile(join(example, name), 'utf8')).split('\n').length).toBeLessThan(30)
})
