// Breaks core and the adapters in every way of list.js, one at a time, and runs the tests that have to notice: a mutation
// that leaves them green is a test that cannot fail, and one that no longer fits the source is an error. Needs no broker,
// works on a copy in a temporary folder, and keeps one vitest for all mutations.
//
//   npm run mutations [part of a mutation's name, or of a package's]
import { readFile, writeFile } from 'node:fs/promises'
import { makeCopy } from './copy.js'
import { mutations } from './list.js'
import { mutate, sourceOf, suiteOf } from './mutate.js'
import { startPlayer } from './player.js'

const began = Date.now()
process.exitCode = 1
const wanted = process.argv[2] ?? ''
const chosen = mutations.filter(({ name, package: of = 'core' }) => name.includes(wanted) || of.includes(wanted))
const copy = await makeCopy()
let player
try {
  player = await startPlayer(copy.folder)
  if (chosen.length === 0) throw new Error(`No mutation is called ${wanted}`)
  for (const mutation of chosen) mutate(await readFile(copy.path(sourceOf(mutation)), 'utf8'), mutation)
  await playUnbroken()

  let survivors = 0
  for (const mutation of chosen) {
    const { caught, note } = await judge(mutation)
    if (!caught) survivors += 1
    console.log(
      `${caught ? 'caught  ' : 'SURVIVED'}  ${mutation.package ?? 'core'}: ${mutation.name}\n            ${note}`,
    )
  }
  const seconds = Math.round((Date.now() - began) / 1000)
  console.log(`\n${chosen.length - survivors} of ${chosen.length} mutations caught, without a broker, in ${seconds} s.`)
  process.exitCode = survivors === 0 ? 0 : 1
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
} finally {
  await player?.close()
  await copy.remove()
}

/** Without a mutation every suite is green, and has the tests that the mutations name. */
async function playUnbroken() {
  const suites = new Set(chosen.map(suiteOf))
  for (const suite of suites) {
    const { passed, failed } = await player.play(suite)
    if (failed.size > 0) throw new Error(`Red without a mutation, in ${suite}: ${[...failed].join('; ')}`)
    const unknown = chosen.filter((mutation) => suiteOf(mutation) === suite && !passed.has(mutation.caughtBy))
    if (unknown.length > 0) {
      throw new Error(`No test of ${suite} is called ${unknown.map(({ caughtBy }) => caughtBy).join('; ')}`)
    }
  }
}

/** Runs only the test that has to catch the mutation; all tests of its suite where that one does not. */
async function judge(mutation) {
  const { caughtBy } = mutation
  const path = copy.path(sourceOf(mutation))
  const source = await readFile(path, 'utf8')
  try {
    await writeFile(path, mutate(source, mutation))
    player.forget(path)
    const { failed, errors } = await player.play(suiteOf(mutation), caughtBy)
    // A mutated source that does not run at all proves nothing.
    const nonsense = /(?:Reference|Syntax)Error.*/.exec(errors)?.[0]
    if (nonsense !== undefined) return { caught: false, note: `the mutation is no program: ${nonsense}` }
    if (failed.has(caughtBy)) return { caught: true, note: caughtBy }
    const others = [...(await player.play(suiteOf(mutation))).failed]
    return { caught: false, note: `expected: ${caughtBy}; red instead: ${others.join('; ') || 'nothing'}` }
  } finally {
    await writeFile(path, source)
    player.forget(path)
  }
}
