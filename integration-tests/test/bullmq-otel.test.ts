import { metrics, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { assertSpan, assertSpans, type RecordedSpan } from '@tracebaton/testing'
import { BullMQOtel } from 'bullmq-otel'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectSound, openSession, type Session } from './bullmq-session.ts'

let session: Session
let theirs: BullMQOtel

beforeAll(() => {
  session = openSession()
  // They use the global provider alone; of ours each test has one.
  trace.disable()
  trace.setGlobalTracerProvider(session.options.tracerProvider!)
  theirs = new BullMQOtel({ enableMetrics: true })
})
afterAll(async () => {
  await session[Symbol.asyncDispose]()
  metrics.disable()
})

/** The spans of their making: they tell the queue by an attribute of their own. */
function foreign(kind: RecordedSpan['kind'], queue: { readonly name: string }): RecordedSpan[] {
  return session.recorder.spans.filter(
    (span) => span.kind === kind && span.attributes['bullmq.queue.name'] === queue.name,
  )
}

test('a job that bullmq-otel added is handled below its span, and tried again there', async () => {
  const queue = session.queue({ telemetry: theirs }, 'nothing')
  session.worker(queue, ({ attemptsStarted }) => {
    if (attemptsStarted < 2) throw new TypeError('no')
  })
  await queue.add('order', {}, { attempts: 2 })
  const attempts = await session.attempts(queue, 2)
  const [send] = foreign('producer', queue)
  for (const attempt of attempts) {
    assertSpan(attempt, { parent: send!, links: { creation: [send!] } })
  }
  assertSpans(attempts, [{ attempt: 1 }, { attempt: 2, links: { previous_attempt: [attempts[0]!] } }])
  expectSound(session)
})

test.each(['all', 'telemetry'] as const)(
  'a job that we added is handled below our span by bullmq-otel: %s',
  async (extent) => {
    const queue = session.queue({}, extent)
    session.worker(queue, () => 'done', { telemetry: theirs }, 'nothing')
    await queue.add('order', {})
    const [attempt] = await session.recorder.until(
      () => {
        const found = foreign('consumer', queue)
        return found.length > 0 && found
      },
      { timeout: 20_000 },
    )
    const [send] = session.sends(queue)
    assertSpan(attempt, { parent: send! })
  },
)

test('what we write beside the context does not disturb bullmq-otel', async () => {
  const queue = session.queue()
  session.worker(queue, () => 'done', { telemetry: theirs }, 'nothing')
  await queue.add('order', {}, { delay: 10 })
  const [job] = await queue.getJobs()
  const metadata = JSON.parse(job?.opts.telemetry?.metadata ?? '') as Record<string, string>
  expect(Object.keys(metadata)).toEqual(['traceparent', 'tracebaton'])
  const context = propagation.extract(ROOT_CONTEXT, metadata)
  expect(trace.getSpanContext(context)?.spanId).toBe(session.sends(queue)[0]?.spanId)
})

test('a schedule of ours on a worker with bullmq-otel goes on, and the other way round', async () => {
  const queue = session.queue()
  session.worker(queue, () => 'done', { telemetry: theirs }, 'nothing')
  await queue.upsertJobScheduler('report', { every: 50, limit: 2 }, { name: 'report' })
  await session.recorder.until(() => foreign('consumer', queue).length >= 2, { timeout: 20_000 })
  const others = session.queue({ telemetry: theirs }, 'nothing')
  session.worker(others, () => {})
  await others.upsertJobScheduler('report', { every: 50, limit: 2 }, { name: 'report' })
  const attempts = await session.attempts(others, 2)
  const [creation] = foreign('producer', others)
  for (const attempt of attempts) {
    assertSpan(attempt, { parent: 'none', links: { creation: [creation!] } })
  }
})
