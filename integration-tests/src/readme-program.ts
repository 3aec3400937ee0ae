import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { examplesIn } from '../../scripts/examples-in.js'
import { toProgram, type Program } from './program.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const SDK = fileURLToPath(new URL('adapters/programs/readme-sdk.js', import.meta.url))

/** The example below a heading of a README. */
export async function exampleOf(page: string, heading: string): Promise<string> {
  const examples = examplesIn(page, await readFile(join(ROOT, page), 'utf8'))
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
  const compilerOptions = { module: 'nodenext', target: 'es2023', noCheck: true, types: [] }
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['example.ts'] }))
  await writeFile(join(folder, 'example.ts'), code)
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  await promisify(execFile)(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder])
  const preload = recorded ? ['--import', SDK] : []
  const child = spawn(process.execPath, [...preload, join(folder, 'example.js')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return toProgram(child, folder)
}
