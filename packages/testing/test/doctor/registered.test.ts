import { realpathSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Session } from 'node:inspector'
import { createRequire } from 'node:module'
import { afterEach, expect, test, vi } from 'vitest'
import { diagnoseApplication, diagnoseProcess } from '../../src/doctor/diagnose.ts'
import type { DiagnosisId } from '../../src/doctor/diagnosis.ts'
import { hideLoadedModules } from './hidden-modules.ts'
import { projectWith } from './project.ts'

const key = Symbol.for('opentelemetry.js.api.1')
const home = globalThis as { [key: symbol]: unknown }
const { cache } = createRequire(import.meta.url)
const loaded: string[] = []

/** Loads a module of a project with the name and the text given, as CommonJS. */
async function load(folder: string, path: string, text: string): Promise<void> {
  const file = join(folder, path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text)
  createRequire(join(folder, 'app.js'))(file)
  loaded.push(realpathSync(file))
}

hideLoadedModules()

afterEach(() => {
  delete home[key]
  delete home[Symbol.for('tracebaton.said.1')]
  for (const file of loaded.splice(0)) Reflect.deleteProperty(cache, file)
})

function found(id: DiagnosisId): string[] {
  return diagnoseProcess()
    .filter((diagnosis) => diagnosis.id === id)
    .map(({ state, finding }) => `${state}: ${finding}`)
}

test('without an SDK that is all there is to say', () => {
  expect(found('sdk')).toEqual(['ill: No OpenTelemetry SDK is registered: no span is made.'])
  expect(found('propagator')).toEqual([])
})

test('an SDK without propagator and context manager lacks both', () => {
  home[key] = { version: '1.9.1', trace: {} }
  expect(found('sdk')).toEqual(['well: An SDK is registered, with version 1.9.1 of the API.'])
  expect(found('propagator')).toEqual([expect.stringMatching(/^doubtful: No propagator/)])
  expect(found('context-manager')).toEqual([expect.stringMatching(/^ill: No context manager/)])
  home[key] = { version: '1.9.1', trace: {}, propagation: {}, context: {} }
  expect([...found('propagator'), ...found('context-manager')]).toEqual([
    'well: A propagator is registered.',
    'well: A context manager is registered.',
  ])
})

test('a loaded copy of the API that is newer than the registered one does not see the SDK', async () => {
  const api = 'node_modules/@opentelemetry/api'
  const copies = { [api]: '1.8.0', [`node_modules/kit/${api}`]: '1.99.0' }
  const folder = await projectWith(copies)
  for (const path of Object.keys(copies)) await load(folder, `${path}/build/index.js`, '')
  home[key] = { version: '1.8.0', trace: {} }
  expect(found('api-copies')).toEqual([
    expect.stringMatching(
      /^ill: The SDK is registered with @opentelemetry\/api 1\.8\.0, and code with .*1\.99\.0 does not see it/,
    ),
  ])
  home[key] = { version: '1.99.0', trace: {} }
  expect(found('api-copies')).toEqual([
    expect.stringMatching(/^doubtful: \d versions of @opentelemetry\/api are loaded/),
  ])
})

const mark = 'const wrapped = () => {}\nObject.defineProperty(wrapped, "__wrapped", { value: true })\n'

test.each([
  ['kafkajs', 'exports.Kafka = class {}\nexports.Kafka.prototype.producer = wrapped'],
  ['amqplib', 'exports.Channel = class {}\nexports.Channel.prototype.publish = wrapped'],
  ['@smithy/core', 'Object.defineProperty(exports, "constructStack", { enumerable: true, get: () => wrapped })'],
])('a patched function of %s is ill where tracebaton is used', async (name, text) => {
  const folder = await projectWith({})
  await load(folder, `node_modules/${name}/index.js`, `${mark}${text}`)
  expect(found('instrumentation')).toEqual([])
  home[Symbol.for('tracebaton.said.1')] = new Set()
  expect(found('instrumentation')).toEqual([expect.stringMatching(/^ill: .* is patched by another instrumentation/)])
})

test('an official instrumentation that is installed and has not patched the loaded client is nothing to say', async () => {
  const names = ['@opentelemetry/instrumentation-kafkajs', '@tracebaton/kafka', 'kafkajs']
  const folder = await projectWith(Object.fromEntries(names.map((name) => [`node_modules/${name}`, '1.0.0'])))
  const doubts = () => diagnoseApplication(folder).filter(({ id }) => id === 'instrumentation')
  expect(doubts()).toMatchObject([{ state: 'doubtful' }])
  await load(folder, 'node_modules/kafkajs/index.js', 'exports.Kafka = class {}')
  expect(doubts()).toEqual([])
})

test('modules without a patched function, or that cannot be looked at, say nothing', async () => {
  home[Symbol.for('tracebaton.said.1')] = new Set()
  const folder = await projectWith({})
  await load(folder, 'node_modules/kafkajs/index.js', 'exports.Kafka = class { producer() {} }')
  await load(folder, 'node_modules/amqplib/a.js', 'module.exports = new Proxy({}, { ownKeys() { throw new Error() } })')
  await load(
    folder,
    'node_modules/amqplib/b.js',
    'Object.defineProperty(exports, "x", { get() { throw new Error() } })',
  )
  await load(folder, 'node_modules/amqplib/c.js', 'module.exports = null')
  await load(folder, 'node_modules/other/index.js', `${mark}exports.wrapped = wrapped`)
  expect(found('instrumentation')).toEqual([])
})

test('no inspector is opened, and no object is looked for in memory', () => {
  const connect = vi.spyOn(Session.prototype, 'connect')
  expect(diagnoseProcess()).not.toEqual([])
  expect(connect).not.toHaveBeenCalled()
})
