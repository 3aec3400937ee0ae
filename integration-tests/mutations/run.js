// Breaks core in every way of list.js, one at a time, and runs the contract suite on queues in memory: a mutation that
// leaves it green is a scenario that cannot fail, and one that no longer fits core is an error. Works on a copy in a
// temporary folder.
//
//   node integration-tests/mutations/run.js [part of a mutation's name]
import { spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mutations } from './list.js'
import { mutate } from './mutate.js'

const SUITE = 'examples/memory-adapter/test/contract.test.ts'
const COPIED = [
  'packages/core',
  'packages/testing',
  'examples/memory-adapter',
  'integration-tests/src',
  'integration-tests/package.json',
  'package.json',
  'tsconfig.base.json',
]

const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const copy = await mkdtemp(join(tmpdir(), 'mutations-'))
process.exitCode = 1
try {
  await prepare()
  const wanted = process.argv[2] ?? ''
  const chosen = mutations.filter(({ name }) => name.includes(wanted))
  if (chosen.length === 0) throw new Error(`No mutation is called ${wanted}`)
  for (const mutation of chosen) mutate(await readFile(sourceOf(mutation), 'utf8'), mutation)
  const { passed, failed } = await play()
  if (failed.length > 0) throw new Error(`Red without a mutation: ${failed.join('; ')}`)
  const unknown = chosen.map(({ caughtBy }) => caughtBy).filter((scenario) => !passed.includes(scenario))
  if (unknown.length > 0) throw new Error(`No scenario is called ${unknown.join('; ')}`)

  const rows = []
  for (const mutation of chosen) {
    const { survived, note } = await judge(mutation)
    rows.push({ name: mutation.name, survived, note })
    console.log(`${survived ? 'SURVIVED' : 'caught  '}  ${mutation.name}\n            ${note}`)
  }
  const survivors = rows.filter(({ survived }) => survived)
  console.log(`\n${rows.length - survivors.length} of ${rows.length} mutations caught, on queues in memory.`)
  process.exitCode = survivors.length === 0 ? 0 : 1
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
} finally {
  await rm(copy, { recursive: true, force: true })
}

/** Copies what the suite needs, and links the rest; core is taken from its source, so that nothing has to be built. */
async function prepare() {
  for (const path of COPIED) {
    await mkdir(dirname(join(copy, path)), { recursive: true })
    await cp(join(repository, path), join(copy, path), {
      recursive: true,
      filter: (from) => !from.endsWith('/node_modules'),
    })
  }
  const modules = join(copy, 'node_modules')
  await mkdir(join(modules, '@tracebaton'), { recursive: true })
  for (const name of await readdir(join(repository, 'node_modules'))) {
    if (name !== '@tracebaton') await symlink(join(repository, 'node_modules', name), join(modules, name))
  }
  await symlink(join(copy, 'packages/testing'), join(modules, '@tracebaton/testing'))
  const alias = {
    '@tracebaton/core': join(copy, 'packages/core/src/index.ts'),
    '@tracebaton/testing': join(copy, 'packages/testing/src/index.ts'),
  }
  const config = { resolve: { alias }, test: { include: [SUITE], testTimeout: 10_000 } }
  await writeFile(join(copy, 'vitest.config.js'), `export default ${JSON.stringify(config)}\n`)
}

function sourceOf({ file }) {
  return join(copy, 'packages/core/src', file)
}

/** First only the scenario that has to catch it; all of them where that one does not. */
async function judge(mutation) {
  const { caughtBy } = mutation
  const path = sourceOf(mutation)
  const source = await readFile(path, 'utf8')
  try {
    await writeFile(path, mutate(source, mutation))
    const { failed, messages } = await play(caughtBy)
    // What does not run at all proves nothing.
    const nonsense = /(?:Reference|Syntax)Error.*/.exec(messages)?.[0]
    if (nonsense !== undefined) return { survived: true, note: `the mutation is no program: ${nonsense}` }
    if (failed.includes(caughtBy)) return { survived: false, note: caughtBy }
    const others = (await play()).failed
    return { survived: true, note: `expected: ${caughtBy}; red instead: ${others.join('; ') || 'nothing'}` }
  } finally {
    await writeFile(path, source)
  }
}

/** Runs the suite, or one scenario of it, and gives the names of what passed and what failed. */
async function play(scenario) {
  const results = join(copy, 'results.json')
  await rm(results, { force: true })
  const only = scenario === undefined ? [] : ['--testNamePattern', scenario.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')]
  const vitest = join(repository, 'node_modules/vitest/vitest.mjs')
  const { output } = await run([vitest, 'run', '--reporter=json', `--outputFile=${results}`, ...only])
  let tests
  try {
    tests = JSON.parse(await readFile(results, 'utf8')).testResults.flatMap(({ assertionResults }) => assertionResults)
  } catch {
    throw new Error(`The suite did not run:\n${output}`)
  }
  const named = (status) => tests.filter((test) => test.status === status).map(({ title }) => title)
  const messages = tests.flatMap(({ failureMessages }) => failureMessages ?? []).join('\n')
  return { passed: named('passed'), failed: named('failed'), messages }
}

function run(parameters) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, parameters, { cwd: copy, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk
      })
    }
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
}
