import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { resolve } from 'node:path'
import { SQSClient } from '@aws-sdk/client-sqs'
import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { traceConnection } from '@tracebaton/amqp'
import { bullmqTelemetry } from '@tracebaton/bullmq'
import { traceKafka } from '@tracebaton/kafka'
import { traceSqs } from '@tracebaton/sqs'
import { diagnose, type Diagnosis, type RoundTripTarget } from '@tracebaton/testing/doctor'
import { connect } from 'amqplib'
import { Worker } from 'bullmq'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest'

const brokers = inject('brokers')
const addresses = { kafka: brokers.kafka, rabbitmq: brokers.rabbitmq, sqs: brokers.sqs, bullmq: brokers.redis }

function sqs(): SQSClient {
  const credentials = { accessKeyId: 'x', secretAccessKey: 'x' }
  return new SQSClient({ endpoint: addresses.sqs, region: 'eu-central-1', credentials })
}

function kafka(): Kafka {
  return new Kafka({ brokers: [addresses.kafka], logLevel: logLevel.NOTHING })
}

async function roundTrip(target: RoundTripTarget): Promise<Diagnosis | undefined> {
  const found = await diagnose({ folder: import.meta.dirname, process: false, roundTrips: [target] })
  return found.find(({ id }) => id === 'round-trip')
}

test.each(Object.entries(addresses))('headers make the round trip through %s as they are', async (system, address) => {
  expect(await roundTrip({ system: system as keyof typeof addresses, address })).toEqual({
    id: 'round-trip',
    state: 'well',
    finding: expect.stringMatching(/: traceparent, tracestate, baggage, tracebaton arrived as they were sent\.$/),
  })
})

test.each(['kafka', 'rabbitmq', 'sqs', 'bullmq'] as const)(
  'a %s that is not there is ill, within the time',
  async (system) => {
    expect(
      await roundTrip({ system, address: system === 'sqs' ? 'http://127.0.0.1:9' : '127.0.0.1:9', timeout: 5000 }),
    ).toEqual({
      id: 'round-trip',
      state: 'ill',
      finding: expect.stringMatching(/127\.0\.0\.1:9: no round trip: /),
    })
  },
)

describe('through a client of the application', () => {
  beforeAll(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  })
  afterAll(() => context.disable())

  test('a traced client writes the context of the active trace', async () => {
    const connection = await connect(addresses.rabbitmq)
    onTestFinished(() => connection.close())
    const clients = { kafka: traceKafka(kafka()), rabbitmq: traceConnection(connection), sqs: traceSqs(sqs()) }
    for (const [system, client] of Object.entries(clients)) {
      expect(await roundTrip({ system: system as keyof typeof clients, client })).toMatchObject({
        state: 'well',
        finding: expect.stringContaining(`${system}, through the client given: the active trace arrived (traceparent`),
      })
    }
  })

  test('one that is not traced is ill', async () => {
    for (const [system, client] of Object.entries({ kafka: kafka(), sqs: sqs() })) {
      expect(await roundTrip({ system: system as 'kafka' | 'sqs', client })).toMatchObject({
        state: 'ill',
        finding: `${system}, through the client given: the message arrived without traceparent.`,
      })
    }
  })
})

test('real clients that are given are judged by whether they read the context', async () => {
  const { hostname, port } = new URL(brokers.redis)
  const options = { connection: { host: hostname, port: Number(port) }, autorun: false }
  const workers = [{}, { telemetry: bullmqTelemetry() }].map(
    (more) => new Worker('doctor', async () => {}, { ...options, ...more }),
  )
  const clients = [sqs(), traceSqs(sqs())]
  onTestFinished(async () => {
    await Promise.all(workers.map((worker) => worker.close(true)))
    for (const client of clients) client.destroy()
  })
  const found = await diagnose({ folder: import.meta.dirname, process: false, clients: [...workers, ...clients] })
  const judged = found.filter(({ id }) => id === 'bullmq-telemetry' || id === 'sqs-attributes')
  expect(judged.map(({ id, state }) => [id, state])).toEqual([
    ['bullmq-telemetry', 'ill'],
    ['bullmq-telemetry', 'well'],
    ['sqs-attributes', 'ill'],
    ['sqs-attributes', 'well'],
  ])
})

/** Starts a program with the doctor, waits for a line of it, ends its input, and gives all that it printed to the end. */
async function runWithDoctor(parameters: readonly string[], environment: Record<string, string>, until: string) {
  const child = spawn(process.execPath, ['--import', '@tracebaton/testing/doctor', ...parameters], {
    cwd: resolve(import.meta.dirname, '..'),
    env: { ...process.env, NODE_OPTIONS: '', ...environment },
  })
  onTestFinished(() => void child.kill())
  let said = ''
  const ended = new Promise<number | null>((done) => {
    child.once('close', done)
  })
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      said += `${line}\n`
      if (line.includes(until)) child.stdin.end()
    })
  }
  return { code: await ended, said }
}

test('an application that is started with the doctor says at its end what is wrong with it', async () => {
  const environment = { TRACEBATON_DOCTOR_AFTER: '600000' }
  const { code, said } = await runWithDoctor(['fixtures/doctor/app.js'], environment, 'ready')
  for (const expected of [
    '✗ sdk              No OpenTelemetry SDK is registered',
    '✗ instrumentation  kafkajs is patched by another instrumentation, as @opentelemetry/instrumentation-kafkajs does',
  ])
    expect(said).toContain(expected)
  expect(code).toBe(0)
})

test('a client that was loaded before the instrumentation is named, with the reason', async () => {
  const preloads = ['--require', 'kafkajs', '--import', '@tracebaton/instrumentation/register']
  const environment = { TRACEBATON_DOCTOR_AFTER: '600000' }
  const { said } = await runWithDoctor([...preloads, '--eval', "require('amqplib')"], environment, 'nothing')
  expect(said).toContain('✗ not-patched      kafkajs was loaded before @tracebaton/instrumentation')
  expect(said).toContain('node --require @tracebaton/instrumentation/register, before any other')
  expect(said).toContain('✓ not-patched      amqplib is patched by @tracebaton/instrumentation')
})

test('a client whose source another loader gives is named, with the reason', async () => {
  const preloads = ['./fixtures/doctor/source-loader.js', '@tracebaton/instrumentation/register']
  const program = ['--input-type=module', '--eval', "import 'kafkajs'"]
  const environment = { TRACEBATON_DOCTOR_AFTER: '600000' }
  const { said } = await runWithDoctor(
    [...preloads.flatMap((file) => ['--import', file]), ...program],
    environment,
    'nothing',
  )
  expect(said).toContain('✗ not-patched      kafkajs was loaded by a module loader that gives Node the source')
})

test('one that runs on says it once, after a time', async () => {
  const program = ['--eval', 'process.stdin.resume(); process.exitCode = 7']
  const { code, said } = await runWithDoctor(program, { TRACEBATON_DOCTOR_AFTER: '1' }, 'tracebaton doctor:')
  expect(said.match(/tracebaton doctor:/g)).toHaveLength(1)
  expect(code).toBe(7)
})

test('one whose standard error is a log of its manager says it there', async () => {
  const program = [
    '--eval',
    'process.stderr.write = (text) => process.stdout.write("log" + text); process.stdin.resume()',
  ]
  const { said } = await runWithDoctor(program, { TRACEBATON_DOCTOR_AFTER: '1' }, 'tracebaton doctor:')
  expect(said).toContain('log\ntracebaton doctor:')
})
