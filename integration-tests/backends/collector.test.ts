import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, inject, onTestFinished, test } from 'vitest'
import { run } from '../src/command.ts'
import { playDemo } from '../src/backends/demo.ts'
import { fileOf, missingFrom, untilFileHas } from '../src/backends/files.ts'
import { keyOf } from '../src/backends/truth.ts'
import { root } from '../src/packed.ts'

const { collector, files } = inject('backends')

test('two demos arrive in the Collector whole, and the command finds nothing wrong in what it wrote', async () => {
  // What other tests have sent before is not judged.
  const { size } = await stat(fileOf(files, 'all'))
  const keys = [await playDemo(collector), await playDemo(collector)].flat().map(keyOf)
  const traces = new Set(keys.map((key) => key.split('/')[0]))
  for (const trace of traces) await untilFileHas(files, 'all', trace ?? '')
  await expect.poll(() => missingFrom(files, 'all', keys), { timeout: 10_000 }).toEqual([])
  const folder = await mkdtemp(join(tmpdir(), 'tracebaton-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const copy = join(folder, 'all.jsonl')
  await writeFile(copy, (await readFile(fileOf(files, 'all'))).subarray(size))
  const check = await run(process.execPath, ['packages/testing/dist/esm/cli/main.js', 'check', copy], { folder: root })
  expect(check).toMatchObject({ code: 0, stderr: '' })
})
