import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Removal, Run } from './removal.ts'
import { removals } from './removals.ts'
import { sqsRemovals } from './sqs-removals.ts'

const repository = resolve(import.meta.dirname, '../../..')

/** The adapters, each of which has a story. */
export type Adapter = 'kafka' | 'amqp' | 'sqs' | 'bullmq'

const ADAPTERS: readonly Adapter[] = ['kafka', 'amqp', 'sqs', 'bullmq']

/** What the story of an adapter can show to be missing. */
export function removalsOf(adapter: Adapter): readonly Removal[] {
  return adapter === 'sqs' ? [...removals, ...sqsRemovals] : removals
}

/**
 * Plays the story of each adapter, once with the packages as they are published and once with each removal: in one process
 * for each adapter. The runs of an adapter are by what was removed; the one of the whole packages is called `nothing`.
 */
export async function playVariants(
  addresses: Readonly<Record<Adapter, string>>,
): Promise<Readonly<Record<Adapter, ReadonlyMap<string, Run>>>> {
  const base = await mkdtemp(join(tmpdir(), 'proofs-'))
  try {
    await linkModules(base)
    await cp(join(import.meta.dirname, 'stories'), join(base, 'stories'), { recursive: true })
    // Lies as it does here, seen from the story in each variant.
    await cp(join(import.meta.dirname, '../adapters/kafka-topic.js'), join(base, 'adapters/kafka-topic.js'))
    await writeFile(join(base, 'package.json'), '{ "type": "module" }\n')
    const edits = new Map(removalsOf('sqs').map((removal) => [removal.removed, removal.edits]))
    const names = ['nothing', ...edits.keys()]
    const shownBy = (adapter: Adapter): string[] => {
      const shown = new Set(removalsOf(adapter).map(({ removed }) => removed))
      return names.filter((name) => name === 'nothing' || shown.has(name))
    }
    const created = await Promise.allSettled(
      names.map((name, index) => {
        const adapters = ADAPTERS.filter((adapter) => shownBy(adapter).includes(name))
        return createVariant(folderOf(base, index), adapters, edits.get(name) ?? [])
      }),
    )
    // Once all are done: a folder that is still written to cannot be removed.
    const failures = created.flatMap((one) => (one.status === 'rejected' ? [one.reason as Error] : []))
    if (failures.length > 0) throw new Error(failures.map(({ message }) => message).join('\n'))
    const runs = ADAPTERS.map(async (adapter) => {
      const shown = shownBy(adapter)
      const stories = shown.map((name) => join(folderOf(base, names.indexOf(name)), 'stories', `${adapter}.js`))
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [join(base, 'stories/tell.js'), addresses[adapter], ...stories],
        { timeout: 60_000, maxBuffer: 64 * 1024 * 1024 },
      )
      const told = JSON.parse(stdout) as Run[]
      return [adapter, new Map(shown.map((name, index) => [name, told[index]!]))] as const
    })
    return Object.fromEntries(await Promise.all(runs)) as unknown as Record<Adapter, ReadonlyMap<string, Run>>
  } finally {
    await rm(base, { recursive: true, force: true })
  }
}

function folderOf(base: string, variant: number): string {
  return join(base, `variant-${variant}`)
}

/** Links to everything but our own packages, and to the test kit. */
async function linkModules(base: string): Promise<void> {
  const modules = join(base, 'node_modules')
  await mkdir(join(modules, '@tracebaton'), { recursive: true })
  const names = (await readdir(join(repository, 'node_modules'))).filter(
    (name) => name !== '@tracebaton' && !name.startsWith('.'),
  )
  await Promise.all(names.map((name) => symlink(join(repository, 'node_modules', name), join(modules, name))))
  await symlink(join(repository, 'packages/testing'), join(modules, '@tracebaton/testing'))
}

/** Copies of core and of the adapters as they are published, with something taken out of core. */
async function createVariant(folder: string, adapters: readonly Adapter[], edits: Removal['edits']): Promise<void> {
  const modules = join(folder, 'node_modules/@tracebaton')
  await cp(join(import.meta.dirname, 'stories'), join(folder, 'stories'), { recursive: true })
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n')
  for (const name of ['core', ...adapters]) {
    for (const part of ['package.json', 'dist/esm']) {
      await cp(join(repository, 'packages', name, part), join(modules, name, part), {
        recursive: true,
        filter: (file) => !/\.(?:map|d\.ts)$/.test(file),
      })
    }
  }
  for (const [file, from, to] of edits) {
    const path = join(modules, 'core/dist/esm', file)
    const source = await readFile(path, 'utf8')
    if (source.split(from).length !== 2) throw new Error(`This is not once in ${file}: ${from}`)
    await writeFile(
      path,
      source.replace(from, () => to),
    )
  }
}
