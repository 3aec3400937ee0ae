import { realpathSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { diagnoseProcess } from '../../src/doctor/diagnose.ts'
import { diagnoseFiles } from '../../src/doctor/files.ts'
import { hideLoadedModules } from './hidden-modules.ts'
import { projectWith } from './project.ts'

const home = globalThis as { [key: symbol]: unknown }
const HOOK = Symbol.for('tracebaton.instrumentation.hook.1')
const { cache } = createRequire(import.meta.url)
const loaded: string[] = []

hideLoadedModules()

afterEach(() => {
  delete home[HOOK]
  for (const file of loaded.splice(0)) Reflect.deleteProperty(cache, file)
})

/** A project with clients, in folders of these names, one of which is loaded. */
async function projectThatLoads(
  folder: string,
  name = folder,
): Promise<{ readonly root: string; readonly file: string }> {
  const root = await projectWith({ 'node_modules/@tracebaton/instrumentation': '0.1.0' })
  await write(root, 'node_modules/@tracebaton/instrumentation/index.js', '')
  await write(root, `node_modules/${folder}/package.json`, JSON.stringify({ name, version: '2.2.4' }))
  await write(root, `node_modules/${folder}/index.js`, '')
  const file = join(root, `node_modules/${folder}/index.js`)
  createRequire(join(root, 'app.js'))(file)
  loaded.push(realpathSync(file))
  return { root, file: realpathSync(file) }
}

async function write(root: string, path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), text)
}

/** An instrumentation was started, which has patched some files, and found others loaded. */
function started({ seen = [], late = [] }: { seen?: readonly string[]; late?: readonly string[] } = {}): void {
  home[HOOK] = {
    patches: new Map([['kafkajs/index.js', {}]]),
    seen: new Set(seen),
    late: new Set(late),
    installed: true,
  }
}

/** The arguments of Node, until the test ends. */
function givenToNode(...words: readonly string[]): void {
  const own = process.execArgv.splice(0, process.execArgv.length, ...words)
  onTestFinished(() => void process.execArgv.splice(0, process.execArgv.length, ...own))
}

const notPatched = (root: string) => diagnoseProcess(root).filter(({ id }) => id === 'not-patched')

/** The program of this process is a file of a project, until the test ends. */
async function run(root: string, text: string): Promise<void> {
  await write(root, 'app.js', text)
  const [, own] = process.argv
  process.argv[1] = join(root, 'app.js')
  onTestFinished(() => void (process.argv[1] = own!))
}

describe('in the process', () => {
  test('a client that was patched is well', async () => {
    const { root, file } = await projectThatLoads('kafkajs')
    started({ seen: [file] })
    expect(notPatched(root)).toMatchObject([{ state: 'well', finding: expect.stringContaining('kafkajs is patched') }])
  })

  test('one that was loaded before is ill, because of the order', async () => {
    const { root, file } = await projectThatLoads('kafkajs')
    started({ late: [file] })
    givenToNode()
    expect(notPatched(root)).toMatchObject([
      {
        state: 'ill',
        finding: expect.stringContaining('kafkajs was loaded before'),
        advice: expect.stringContaining('--import ./telemetry.js'),
      },
    ])
  })

  test.each(['--require', '-r', '--require=./first.js'])(
    'after %s the advice is about what Node requires first',
    async (word) => {
      const { root, file } = await projectThatLoads('kafkajs')
      started({ late: [file] })
      process.execArgv.push(word)
      onTestFinished(() => void process.execArgv.pop())
      expect(notPatched(root)).toMatchObject([
        { state: 'ill', advice: expect.stringContaining('before what is given by --import') },
      ])
    },
  )

  test('one that was loaded later, and not seen, is ill because of a loader', async () => {
    const { root } = await projectThatLoads('kafkajs')
    started()
    expect(notPatched(root)).toMatchObject([
      {
        state: 'ill',
        finding: expect.stringContaining('kafkajs was loaded by a module loader'),
        advice: expect.stringContaining('module.register'),
      },
    ])
  })

  test('one that is installed under another name is ill', async () => {
    const { root } = await projectThatLoads('kafkajs-2', 'kafkajs')
    started()
    expect(notPatched(root)).toMatchObject([
      { state: 'ill', finding: expect.stringContaining('kafkajs is installed as kafkajs-2') },
    ])
  })

  test('an instrumentation that is installed and not started is doubtful', async () => {
    const { root } = await projectThatLoads('kafkajs')
    expect(notPatched(root)).toMatchObject([{ state: 'doubtful', finding: expect.stringContaining('but not started') }])
    expect(notPatched(await projectWith({}))).toEqual([])
  })

  test('a bundle for an instrumentation that is not started is doubtful', async () => {
    const root = await projectWith({ 'node_modules/@tracebaton/instrumentation': '0.1.0' })
    await write(root, 'node_modules/@tracebaton/instrumentation/index.js', '')
    await run(root, `// node_modules/kafkajs/index.js tracebaton.instrumentation.patch.0${' '.repeat(60_000)}`)
    expect(notPatched(root)).toMatchObject([{ state: 'doubtful', finding: expect.stringContaining('but not started') }])
  })

  test.each([
    ['a bundle', `// node_modules/kafkajs/src/index.js\n${' '.repeat(60_000)}`, ['kafkajs']],
    ['a small bundle', `${' '.repeat(60_000)}class KafkaJSNumberOfRetriesExceeded{}`, ['kafkajs']],
    [
      'a bundle by our plugin',
      `// node_modules/kafkajs/index.js tracebaton.instrumentation.patch.0${' '.repeat(60_000)}`,
      [],
    ],
    ['a program that imports', "import { Kafka } from 'kafkajs'", []],
  ])('the clients in %s', async (_, text, clients) => {
    const root = await projectWith({})
    await run(root, text)
    started()
    const ill = notPatched(root).filter(({ state }) => state === 'ill')
    expect(ill.map(({ finding }) => finding)).toEqual(
      clients.map((name) => expect.stringContaining(`${name} is in the bundle`)),
    )
  })
})

/** What is said of a manifest. */
async function saidOf(dependencies: object) {
  const root = await projectWith({})
  await writeFile(join(root, 'package.json'), JSON.stringify({ dependencies }))
  return diagnoseFiles(root).filter(({ id }) => id === 'not-patched')
}

test('an alias in the manifest is doubtful where the instrumentation is a dependency', async () => {
  const aliases = {
    'kafkajs-2': 'npm:kafkajs@2',
    sqs: 'npm:@aws-sdk/client-sqs@^3',
    other: 'npm:express@5',
    amqplib: '^2.0.0',
  }
  expect(await saidOf({ ...aliases, '@tracebaton/instrumentation': '^0.1.0' })).toMatchObject([
    { state: 'doubtful', finding: expect.stringContaining('kafkajs is installed as kafkajs-2') },
    { state: 'doubtful', finding: expect.stringContaining('@aws-sdk/client-sqs is installed as sqs') },
  ])
  expect(await saidOf(aliases)).toEqual([])
})

test('a client that is not traced yet is doubtful', async () => {
  const found = diagnoseFiles(await projectWith({ 'node_modules/rabbitmq-client': '5.0.8' }))
  expect(found).toContainEqual(
    expect.objectContaining({ state: 'doubtful', finding: 'rabbitmq-client is not traced yet.' }),
  )
})
