import { setImmediate as later, setTimeout as wait } from 'node:timers/promises'
import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import type { RecordedSpan } from '@tracebaton/testing'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createAmqpFixture } from '../src/adapters/amqp.ts'
import { createBullmqFixture } from '../src/adapters/bullmq.ts'
import { createKafkaFixture } from '../src/adapters/kafka.ts'
import { createSqsFixture } from '../src/adapters/sqs.ts'
import { run } from '../src/command.ts'
import type { Attempt } from '../src/contract/attempt.ts'
import type { Fixture } from '../src/contract/fixture.ts'
import { OrderError } from '../src/contract/order-error.ts'
import { createStage } from '../src/contract/stage.ts'
import { keepLines, LOGGERS, type Logger, type LogLine } from '../src/loggers.ts'
import { NODE } from '../src/node.ts'
import { PROGRAMS } from '../src/official-beside.ts'
import { exampleOf, runProgram } from '../src/readme-program.ts'

const ADAPTERS: Readonly<Record<string, { readonly create: () => Promise<Fixture>; readonly batches: boolean }>> = {
  kafka: { create: () => createKafkaFixture(inject('brokers').kafka), batches: true },
  amqp: { create: () => createAmqpFixture(inject('brokers').rabbitmq), batches: false },
  sqs: { create: () => createSqsFixture(inject('brokers').sqs), batches: true },
  bullmq: { create: () => createBullmqFixture(inject('brokers').redis, true), batches: false },
}

const loggers = Object.keys(LOGGERS) as (keyof typeof LOGGERS)[]

type Stage = ReturnType<typeof createStage>

/** What handlers are played with. */
interface Parts {
  readonly stage: Stage
  readonly client: Awaited<ReturnType<Stage['client']>>
  readonly destination: string
  readonly lines: readonly LogLine[]
  readonly logger: Logger
}

/** Where in a handler a line is written. */
const PLACES: Readonly<Record<string, (write: () => void) => Promise<void> | void>> = {
  handler: (write) => write(),
  'awaited call': async (write) => {
    await later()
    write()
  },
  timer: (write) =>
    new Promise((resolve) => {
      setTimeout(() => resolve(write()), 1)
    }),
  'error path': async (write) => {
    try {
      await wait(1)
      throw new OrderError('no stock')
    } catch {
      write()
    }
  },
}

/** Writes a line at each place. */
async function writeLines(logger: Logger, facts: object): Promise<void> {
  for (const [place, reach] of Object.entries(PLACES)) await reach(() => logger.info({ ...facts, place }, 'a line'))
}

/** What each line of an attempt has to say. */
function expectJoined(lines: readonly LogLine[], attempts: readonly Attempt[]): void {
  expect(lines).toHaveLength(attempts.length * Object.keys(PLACES).length)
  for (const { number, body, span } of attempts) {
    const own = lines.filter((line) => line['number'] === number)
    expect(own.map(({ place }) => place)).toEqual(Object.keys(PLACES))
    const facts = ['tracebaton.delivery.attempt', 'messaging.destination.name']
    const said = Object.fromEntries(facts.map((name) => [name, span.attributes[name]]))
    const expected = { trace_id: span.traceId, span_id: span.spanId, trace_flags: '01', body, ...said }
    for (const line of own) expect(line).toMatchObject(expected)
  }
}

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
})

describe.concurrent.each(Object.keys(ADAPTERS))('in handlers of %s', (adapter) => {
  const { create, batches } = ADAPTERS[adapter]!
  let fixture: Fixture
  beforeAll(async () => {
    fixture = await create()
  })
  afterAll(() => fixture[Symbol.asyncDispose]())

  /** Plays with a logger and a destination of its own. */
  async function played(name: keyof typeof LOGGERS, play: (parts: Parts) => Promise<void>): Promise<void> {
    const stage = createStage(fixture)
    const { lines, stream } = keepLines()
    try {
      const [client, destination] = [await stage.client(), await stage.destination()]
      await play({ stage, client, destination, lines, logger: LOGGERS[name](stream) })
    } finally {
      await stage.close()
    }
  }

  test.each(loggers)('the lines of %s name the attempt that they were written in', async (name) => {
    await played(name, async ({ stage, client, destination, lines, logger }) => {
      for (const body of ['one', 'two']) await stage.send(client, destination, body)
      const calls = await stage.handle(client, destination, async ({ body }, { number }) => {
        await writeLines(logger, { number, body })
        if (number === 1) throw new OrderError('no stock')
      })
      expectJoined(lines, await calls.ended(3))
    })
  })

  test.each(batches ? loggers : [])('the lines of %s name the message of a batch', async (name) => {
    await played(name, async ({ stage, client, destination, lines, logger }) => {
      const inputs = ['one', 'two', 'three'].map((body) => fixture.message(body))
      await client.sendBatch(destination, inputs)
      const calls = await stage.handleBatches(client, destination, (batch, handled) =>
        batch.forEachMessage(async (message) => {
          const { number } = handled.note(message)
          await writeLines(logger, { number, body: message.body })
        }),
      )
      expectJoined(lines, await calls.ended(3))
    })
  })
})

test.each(loggers)('the lines of %s that wait for a slow backend name their own spans', async (name) => {
  const { lines, stream } = keepLines()
  const logger = LOGGERS[name](stream, true)
  const tracer = new BasicTracerProvider().getTracer('application')
  const ids = Array.from({ length: 100 }, (_, number) =>
    tracer.startActiveSpan('work', (span) => {
      logger.info({ number }, 'a line')
      span.end()
      return span.spanContext().spanId
    }),
  )
  await expect.poll(() => lines.length, { timeout: 10_000 }).toBe(ids.length)
  expect(lines.map((line) => line['span_id'])).toEqual(ids)
})

test.each(loggers)('the example of %s on the page writes the ids of the active span', async (name) => {
  const example = await exampleOf('docs/logs.md', `## ${name}`)
  // A logger that is configured again keeps its ids, and configuring it does not throw.
  const configured = name === 'winston' ? 'log.configure({ format: log.format, transports: [...log.transports] })' : ''
  const driver = `
import { trace } from '@opentelemetry/api'
trace.getTracer('application').startActiveSpan('work', (span) => {
  ${configured}
  log.info('a line')
  span.end()
})
const alive = setInterval(() => {}, 1_000)
process.once('SIGTERM', () => clearInterval(alive))
console.log('done')
`
  await using program = await runProgram(example + driver, true)
  await program.until('done')
  expect(await program.stop()).toBe(0)
  const [line, spans] = ['{', 'spans '].map((start) => program.lines.find(({ text }) => text.startsWith(start))?.text)
  const [span] = JSON.parse(spans!.slice('spans '.length)) as RecordedSpan[]
  expect(JSON.parse(line!)).toMatchObject({ trace_id: span!.traceId, span_id: span!.spanId, trace_flags: '01' })
})

test('the ids have the names and the form of OpenTelemetry’s own instrumentations', async () => {
  const { code, stdout, stderr } = await run(NODE, ['logs-beside.cjs'], {
    folder: PROGRAMS,
    environment: { NODE_OPTIONS: '' },
  })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const printed = stdout.trim().split('\n')
  const [span] = JSON.parse(printed.pop()!.slice('spans '.length)) as RecordedSpan[]
  const ids = { trace_id: span!.traceId, span_id: span!.spanId, trace_flags: '01' }
  const lines = printed.map((line) => JSON.parse(line) as LogLine)
  expect(lines).toHaveLength(3)
  // They write to the same place in their own ways.
  expect(lines).toContainEqual({ msg: 'ours', ...ids })
  expect(lines).toContainEqual(expect.objectContaining({ msg: 'theirs', ...ids }))
  expect(lines).toContainEqual(expect.objectContaining({ message: 'theirs', ...ids }))
})
