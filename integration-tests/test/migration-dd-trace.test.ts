import { randomUUID } from 'node:crypto'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { run } from '../src/command.ts'
import { awsEnvironment, createQueues } from '../src/framework-brokers.ts'
import type { KeptFolder } from '../src/kept-folder.ts'
import { takeProject } from '../src/kept-project.ts'
import { NODE } from '../src/node.ts'
import { root } from '../src/packed.ts'
import { exampleOf } from '../src/readme-program.ts'

/** What dd-trace hands to Datadog's agent. */
interface DatadogSpan {
  readonly trace_id: string
  readonly span_id: string
  readonly parent_id: string
  readonly name: string
  readonly resource: string
  readonly service: string
  readonly meta: Readonly<Record<string, string>>
}

const beside = await exampleOf('docs/migration.md', '### Beside dd-trace')
const alone = beside.replaceAll(/^.*(?:tracer\.use|TracerProvider|racebatonInstr).*\n/gm, '')
const doubled = beside.replaceAll(/^tracer\.use.*\n/gm, '')

const LOGGER = `
import { diag, DiagConsoleLogger, DiagLogLevel } from '@opentelemetry/api'
diag.setLogger(new DiagConsoleLogger(), DiagLogLevel.WARN)
`

/** The application of the page on set-up, which shows the headers of its message. */
const APP = `
import { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs'
const sqs = new SQSClient({})
await sqs.send(new SendMessageCommand({ QueueUrl: process.env.QUEUE, MessageBody: 'parcel' }))
${(await exampleOf('docs/set-up.md', '## The first journey')).replace("'handled', message.content.toString()", "'headers ' + JSON.stringify(message.properties.headers)")}
`
const SEND = `
import { connect } from 'amqplib'
const connection = await connect(process.env.AMQP_URL)
const channel = await connection.createConfirmChannel()
await channel.assertQueue('orders')
channel.sendToQueue('orders', Buffer.from('order'))
await channel.waitForConfirms()
await connection.close()
`
const TAKE = `
import { connect } from 'amqplib'
const connection = await connect(process.env.AMQP_URL)
const channel = await connection.createChannel()
await channel.consume('orders', (message) => {
  channel.ack(message)
  setImmediate(() => void connection.close())
})
`

let kept: KeptFolder | undefined
beforeAll(async () => {
  kept = await takeProject('dd-trace', await readdir(join(root, 'packages')))
}, 300_000)
afterAll(() => kept?.keep())

interface Played {
  readonly spans: readonly DatadogSpan[]
  readonly headers: readonly string[]
  /** What was said. */
  readonly warnings: readonly string[]
}

/** Runs a program with dd-trace, whose spans it prints in place of sending them. */
async function play(telemetry: string, app: string, queue: string, environment = {}): Promise<Played> {
  const folder = await mkdtemp(join(kept!.path, 'app-'))
  try {
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
    await writeFile(join(folder, 'telemetry.js'), LOGGER + telemetry)
    await writeFile(join(folder, 'app.js'), app.replaceAll("'orders'", `'${queue}'`))
    const { code, stdout, stderr } = await run(NODE, ['--import', './telemetry.js', 'app.js'], {
      folder,
      environment: {
        NODE_OPTIONS: '',
        NODE_NO_WARNINGS: '1',
        AMQP_URL: inject('brokers').rabbitmq,
        DD_SERVICE: 'shop',
        DD_TRACE_EXPERIMENTAL_EXPORTER: 'log',
        DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
        DD_REMOTE_CONFIGURATION_ENABLED: 'false',
        DD_TRACE_STARTUP_LOGS: 'false',
        ...environment,
      },
    })
    expect({ code, stderr: stderr.replaceAll(/^tracebaton: .*$/gm, '').trim() }).toEqual({ code: 0, stderr: '' })
    const lines = stdout.split('\n')
    const printed = (begin: string): unknown[] =>
      lines.filter((line) => line.startsWith(begin)).map((line) => JSON.parse(line.replace('headers ', '')) as unknown)
    return {
      spans: (printed('{"traces"') as { readonly traces: DatadogSpan[][] }[]).flatMap(({ traces }) => traces.flat()),
      headers: printed('headers ').flatMap((headers) => Object.keys(headers as object).toSorted()),
      warnings: stderr.split('\n').filter(Boolean),
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** It may have zeros in front. */
const traceOf = ({ trace_id }: DatadogSpan): bigint => BigInt(`0x${trace_id}`)

/** The resources of what concerns messages, with the queue by its plain name. */
const resourcesOf = (spans: readonly DatadogSpan[], queue: string): string[] =>
  spans.flatMap(({ resource }) => (resource.endsWith(queue) ? [resource.replace(queue, 'orders')] : [])).toSorted()

async function start(telemetry: string): Promise<Played & { readonly resources: readonly string[] }> {
  const queue = `orders-${randomUUID()}`
  const { sqs } = inject('brokers')
  const [parcels] = await createQueues(sqs, 'parcels')
  const played = await play(telemetry, APP, queue, { ...awsEnvironment(sqs), QUEUE: parcels!.url })
  return { ...played, resources: resourcesOf(played.spans, queue) }
}

const THEIRS = ['basic.deliver orders', 'basic.deliver orders', 'basic.publish orders']
const OURS = ['process orders', 'process orders', 'publish orders']
const DATADOG = ['x-datadog-parent-id', 'x-datadog-sampling-priority', 'x-datadog-tags', 'x-datadog-trace-id']
const W3C = ['traceparent', 'tracestate']

test.concurrent('dd-trace alone has the names and headers that the page says', { timeout: 120_000 }, async () => {
  const { spans, headers, resources, warnings } = await start(alone)
  expect(resources).toEqual(expect.arrayContaining(THEIRS))
  expect(resources).not.toEqual(expect.arrayContaining(['publish orders']))
  const published = spans.filter(({ resource }) => resource.startsWith('basic.publish'))
  expect(published).toMatchObject([{ name: 'amqp.command', service: 'shop-amqp' }])
  expect(spans.map(({ resource }) => resource)).toEqual(expect.arrayContaining(['basic.ack', 'channel.open']))
  expect(spans.filter(({ name }) => name === 'aws.request')).toHaveLength(1)
  expect(headers).toEqual([...W3C, ...DATADOG])
  expect(warnings).toEqual([])
})

test.concurrent('both at once have two spans of each, and say how to disable one', { timeout: 120_000 }, async () => {
  const { headers, resources, warnings } = await start(doubled)
  expect(resources).toEqual(expect.arrayContaining([...THEIRS, ...OURS]))
  expect(headers).toEqual(['tracebaton', ...W3C, ...DATADOG])
  expect(warnings.toSorted()).toEqual([
    expect.stringMatching(/^tracebaton: amqplib is also traced by dd-trace: .* tracer\.use\('amqplib', false\)$/),
    expect.stringMatching(/^tracebaton: aws-sdk is also .* tracer\.use\('aws-sdk', \{ sqs: false \}\)$/),
  ])
})

test.concurrent(
  'what the page says leaves one span of each, on the spans of dd-trace',
  { timeout: 120_000 },
  async () => {
    const { spans, headers, resources, warnings } = await start(beside)
    expect(warnings).toEqual([])
    expect(resources).toEqual(OURS)
    expect(headers).toEqual(['tracebaton', ...W3C])
    const journey = spans.filter(({ meta }) => meta['messaging.system'] === 'rabbitmq')
    expect(new Set(journey.map(traceOf)).size).toBe(1)
    expect(journey.filter(({ name, resource, service }) => name === resource && service === 'shop')).toHaveLength(3)
    expect(spans.filter(({ name }) => name === 'aws.request')).toEqual([])
    expect(spans.filter(({ resource }) => resource.startsWith('send parcels'))).toHaveLength(1)
  },
)

test.concurrent('a service that has dd-trace alone is in the trace of its messages', { timeout: 120_000 }, async () => {
  const queue = `orders-${randomUUID()}`
  const { spans: sent } = await play(beside, SEND, queue)
  const { spans: taken } = await play(alone, TAKE, queue)
  const publish = sent.find(({ resource }) => resource === `publish ${queue}`)
  const deliver = taken.find(({ resource }) => resource === `basic.deliver ${queue}`)
  expect([traceOf(deliver!), deliver?.parent_id]).toEqual([traceOf(publish!), publish?.span_id])
})
