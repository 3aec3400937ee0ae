import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const ADAPTERS = ['kafka', 'amqp', 'sqs', 'bullmq']
const root = join(import.meta.dirname, '../..')
/** Outside of any package, where the dependencies are those of this checkout. */
const COPIES = join(root, 'node_modules/.cache/benchmarks')

/**
 * One of our adapter packages: as built in this checkout, or `before`, as copied from another. A process has one of the
 * two: what comes second runs behind code that is compiled for the first alone, and took up to 1.6 times as long.
 */
export function loadBuild(adapter, name = 'ours') {
  return name === 'ours' ? import(`@tracebaton/${adapter}`) : loadCopy(adapter, name)
}

/**
 * A copy of our packages that is not measured. Code that has met a second tracer provider is slower for good: by up to
 * 10 % here.
 */
export async function loadUnmeasured(adapter) {
  await copyBuild(root, 'unmeasured')
  return loadCopy(adapter, 'unmeasured')
}

function loadCopy(adapter, name) {
  return import(pathToFileURL(join(COPIES, name, 'node_modules/@tracebaton', adapter, 'dist/esm/index.js')).href)
}

/**
 * Copies the built packages of a checkout, so that they run in this process beside ours with the same clients, API
 * and SDK. What they keep process-wide gets keys of its own: else the two would share it.
 */
export async function copyBuild(folder, copy) {
  const target = join(COPIES, copy)
  await rm(target, { recursive: true, force: true })
  for (const name of ['core', ...ADAPTERS]) {
    const from = join(folder, 'packages', name)
    const to = join(target, 'node_modules/@tracebaton', name)
    await cp(join(from, 'dist/esm'), join(to, 'dist/esm'), { recursive: true })
    await cp(join(from, 'package.json'), join(to, 'package.json'))
    for (const file of await readdir(join(to, 'dist/esm'), { recursive: true })) {
      if (file.endsWith('.js')) await separate(join(to, 'dist/esm', file), copy)
    }
  }
}

/** Leaves alone the keys of Node and of others. */
const OWN_KEY = /Symbol\.for\((?=['"`]@?tracebaton|[^'"`])/g

async function separate(file, copy) {
  const code = await readFile(file, 'utf8')
  await writeFile(file, code.replaceAll(OWN_KEY, `Symbol.for('${copy} ' + `))
}
