import Module, { createRequire } from 'node:module'
import * as amqp from '@tracebaton/amqp'
import * as bullmq from '@tracebaton/bullmq'
import type { TracingInput } from '@tracebaton/core'
import * as core from '@tracebaton/core/adapter'
import type * as instrumentation from '@tracebaton/instrumentation'
import type * as patching from '@tracebaton/instrumentation/patch'
import * as kafka from '@tracebaton/kafka'
import * as sqs from '@tracebaton/sqs'

const require = createRequire(import.meta.url)

// What test files before this one have loaded of ours stays, without what it shared: so there is one load of it here. In a
// process of its own an instrumentation loads the adapters a second time, as CommonJS.
const LOADED = {
  '@tracebaton/amqp': amqp,
  '@tracebaton/bullmq': bullmq,
  '@tracebaton/core/adapter': core,
  '@tracebaton/kafka': kafka,
  '@tracebaton/sqs': sqs,
}
for (const [name, exports] of Object.entries(LOADED)) {
  const file = require.resolve(name)
  require.cache[file] = Object.assign(new Module(file), { filename: file, exports, loaded: true })
}

/** Below this key, instrumentations say how the clients of a process are traced: one way for all clients of a kind. */
const PLACES = Symbol.for('tracebaton.instrumentation.places.1')

/**
 * The exports of a client's module as an instrumentation patches them, for a program that has these options. Programs of
 * scenarios run in one process, side by side, so that each of them has an instrumentation of its own.
 */
export function patchedFor<Exports extends object>(
  name: Parameters<typeof patching.patchModule>[0],
  exports: Exports,
  input: TracingInput,
): Exports {
  const { getTracebatonInstrumentations, patchModule } = loadAnew()
  const compile: unknown = Reflect.get(Module.prototype, '_compile')
  // It says that the module was loaded before, which is so.
  const all = getTracebatonInstrumentations({ onError() {} })
  // What other tests load in this process is theirs.
  Reflect.set(Module.prototype, '_compile', compile)
  const options = input.tracing?.options ?? input
  for (const one of all) one.setConfig(options)
  return patchModule(name, exports)
}

/** Node would run its hooks for modules in this process from then on. */
const LOADER = Symbol.for('tracebaton.instrumentation.loader.0')
Object.defineProperty(globalThis, LOADER, { value: { installed: true }, configurable: true, writable: true })

function loadAnew(): typeof instrumentation & typeof patching {
  const entries = ['@tracebaton/instrumentation', '@tracebaton/instrumentation/patch']
  const folder = require.resolve(entries[0]!).replace(/[^/\\]+$/, '')
  for (const file of Object.keys(require.cache)) if (file.startsWith(folder)) delete require.cache[file]
  Reflect.deleteProperty(globalThis, PLACES)
  return Object.assign({}, ...entries.map((entry) => require(entry) as object))
}
