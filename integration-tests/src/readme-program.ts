import { spawn } from 'node:child_process'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { examplesIn } from '../../scripts/examples-in.js'
import { root } from './packed.ts'
import { toProgram, type Program } from './program.ts'
import { compile } from './typescript.ts'

const SDK = fileURLToPath(new URL('adapters/programs/readme-sdk.js', import.meta.url))

/** The example below a heading of a README. */
export async function exampleOf(page: string, heading: string): Promise<string> {
  const examples = examplesIn(page, await readFile(join(root, page), 'utf8'))
  const example = examples.find((candidate) => candidate.heading === heading)
  if (!example) throw new Error(`${page} has no example below ${heading}`)
  return example.code
}

/**
 * Compiles TypeScript and runs it as any program runs.
 *
 * @param recorded whether it has an SDK, which prints its spans in the end, after the word `spans`
 */
export async function runProgram(code: string, recorded: boolean): Promise<Program> {
  const folder = await mkdtemp(join(tmpdir(), 'tracebaton-readme-'))
  await writeFile(join(folder, 'example.ts'), code)
  await compile(folder, 'module')
  const preload = recorded ? ['--import', SDK] : []
  const child = spawn(process.execPath, [...preload, join(folder, 'example.js')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return toProgram(child, folder)
}
