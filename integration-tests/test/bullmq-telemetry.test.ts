import { context, propagation, trace } from '@opentelemetry/api'
import { logFields } from '@tracebaton/bullmq'
import { DelayedError, Worker, type Job } from 'bullmq'
import { assertSpan, assertSpans } from '@tracebaton/testing'
import { expect, test } from 'vitest'
import { expectSound, openSession } from './bullmq-session.ts'

const first = {
  attempt: 1,
  attemptSource: 'assumed',
  deliveryKind: 'first',
  previousAttempt: undefined,
  links: { previous_attempt: [] },
} as const
const again = { attempt: 2, attemptSource: 'memory', deliveryKind: 'redelivery' } as const
const acked = { outcome: 'acked', status: 'unset', errorType: undefined } as const

test('without a traced processor an attempt is active and complete all the same, and knows its outcome', async () => {
  await using session = openSession()
  const queue = session.queue({}, 'telemetry')
  const seen: unknown[] = []
  session.worker(
    queue,
    async ({ id }) => {
      const active = trace.getSpanContext(context.active())
      seen.push({ span: active?.spanId, log: logFields(), baggage: propagation.getActiveBaggage()?.getEntry('region') })
      expect(logFields()['messaging.message.id']).toBe(id)
    },
    {},
    'telemetry',
  )
  const baggage = propagation.createBaggage({ region: { value: 'north' } })
  const job = await context.with(propagation.setBaggage(context.active(), baggage), () => queue.add('order', {}))
  const [attempt] = await session.attempts(queue, 1)
  const [send] = session.sends(queue)
  assertSpan(attempt, {
    kind: 'consumer',
    parent: send!,
    attributes: { 'messaging.message.id': job.id, 'bullmq.job.name': 'order' },
  })
  assertSpan(attempt, { ...first, ...acked })
  expect(seen).toMatchObject([
    { span: attempt?.spanId, log: { 'tracebaton.delivery.attempt': 1 }, baggage: { value: 'north' } },
  ])
  expectSound(session)
})

test('listeners of active run in no context, except for the first job, which the worker fetches where it was made', async () => {
  await using session = openSession()
  const queue = session.queue({}, 'telemetry')
  for (const name of ['first', 'second', 'third']) await queue.add(name, {})
  const starter = trace.wrapSpanContext({ traceId: 'c'.repeat(32), spanId: 'd'.repeat(16), traceFlags: 1 })
  const seen: unknown[] = []
  context.with(trace.setSpan(context.active(), starter), () => {
    const worker = session.worker(queue, async () => {}, {}, 'telemetry')
    worker.on('active', ({ name }) => seen.push([name, trace.getSpanContext(context.active())?.spanId]))
  })
  await session.attempts(queue, 3)
  expect(seen).toEqual([
    ['first', 'd'.repeat(16)],
    ['second', undefined],
    ['third', undefined],
  ])
})

test('an attempt that nobody looked at has the time of its processor', async () => {
  await using session = openSession()
  const queue = session.queue({}, 'telemetry')
  session.worker(queue, () => new Promise((resolve) => setTimeout(resolve, 150)), {}, 'telemetry')
  await queue.add('order', {})
  const [attempt] = await session.attempts(queue, 1)
  assertSpan(attempt, { endTime: (time) => time! - attempt!.startTime >= 140 })
})

const fail = (): never => {
  throw new TypeError('no stock')
}

test('a failed job is an error with its reason, of an unknown type, and its next attempt links this one', async () => {
  await using session = openSession()
  const queue = session.queue({}, 'telemetry')
  session.worker(queue, fail, {}, 'telemetry')
  await queue.add('order', {}, { attempts: 2, backoff: 10 })
  const attempts = await session.attempts(queue, 2)
  assertSpans(attempts, [
    { ...first, outcome: 'retry_scheduled', status: 'error', errorType: '_OTHER' },
    {
      ...again,
      outcome: 'dead_lettered',
      status: 'error',
      errorType: '_OTHER',
      links: { previous_attempt: [attempts[0]!] },
    },
  ])
  for (const attempt of attempts) assertSpan(attempt, { statusMessage: 'no stock' })
  expectSound(session)
})

test('a job that was put off or held back comes again, which is all that is known', async () => {
  await using session = openSession()
  const queue = session.queue({}, 'telemetry')
  const worker = session.worker(
    queue,
    async (job: Job, token?: string) => {
      if (job.attemptsStarted > 2) return
      if (job.attemptsStarted === 2) {
        await worker.rateLimit(20)
        throw Worker.RateLimitError()
      }
      await job.moveToDelayed(Date.now() + 20, token)
      throw new DelayedError()
    },
    {},
    'telemetry',
  )
  await queue.add('order', {})
  const attempts = await session.attempts(queue, 3)
  assertSpans(attempts, [
    { status: 'unset', outcome: 'requeued' },
    { status: 'unset', outcome: 'requeued' },
    { status: 'unset', outcome: 'acked' },
  ])
})

test('the jobs of one call share its context, and the call says how many there were', async () => {
  await using session = openSession()
  const queue = session.queue({}, 'telemetry')
  await queue.addBulk([1, 2, 3].map((data) => ({ name: 'order', data })))
  await session.flows('telemetry').add({
    name: 'ship',
    queueName: queue.name,
    opts: {},
    children: [{ name: 'pack', queueName: queue.name, opts: {} }],
  })
  session.worker(queue, () => {}, {}, 'telemetry')
  const attempts = await session.attempts(queue, 5)
  const [bulk, flow] = session.sends(queue)
  assertSpans([bulk!, flow!], [{ batchSize: 3 }, { batchSize: 2 }])
  const inFlow = attempts.filter(({ attributes }) => attributes['bullmq.job.name'] !== 'order')
  const inBulk = attempts.filter((attempt) => !inFlow.includes(attempt))
  assertSpans(
    inBulk,
    [1, 2, 3].map(() => ({ parent: bulk! })),
  )
  assertSpans(inFlow, [{ parent: flow! }, { parent: flow! }])
})

test('a handler that traces its processor only after a look at the context has one attempt, not two', async () => {
  await using session = openSession()
  const { traceHandler } = await import('@tracebaton/bullmq')
  const queue = session.queue()
  const traced = traceHandler(async (job: Job, note?: string) => `${job.id} ${note}`)
  session.worker(queue, (job) => traced(job, String(logFields()['trace_id'])), {}, 'telemetry')
  await queue.add('order', {})
  await session.attempts(queue, 1)
  assertSpans(
    session.recorder.spans.filter(({ kind }) => kind === 'consumer'),
    [{ attempt: 1, outcome: 'acked' }],
  )
  expectSound(session)
})

test('a traced processor on a worker without the telemetry tells what the options of the job say', async () => {
  await using session = openSession()
  const { traceHandler } = await import('@tracebaton/bullmq')
  const queue = session.queue()
  const processor = traceHandler(async () => {
    throw new TypeError('no')
  }, session.options)
  session.worker(queue, processor, {}, 'nothing')
  await queue.add('order', {}, { attempts: 3, backoff: { type: 'fixed', delay: 10 } })
  const attempts = await session.attempts(queue, 3)
  assertSpans(attempts, [
    { outcome: 'retry_scheduled' },
    { outcome: 'retry_scheduled' },
    { outcome: 'dead_lettered', links: { previous_attempt: [attempts[1]!] } },
  ])
  expectSound(session)
})
