import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { examplesIn } from '../../scripts/examples-in.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const SDK = fileURLToPath(new URL('adapters/programs/readme-sdk.js', import.meta.url))

/** One line that a program printed. */
export interface Line {
  readonly text: string
  /** ms since the epoch. */
  readonly at: number
}

/** An example that runs as a program of its own. Disposing it ends it, and removes its files. */
export interface Program extends AsyncDisposable {
  readonly lines: readonly Line[]
  /** Waits for a line. Rejects when the program ends without it. */
  until(text: string): Promise<Line>
  /** Asks it to end, and gives its exit code. */
  stop(): Promise<unknown>
}

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

function toProgram(child: ChildProcess, folder: string): Program {
  const ended = once(child, 'close')
  let complaints = ''
  child.stderr?.on('data', (text: Buffer) => {
    complaints = (complaints + text.toString()).slice(-4000)
  })
  const lines: Line[] = []
  const waiting = new Map<string, (line: Line) => void>()
  createInterface({ input: child.stdout! }).on('line', (text) => {
    const line = { text, at: Date.now() }
    lines.push(line)
    waiting.get(text)?.(line)
  })
  const stop = async (): Promise<unknown> => {
    child.kill('SIGTERM')
    const [code] = await ended
    return code
  }
  return {
    lines,
    until(text) {
      const known = lines.find((line) => line.text === text)
      if (known !== undefined) return Promise.resolve(known)
      const said = new Promise<Line>((resolve) => waiting.set(text, resolve))
      const silent = ended.then(([code]) => {
        throw new Error(`The program ended with ${code} before it said ${text}: ${complaints}`)
      })
      return Promise.race([said, silent])
    },
    stop,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}
