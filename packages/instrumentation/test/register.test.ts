import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { installer } from './installed.ts'

const install = installer()
const run = promisify(execFile)

/** CommonJS for both, because it loads in half the time. */
const REGISTER = fileURLToPath(new URL('../dist/cjs/register.js', import.meta.url))
const PRELOADS = [
  ['--import', pathToFileURL(REGISTER).href],
  ['--require', REGISTER],
]

/** Says whether what it loads is the module's own: a patched class extends another one, a patched function is ours. */
const ASK = `
  const isSubclass = (of) => Object.getPrototypeOf(of) !== Function.prototype
  const answers = {
    kafkajs: isSubclass(kafkajs.Kafka),
    amqplib: !String(amqplib.connect).includes('new Connection'),
    sqs: process.getBuiltinModule('node:util').types.isProxy(sqs.SQSClient),
    bullmq: isSubclass(bullmq.Queue) && isSubclass(bullmq.Worker) && isSubclass(bullmq.FlowProducer),
  }
  console.log(JSON.stringify(answers))
`
const CLIENTS = { kafkajs: 'kafkajs', amqplib: 'amqplib', sqs: '@aws-sdk/client-sqs', bullmq: 'bullmq' }
const APPS = {
  'app.cjs': Object.entries(CLIENTS).map(([name, from]) => `const ${name} = require('${from}')\n`),
  'app.mjs': Object.entries(CLIENTS).map(([name, from]) => `import ${name} from '${from}'\n`),
}

async function patchedIn(app: keyof typeof APPS, args: readonly string[], env = {}): Promise<unknown> {
  const { folder } = install()
  writeFileSync(join(folder, app), APPS[app].join('') + ASK)
  const { stdout } = await run(process.execPath, [...args, join(folder, app)], { env: { ...process.env, ...env } })
  return JSON.parse(stdout)
}

const ALL = { kafkajs: true, amqplib: true, sqs: true, bullmq: true }

describe.each(PRELOADS)('node %s register', (...args) => {
  it('patches what is required', async () => {
    await expect(patchedIn('app.cjs', args)).resolves.toEqual(ALL)
  })

  it('patches what is imported', async () => {
    await expect(patchedIn('app.mjs', args)).resolves.toEqual(ALL)
  })

  it('leaves out what it is told to', async () => {
    const env = { TRACEBATON_DISABLED_INSTRUMENTATIONS: 'kafkajs, sqs' }
    await expect(patchedIn('app.cjs', args, env)).resolves.toEqual({ ...ALL, kafkajs: false, sqs: false })
  })
})

it('nothing is patched without it', async () => {
  await expect(patchedIn('app.mjs', [])).resolves.toEqual({ kafkajs: false, amqplib: false, sqs: false, bullmq: false })
})

it('child processes inherit which official ones are left out, once', async () => {
  const { folder } = install()
  const app = join(folder, 'app.cjs')
  writeFileSync(app, 'console.log(process.env.OTEL_NODE_DISABLED_INSTRUMENTATIONS)')
  const env = { ...process.env, OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'fs, amqplib,kafkajs' }
  const { stdout } = await run(process.execPath, ['--require', REGISTER, app], { env })
  expect(stdout).toBe('fs,amqplib,kafkajs\n')
})

it('a class is patched, too, whose instrumentation is enabled later', async () => {
  const { folder } = install()
  const app = join(folder, 'app.cjs')
  writeFileSync(
    app,
    `const { KafkaJsInstrumentation } = require(${JSON.stringify(REGISTER.replace('register.js', 'index.js'))})
    const instrumentation = new KafkaJsInstrumentation({ enabled: false })
    const { Kafka } = require('kafkajs')
    process.on('warning', ({ message }) => console.log(message))
    instrumentation.enable()
    console.log(Object.getPrototypeOf(Kafka) !== Function.prototype)`,
  )
  const { stdout } = await run(process.execPath, [app])
  expect(stdout).toBe('true\n')
})

it('neither the API nor any of our other packages is loaded before a client is', async () => {
  const { folder } = install()
  const app = join(folder, 'app.cjs')
  writeFileSync(app, 'console.log(JSON.stringify(Object.keys(require.cache)))')
  const { stdout } = await run(process.execPath, ['--require', REGISTER, app])
  expect(JSON.parse(stdout)).not.toContainEqual(
    expect.stringMatching(/opentelemetry|packages.(?:core|kafka|amqp|sqs|bullmq)\b/),
  )
})

describe.each(PRELOADS)('an ES module, after node %s register', (...args) => {
  /** Says whether a class extends that of the package, and passes for it. */
  const ask = `
    const isSubclass = (of) => Object.hasOwn(of, Symbol.hasInstance) && of.name === Object.getPrototypeOf(of).name
    console.log(JSON.stringify([isSubclass(Consumer), isSubclass(createChannel().constructor)]))
  `
  const app = `import { Consumer } from 'sqs-consumer'\nimport { createChannel } from 'amqp-connection-manager'\n${ask}`

  async function answerIn(folder: string, ...first: string[]): Promise<unknown> {
    writeFileSync(join(folder, 'app.mjs'), app)
    const { stdout, stderr } = await run(process.execPath, [...first, ...args, join(folder, 'app.mjs')], {
      cwd: folder,
    })
    expect(stderr).toBe('')
    return JSON.parse(stdout)
  }

  it('has its class traced where a package has such modules', async () => {
    await expect(answerIn(install().folder)).resolves.toEqual([true, true])
  })

  it('stays as it is where its class is not declared as we know it', async () => {
    const { folder } = install()
    const file = join(folder, 'node_modules/sqs-consumer/dist/esm/consumer.js')
    writeFileSync(file, 'const Own = class Consumer {}\nexport { Own as Consumer }\n')
    await expect(answerIn(folder)).resolves.toEqual([false, true])
  })

  // Newer lines of Node need no thread for it, which cannot read from archives.
  it.runIf(process.versions.node.startsWith('20.'))("stays as it is with Yarn Plug'n'Play on Node 20", async () => {
    const { folder } = install()
    writeFileSync(join(folder, 'pnp.cjs'), "process.versions.pnp = '3'\n")
    await expect(answerIn(folder, '--require', join(folder, 'pnp.cjs'))).resolves.toEqual([false, false])
  })
})
