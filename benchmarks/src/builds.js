import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const ADAPTERS = ['kafka', 'amqp', 'sqs', 'bullmq']
const root = join(import.meta.dirname, '../..')
/** Outside of any package, where the dependencies are those of this checkout. */
const COPY = join(root, 'node_modules/.cache/benchmarks/before')

/** Our adapter packages as built in this checkout, and `before` those that were copied from another. */
export async function loadBuild(adapter, withBefore) {
  const builds = { ours: await import(`@tracebaton/${adapter}`) }
  if (withBefore) {
    const entry = join(COPY, 'node_modules/@tracebaton', adapter, 'dist/esm/index.js')
    builds.before = await import(pathToFileURL(entry).href)
  }
  return builds
}

/**
 * Copies the built packages of another checkout, so that they run in this process beside ours with the same clients, API
 * and SDK. What they keep process-wide gets keys of its own: else the two would share it.
 */
export async function copyBuild(folder) {
  await rm(COPY, { recursive: true, force: true })
  for (const name of ['core', ...ADAPTERS]) {
    const from = join(folder, 'packages', name)
    const to = join(COPY, 'node_modules/@tracebaton', name)
    await cp(join(from, 'dist/esm'), join(to, 'dist/esm'), { recursive: true })
    await cp(join(from, 'package.json'), join(to, 'package.json'))
    for (const file of await readdir(join(to, 'dist/esm'), { recursive: true })) {
      if (file.endsWith('.js')) await separate(join(to, 'dist/esm', file))
    }
  }
}

/** Leaves alone the keys of Node and of others. */
const OWN_KEY = /Symbol\.for\((?=['"`]@?tracebaton|[^'"`])/g

async function separate(file) {
  const code = await readFile(file, 'utf8')
  await writeFile(file, code.replaceAll(OWN_KEY, "Symbol.for('before ' + "))
}
