import { randomUUID } from 'node:crypto'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import { bullmqTelemetry, traceFlowProducer, traceHandler, traceQueue } from '@tracebaton/bullmq'
import { assertSpan, assertSpans, createRecorder } from '@tracebaton/testing'
import { createPostgresBackend, FlowProducer, Queue, Worker, type PostgresConnectionOptions, type Job } from 'bullmq'
import { expect, test } from 'vitest'
import { postgres } from '../src/brokers.ts'

test('on Postgres jobs, flows and schedules are traced as on Redis', async () => {
  await using broker = await postgres()
  const recorder = createRecorder()
  const tracerProvider = new NodeTracerProvider({ spanProcessors: [recorder] })
  tracerProvider.register()
  const failures: unknown[] = []
  const options = { tracerProvider, onError: (error: unknown) => void failures.push(error) }
  const { hostname: host, port, username: user } = new URL(broker.address)
  const connection: PostgresConnectionOptions = { host, port: Number(port), user, database: 'postgres', migrate: true }
  const settings = { connection, telemetry: bullmqTelemetry(options) }
  const name = `q-${randomUUID()}`
  const queue = traceQueue(new Queue(name, settings, createPostgresBackend), options)
  await queue.waitUntilReady()
  const flows = traceFlowProducer(new FlowProducer(settings, createPostgresBackend), options)
  const worker = new Worker(
    name,
    traceHandler(async (job: Job) => {
      if (job.name === 'flaky' && job.attemptsStarted < 2) throw new TypeError('no')
    }),
    { ...settings, drainDelay: 1 },
    createPostgresBackend,
  )
  queue.on('error', (error) => failures.push(error))
  flows.on('error', (error) => failures.push(error))
  worker.on('error', (error) => failures.push(error))
  const attemptsOf = (job: string, count: number) =>
    recorder.until(
      (spans) => {
        const found = spans.filter((span) => span.kind === 'consumer' && span.attributes['bullmq.job.name'] === job)
        return found.length >= count && found
      },
      { timeout: 30_000, describe: `${count} attempts on ${job}` },
    )

  await queue.add('flaky', {}, { attempts: 2, backoff: { type: 'fixed', delay: 10 } })
  const flaky = await attemptsOf('flaky', 2)
  assertSpans(flaky, [
    { attempt: 1, attemptSource: 'broker', outcome: 'retry_scheduled', status: 'error', errorType: 'TypeError' },
    {
      attempt: 2,
      attemptSource: 'broker',
      outcome: 'acked',
      status: 'unset',
      links: { previous_attempt: [flaky[0]!] },
    },
  ])
  const send = recorder.spans.find(({ kind }) => kind === 'producer')
  for (const attempt of flaky) assertSpan(attempt, { parent: send! })

  await queue.addBulk([
    { name: 'odd', data: {}, opts: { telemetry: { metadata: 'not json' } } },
    { name: 'even', data: {} },
  ])
  const [even] = await attemptsOf('even', 1)
  assertSpan(even, { links: { creation: (links) => links.length === 1 } })

  await flows.add({ name: 'ship', queueName: name, children: [{ name: 'pack', queueName: name }] })
  const [ship] = await attemptsOf('ship', 1)
  const [pack] = await attemptsOf('pack', 1)
  assertSpan(ship, { links: { child_job: [pack!] } })

  await queue.upsertJobScheduler('report', { every: 100, limit: 3 }, { name: 'report' })
  const reports = await attemptsOf('report', 3)
  const creation = [recorder.spans.findLast((span) => span.name === `add ${name}`)!]
  assertSpans(reports, [
    { links: { creation, scheduler: [] } },
    { links: { creation, scheduler: [reports[0]!] } },
    { links: { creation, scheduler: [reports[1]!] } },
  ])

  for (const client of [worker, flows, queue]) await client.close()
  expect(failures).toEqual([])
  assertSpans(recorder.open, [])
})
