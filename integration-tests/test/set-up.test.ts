import { randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { assertJourney, createReceiver, type Receiver } from '@tracebaton/testing'
import { connect } from 'amqplib'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { run } from '../src/command.ts'
import type { KeptFolder } from '../src/kept-folder.ts'
import { takeProject } from '../src/kept-project.ts'
import { NODE, NODE_MAJOR } from '../src/node.ts'
import { root } from '../src/packed.ts'
import { exampleOf } from '../src/readme-program.ts'

const pageOf = (page: string) => (heading: string) => exampleOf(`docs/${page}.md`, heading)
const setUp = pageOf('set-up')

const telemetry = await setUp('## The file telemetry.js')
const app = await setUp('## The first journey')
const withoutNodeSdk = await setUp('### Without NodeSDK')
const beside = await setUp('### With auto-instrumentations')
const byHand = await setUp('### The same by hand')

/** The application as it is when its client is wrapped by hand. */
const wrapped = byHand + app.slice(app.indexOf('const channel ='))

const journeys = await readFile(resolve(import.meta.dirname, '../src/adapters/programs/journeys.js'), 'utf8')

/** What became of the journeys of that program. */
interface Journeys {
  readonly journeys: number
  readonly rate: number
  /** By root sampler and mode: journeys sampled, and sampled in part; traces and randomnesses of all journeys together. */
  readonly all: Readonly<Record<string, Readonly<Record<'sampled' | 'torn' | 'dice' | 'traces', number>>>>
}

/** How many messages a queue still has, also such as were handled and not acknowledged. */
async function messagesIn(queue: string): Promise<number> {
  const connection = await connect(inject('brokers').rabbitmq)
  try {
    const channel = await connection.createChannel()
    return (await channel.checkQueue(queue)).messageCount
  } finally {
    await connection.close()
  }
}

/** SDK 3 runs on Node 22 and newer. */
const sdks = NODE_MAJOR < 22 ? ['sdk-2'] : ['sdk-2', 'sdk-3']

describe.each(sdks)('the pages, on %s', (sdk) => {
  let kept: KeptFolder | undefined

  beforeAll(async () => {
    kept = await takeProject(sdk, await readdir(join(root, 'packages')))
  }, 300_000)
  afterAll(() => kept?.keep())

  /** Runs an application, with what is loaded before it, and gives what it printed and what arrived at the backend. */
  async function play(
    files: Readonly<Record<string, string>>,
    preloads: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly said: string; readonly receiver: Receiver }> {
    await using receiver = await createReceiver()
    const folder = await mkdtemp(join(kept!.path, 'app-'))
    try {
      await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
      await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)))
      const { code, stdout, stderr } = await run(NODE, [...preloads.flatMap((one) => ['--import', one]), 'app.js'], {
        folder,
        environment: {
          NODE_OPTIONS: '',
          OTEL_METRICS_EXPORTER: 'none',
          AMQP_URL: inject('brokers').rabbitmq,
          ...receiver.environment,
          ...environment,
        },
      })
      expect({ code, stderr: stderr.replace(/^.*Warning.*$/gm, '') }).toMatchObject({ code: 0 })
      expect(receiver.problems).toEqual([])
      return { said: stdout, receiver }
    } finally {
      await rm(folder, { recursive: true })
    }
  }

  const own = ['./telemetry.js']
  const zeroCode = ['@tracebaton/instrumentation/register', '@opentelemetry/auto-instrumentations-node/register']

  test.concurrent.each([
    ['NodeSDK', telemetry, app, own],
    ['by hand', telemetry.replace(/instrumentations: .*\]/, ''), wrapped, own],
    ['without NodeSDK', withoutNodeSdk, app, own],
    ['with auto-instrumentations', beside, app, own],
    ['without a file of its own', '', app, zeroCode],
  ] as const)('show the first journey: %s', { timeout: 120_000 }, async (_, text, program, preloads) => {
    const orders = `orders-${randomUUID()}`
    const files = { 'telemetry.js': text, 'app.js': program.replaceAll("'orders'", `'${orders}'`) }
    const { said, receiver } = await play(files, preloads)
    expect(said).toContain('handled order 1042')
    await expect(messagesIn(orders)).resolves.toBe(0)
    const attempts = [`process ${orders} attempt 1 requeued`, `process ${orders} attempt 2 acked`]
    assertJourney(receiver.spans, [`publish ${orders}`, ...attempts])
    const messages = receiver.spans.filter(({ kind }) => kind === 'producer' || kind === 'consumer')
    expect(messages.map(({ scope }) => scope)).toEqual(Array(3).fill('@tracebaton/amqp'))
  })

  test('show metrics', { timeout: 120_000 }, async () => {
    const files = { 'telemetry.js': telemetry, 'app.js': app.replaceAll("'orders'", `'orders-${randomUUID()}'`) }
    const { said } = await play(files, own, { OTEL_METRICS_EXPORTER: 'console' })
    expect(said).toContain('messaging.process.duration')
  })

  test('show a list without the official ones', { timeout: 120_000 }, async () => {
    const list = await pageOf('migration')('### A list of instrumentations')
    const program = `import { instrumentations } from './list.js'
console.log(instrumentations.map(({ instrumentationName }) => instrumentationName).join(' '))`
    const { said } = await play({ 'list.js': list, 'app.js': program }, [])
    expect(said.trim().split(' ')).toEqual([
      ...['amqplib', 'bullmq', 'kafkajs', 'sqs'].map((name) => `@tracebaton/instrumentation/${name}`),
      '@opentelemetry/instrumentation-aws-sdk',
    ])
  })

  test(
    'sample journeys of three traces as their producers do, whatever the root sampler',
    { timeout: 120_000 },
    async () => {
      const { said } = await play({ 'app.js': journeys }, [])
      const { journeys: count, rate, all } = JSON.parse(said) as Journeys
      expect(Object.keys(all)).toEqual([
        'classic, same-dice',
        'classic, follow',
        'composite, same-dice',
        'composite, follow',
      ])
      for (const [name, { sampled, torn, dice, traces }] of Object.entries(all)) {
        expect({ name, torn, traces, dice: dice / count }).toEqual({
          name,
          torn: 0,
          traces: 3 * count,
          dice: name.endsWith('same-dice') ? 1 : 3,
        })
        // Five times the standard deviation.
        expect(Math.abs(sampled / count - rate)).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / count))
      }
    },
  )
})
