import { createRecorder, replay } from './floor.js'

/**
 * @typedef {object} Path one way through a client
 * @property {number} messages of one call
 * @property {() => Promise<() => unknown>} bare the client alone
 * @property {() => Promise<() => unknown>} byHand as a careful user traces it with the public API
 * @property {() => Promise<() => unknown>} official the official instrumentation
 * @property {(packages: object, options?: object) => Promise<() => unknown>} tracebaton our adapters
 */

/**
 * The calls of a path by the name of the implementation.
 *
 * @param {Path} path
 * @param {object} packages ours
 * @param {object} unmeasured a copy of our packages
 * @returns {Promise<Record<string, () => unknown>>}
 */
export async function createCalls(path, packages, unmeasured) {
  const calls = { bare: await path.bare(), 'by hand': await path.byHand(), official: await path.official() }
  calls.ours = await path.tracebaton(packages)
  const spans = await spansOf(path, unmeasured)
  calls['SDK floor'] = both(calls.bare, replay(spans))
  return calls
}

/** The spans that our adapter makes of one call. */
async function spansOf(path, packages) {
  const recorder = createRecorder()
  const call = await path.tracebaton(packages, { tracerProvider: recorder.tracerProvider })
  await call()
  await turn()
  recorder.take()
  await call()
  await turn()
  return recorder.take()
}

function both(bare, makeSpans) {
  return () => {
    const result = bare()
    makeSpans()
    return result
  }
}

/** Lets timers and the like run. */
export function turn() {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
