import { mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { diagnoseProcess } from '../../src/doctor/diagnose.ts'
import type { DiagnosisId } from '../../src/doctor/diagnosis.ts'
import { projectWith } from './project.ts'

const key = Symbol.for('opentelemetry.js.api.1')
const home = globalThis as { [key: symbol]: unknown }

afterEach(() => {
  delete home[key]
  delete home[Symbol.for('tracebaton.said.1')]
  alive.length = 0
})

/** Keeps the clients of a test alive. */
const alive: object[] = []

function keep<T extends object>(object: T): T {
  alive.push(object)
  return object
}

function found(id: DiagnosisId): string[] {
  return diagnoseProcess()
    .filter((diagnosis) => diagnosis.id === id)
    .map(({ state, finding }) => `${state}: ${finding}`)
}

/** The fields of a BullMQ worker by which it is known. */
class Worker {
  readonly name: string
  readonly opts: object
  readonly processFn = (): void => {}

  constructor(name: string, opts: object) {
    this.name = name
    this.opts = opts
  }

  waitUntilReady(): void {}
}

class SqsClient {
  readonly config = { serviceId: 'SQS' }
  readonly middlewareStack: { identify(): string[] }

  constructor(...names: string[]) {
    this.middlewareStack = { identify: () => names }
  }
}

class ReceiveMessageCommand {
  readonly input: object

  constructor(input: object) {
    this.input = input
  }
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
  for (const path of Object.keys(copies)) {
    await mkdir(join(folder, path, 'build'))
    await writeFile(join(folder, path, 'build/index.js'), '')
    createRequire(join(folder, 'app.js'))(`./${path}/build/index.js`)
  }
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

test('a BullMQ worker is ill without telemetry', () => {
  keep(new Worker('orders', {}))
  keep(new Worker('emails', { telemetry: {} }))
  keep({ opts: {}, name: 'no worker' })
  expect(found('bullmq-telemetry').toSorted()).toEqual([
    'ill: The BullMQ worker of orders has no telemetry: the context on its jobs is not read.',
    'well: The BullMQ worker of emails has telemetry.',
  ])
})

test('an SQS client without tracebaton is doubtful, a receive that asks for nothing is ill', () => {
  expect(found('sqs-attributes')).toEqual([])
  keep(new SqsClient('tracebaton - initialize'))
  expect(found('sqs-attributes')).toEqual(['well: Every SQS client asks for the context of its messages.'])
  keep(new SqsClient('serializer'))
  expect(found('sqs-attributes')).toEqual([expect.stringMatching(/^doubtful: 1 of 2 SQS clients/)])
  const QueueUrl = 'https://sqs.example/1/orders?secret=x'
  for (const names of [['All'], ['traceparent', 'size']])
    keep(new ReceiveMessageCommand({ QueueUrl, MessageAttributeNames: names }))
  keep(new ReceiveMessageCommand({ QueueUrl, MessageSystemAttributeNames: ['AWSTraceHeader'] }))
  expect(found('sqs-attributes')).toEqual([expect.stringMatching(/^doubtful/)])
  keep(new ReceiveMessageCommand({ QueueUrl, MessageAttributeNames: ['size'] }))
  expect(found('sqs-attributes')).toEqual([
    'ill: A receive from https://sqs.example/1/orders is under way that does not ask for the context of its messages.',
  ])
})

test('an official instrumentation that is enabled is ill where tracebaton is used', () => {
  keep({ instrumentationName: '@opentelemetry/instrumentation-kafkajs', _config: { enabled: true } })
  keep({ instrumentationName: '@opentelemetry/instrumentation-amqplib', _config: { enabled: false } })
  keep({ instrumentationName: '@opentelemetry/instrumentation-http', _config: {} })
  expect(found('instrumentation')).toEqual([])
  home[Symbol.for('tracebaton.said.1')] = new Set()
  expect(found('instrumentation')).toEqual([
    expect.stringMatching(/^ill: @opentelemetry\/instrumentation-kafkajs is active/),
  ])
})

test('strange objects are left alone', () => {
  const touched = vi.fn<() => void>()
  keep(
    Object.defineProperties(
      {},
      Object.fromEntries(
        ['opts', 'middlewareStack', 'input', 'instrumentationName', 'config'].map((name) => [
          name,
          { get: touched, enumerable: true },
        ]),
      ),
    ),
  )
  keep(
    new Proxy(
      { opts: {} },
      { get: touched, getOwnPropertyDescriptor: () => (touched(), undefined), getPrototypeOf: () => (touched(), null) },
    ),
  )
  keep(Object.create(null, { input: { value: { QueueUrl: 'x' } } }))
  keep({ middlewareStack: null, config: { serviceId: 'SQS' }, input: 7, opts: 'x', processFn: () => {} })
  const before = touched.mock.calls.length
  expect(diagnoseProcess().map(({ id }) => id)).toEqual(['sdk'])
  expect(touched.mock.calls.length).toBe(before)
})
