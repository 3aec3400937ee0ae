import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Removal, Run } from './removals.ts'

const repository = resolve(import.meta.dirname, '../../..')

/** A project with copies of core and of the SQS adapter as they are published, and links to everything else. */
export interface Project extends AsyncDisposable {
  /** Runs the program with something taken out of core. What was taken out is there again afterwards. */
  play(edits: Removal['edits']): Promise<Run>
}

/** @param address of an SQS broker */
export async function createProject(address: string): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), 'proofs-'))
  const modules = join(folder, 'node_modules')
  await mkdir(join(modules, '@tracebaton'), { recursive: true })
  for (const name of await readdir(join(repository, 'node_modules'))) {
    if (name === '@tracebaton' || name.startsWith('.')) continue
    await symlink(join(repository, 'node_modules', name), join(modules, name))
  }
  for (const name of ['core', 'sqs']) {
    for (const part of ['package.json', 'dist']) {
      await cp(join(repository, 'packages', name, part), join(modules, '@tracebaton', name, part), { recursive: true })
    }
  }
  await symlink(join(repository, 'packages/testing'), join(modules, '@tracebaton/testing'))
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n')
  await cp(join(import.meta.dirname, 'program.js'), join(folder, 'program.js'))
  return {
    async play(edits) {
      const restore = new Map<string, string>()
      try {
        for (const [file, from, to] of edits) {
          const path = join(modules, '@tracebaton/core/dist/esm', file)
          const source = await readFile(path, 'utf8')
          if (!restore.has(path)) restore.set(path, source)
          if (source.split(from).length !== 2) throw new Error(`This is not once in ${file}: ${from}`)
          await writeFile(
            path,
            source.replace(from, () => to),
          )
        }
        return await runProgram(folder, address)
      } finally {
        for (const [path, source] of restore) await writeFile(path, source)
      }
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

async function runProgram(folder: string, address: string): Promise<Run> {
  const run = randomUUID().slice(0, 8)
  const queues = ['orders', 'dead', 'batch', 'linked'].map((queue) => `${queue}-${run}`)
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'program.js'), address, ...queues], {
    timeout: 60_000,
    maxBuffer: 16 * 1024 * 1024,
  })
  return JSON.parse(stdout.replaceAll(`-${run}`, '')) as Run
}
