import { trace } from '@opentelemetry/api'
import { DelayedError, UnrecoverableError, Worker, type Job } from 'bullmq'
import { assertNoSecrets, assertSpan, assertSpans } from '@tracebaton/testing'
import { expect, test } from 'vitest'
import { deferred } from '../src/contract/deferred.ts'
import { eventually, expectSound, openSession } from './bullmq-session.ts'

const first = {
  attempt: 1,
  attemptSource: 'broker',
  deliveryKind: 'first',
  previousAttempt: undefined,
  links: { previous_attempt: [] },
} as const
const again = { attemptSource: 'broker', deliveryKind: 'redelivery' } as const
const acked = { outcome: 'acked', status: 'unset', errorType: undefined } as const
const failed = { status: 'error', errorType: 'TypeError' } as const

const fail = (): never => {
  throw new TypeError('no')
}

test('a job that is tried again at once is requeued, and given up in the end', async () => {
  await using session = openSession()
  const queue = session.queue()
  session.worker(queue, fail)
  await queue.add('order', {}, { attempts: 2 })
  const attempts = await session.attempts(queue, 2)
  assertSpans(attempts, [
    { ...first, ...failed, outcome: 'requeued' },
    { ...again, ...failed, attempt: 2, outcome: 'dead_lettered', links: { previous_attempt: [attempts[0]!] } },
  ])
  const [send] = session.sends(queue)
  for (const attempt of attempts) assertSpan(attempt, { parent: send! })
  expectSound(session)
})

test('a job that is tried again after a pause is scheduled, and no attempt spans the pause', async () => {
  await using session = openSession()
  const queue = session.queue()
  session.worker(queue, ({ attemptsStarted }) => (attemptsStarted < 2 ? fail() : undefined))
  await queue.add('order', {}, { attempts: 2, backoff: { type: 'fixed', delay: 300 } })
  const attempts = await session.attempts(queue, 2)
  assertSpans(attempts, [
    { ...first, ...failed, outcome: 'retry_scheduled' },
    { ...again, ...acked, attempt: 2, links: { previous_attempt: [attempts[0]!] } },
  ])
  assertSpan(attempts[1], { startTime: (time) => time - attempts[0]!.endTime! > 200 })
  expectSound(session)
})

test('an error that rules out another attempt gives the job up, whatever its options', async () => {
  await using session = openSession()
  const queue = session.queue()
  session.worker(queue, () => {
    throw new UnrecoverableError('for good')
  })
  await queue.add('order', {}, { attempts: 9 })
  const [attempt] = await session.attempts(queue, 1)
  assertSpan(attempt, {
    ...first,
    outcome: 'dead_lettered',
    status: 'error',
    errorType: 'UnrecoverableError',
  })
})

test('a job whose result cannot be kept failed, although its processor did not', async () => {
  await using session = openSession()
  const queue = session.queue()
  session.worker(queue, () => 1n)
  await queue.add('order', {}, { attempts: 2 })
  const attempts = await session.attempts(queue, 2)
  assertSpans(attempts, [
    { ...first, ...failed, outcome: 'requeued' },
    { ...again, ...failed, attempt: 2, outcome: 'dead_lettered', links: { previous_attempt: [attempts[0]!] } },
  ])
  assertSpan(attempts[0], { statusMessage: expect.stringContaining('BigInt') })
})

test('a job that its processor puts off did not fail', async () => {
  await using session = openSession()
  const queue = session.queue()
  session.worker(queue, async (job, token) => {
    if (job.attemptsStarted > 1) return
    await job.moveToDelayed(Date.now() + 50, token)
    throw new DelayedError()
  })
  await queue.add('order', {})
  const attempts = await session.attempts(queue, 2)
  assertSpans(attempts, [
    { ...first, outcome: 'retry_scheduled', status: 'unset', errorType: undefined },
    { ...again, ...acked, attempt: 2, links: { previous_attempt: [attempts[0]!] } },
  ])
  assertSpan(attempts[0], { events: [] })
  expectSound(session)
})

test('listeners run in the context of the job that they are told of, and in none where its work begins', async () => {
  await using session = openSession()
  const queue = session.queue()
  await queue.addBulk(['returns', 'throws', 'puts off', 'returns'].map((name) => ({ name, data: {} })))
  const heard: [event: string, job: string | undefined, spanId: string | undefined][] = []
  const worker = session.worker(queue, async (job, token) => {
    if (job.name === 'throws') throw new Error('no stock')
    if (job.name !== 'puts off' || job.attemptsStarted > 1) return
    await job.moveToDelayed(Date.now() + 50, token)
    throw new DelayedError()
  })
  const hear = (event: string, job: Job | undefined): void =>
    void heard.push([event, job?.id, trace.getActiveSpan()?.spanContext().spanId])
  worker.on('active', (job) => hear('active', job))
  for (const event of ['completed', 'failed'] as const) {
    worker.on(event, async (job: Job | undefined) => {
      hear(event, job)
      await queue.count()
      hear(event, job)
    })
  }
  const attempts = await session.attempts(queue, 5)
  await eventually(() => expect(heard).toHaveLength(5 + 2 * 4))
  const spanOf = new Map(attempts.map((attempt) => [attempt.attributes['messaging.message.id'], attempt.spanId]))
  const expected = heard.map(([event, job]) => [event, job, event === 'active' ? undefined : spanOf.get(job)])
  expect(heard).toEqual(expected)
  expectSound(session)
})

test('a job whose processor hits a rate limit did not fail', async () => {
  await using session = openSession()
  const queue = session.queue()
  const worker = session.worker(queue, async ({ attemptsStarted }: Job) => {
    if (attemptsStarted > 1) return
    await worker.rateLimit(50)
    throw Worker.RateLimitError()
  })
  await queue.add('order', {})
  const attempts = await session.attempts(queue, 2)
  assertSpans(attempts, [
    { ...first, outcome: 'requeued', status: 'unset', errorType: undefined },
    { ...again, ...acked, attempt: 2, links: { previous_attempt: [attempts[0]!] } },
  ])
})

test('jobs held back by a rate limit of the worker have one attempt each', async () => {
  await using session = openSession()
  const queue = session.queue()
  session.worker(queue, () => {}, { limiter: { max: 1, duration: 100 } })
  await queue.addBulk([1, 2, 3].map((data) => ({ name: 'order', data })))
  const attempts = await session.attempts(queue, 3)
  for (const attempt of attempts) assertSpan(attempt, { ...first, ...acked })
})

test('the delay that was asked for is no time in the queue', async () => {
  await using session = openSession()
  const queue = session.queue()
  session.worker(queue, () => {})
  await queue.add('order', {}, { delay: 1_500 })
  const [attempt] = await session.attempts(queue, 1)
  assertSpan(attempt, { queueAge: (age) => age! >= 1.4, queueTime: (time) => time! < 1.4 })
})

test('jobs are handled by their priority, each below its own send', async () => {
  await using session = openSession()
  const queue = session.queue()
  for (const priority of [3, 1, 2]) await queue.add(`priority ${priority}`, {}, { priority })
  session.worker(queue, () => {})
  const attempts = await session.attempts(queue, 3)
  const sends = session.sends(queue)
  const parentOf = (name: string) => sends.find(({ attributes }) => attributes['bullmq.job.name'] === name)!
  assertSpans(
    attempts,
    ['priority 1', 'priority 2', 'priority 3'].map((name) => ({
      parent: parentOf(name),
      attributes: { 'bullmq.job.name': name },
    })),
  )
})

test('a job that comes back after it was given up is redriven: its attempts count from one', async () => {
  await using session = openSession()
  const queue = session.queue()
  let healed = false
  const worker = session.worker(queue, () => (healed ? undefined : fail()))
  const job = await queue.add('order', {}, { attempts: 2 })
  const before = await session.attempts(queue, 2)
  await eventually(async () => expect(await job.isFailed()).toBe(true))
  await queue.retryJobs()
  await session.attempts(queue, 3)
  await eventually(async () => expect(await job.isFailed()).toBe(true))
  healed = true
  await queue.retryJobs()
  const attempts = await session.attempts(queue, 4)
  const back = { ...first, attemptSource: 'assumed', deliveryKind: 'redrive' } as const
  assertSpans(attempts, [
    { redrives: undefined },
    { redrives: undefined },
    {
      ...back,
      ...failed,
      outcome: 'dead_lettered',
      redrives: 1,
      queueTime: undefined,
      links: { previous_attempt: [before[1]!] },
    },
    { ...back, ...acked, redrives: 2, links: { previous_attempt: [attempts[2]!] } },
  ])
  await worker.close()
  expectSound(session)
})

test('a job that is retried with its counts reset is redriven, and its attempts count on from there', async () => {
  await using session = openSession()
  const queue = session.queue()
  session.worker(queue, ({ attemptsMade, stacktrace }) =>
    attemptsMade === 1 && stacktrace?.length === 3 ? undefined : fail(),
  )
  const job = await queue.add('order', {}, { attempts: 2 })
  const before = await session.attempts(queue, 2)
  await eventually(async () => expect(await job.isFailed()).toBe(true))
  await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true })
  const attempts = await session.attempts(queue, 4)
  const numbers = { attemptSource: 'broker', maxAttempts: 2, redrives: 1 } as const
  assertSpans(attempts.slice(2), [
    { ...numbers, attempt: 1, deliveryKind: 'redrive', links: { previous_attempt: [before[1]!] } },
    { ...numbers, attempt: 2, deliveryKind: 'redelivery', ...acked, links: { previous_attempt: [attempts[2]!] } },
  ])
  expectSound(session)
})

test('a job id that is used again is another job', async () => {
  await using session = openSession()
  const queue = session.queue({ defaultJobOptions: { removeOnComplete: true } })
  session.worker(queue, () => {})
  await queue.add('order', {}, { jobId: 'customer-42' })
  await session.attempts(queue, 1)
  await eventually(async () => expect(await queue.getJob('customer-42')).toBeUndefined())
  await queue.add('order', {}, { jobId: 'customer-42' })
  const attempts = await session.attempts(queue, 2)
  for (const attempt of attempts) assertSpan(attempt, { ...first, ...acked })
})

test('a job whose lock was lost is abandoned here, and handled again with what is known of this attempt', async () => {
  await using session = openSession()
  const queue = session.queue()
  const times = { lockDuration: 200, stalledInterval: 100, skipLockRenewal: true, concurrency: 2 }
  const working = deferred()
  const worker = session.worker(
    queue,
    ({ attemptsStarted }) => (attemptsStarted > 1 ? undefined : working.promise),
    times,
  )
  await queue.add('order', {})
  const [second] = await session.attempts(queue, 1)
  working.resolve()
  await worker.close()
  const stalled = (await session.attempts(queue, 2)).find(({ spanId }) => spanId !== second?.spanId)
  assertSpan(stalled, { ...first, outcome: 'abandoned', status: 'unset', errorType: undefined })
  assertSpan(second, { ...again, ...acked, attempt: 2, links: { previous_attempt: [stalled!] } })
  expectSound(session)
})

test('a job that stalled too often is given up without its processor, and that is one attempt, too', async () => {
  await using session = openSession()
  const queue = session.queue()
  const times = { lockDuration: 200, stalledInterval: 100, skipLockRenewal: true, maxStalledCount: 0, concurrency: 2 }
  let calls = 0
  const working = deferred()
  const worker = session.worker(
    queue,
    () => {
      calls += 1
      return working.promise
    },
    times,
  )
  await queue.add('order', {})
  const [terminal] = await session.attempts(queue, 1)
  assertSpan(terminal, { status: 'error', statusMessage: 'job stalled more than allowable limit' })
  assertSpan(terminal, { outcome: 'dead_lettered', errorType: '_OTHER' })
  assertSpan(terminal, { links: { creation: [session.sends(queue)[0]!] } })
  expect(calls).toBe(1)
  working.resolve()
  await worker.close()
  const stalled = (await session.attempts(queue, 2)).find(({ spanId }) => spanId !== terminal?.spanId)
  assertSpan(terminal, { attempt: 2, attemptSource: 'memory', links: { previous_attempt: [stalled!] } })
  expectSound(session)
})

test('a processor that declares the abort signal gets it', async () => {
  await using session = openSession()
  const queue = session.queue()
  const signals: unknown[] = []
  const worker = session.worker(queue, async (_job: Job, _token?: string, signal?: AbortSignal) => {
    signals.push(signal)
  })
  await queue.add('order', {})
  await session.attempts(queue, 1)
  await worker.close()
  expect(signals).toEqual([expect.any(AbortSignal)])
})

test('a processor that BullMQ cancels by its signal has failed, and the job is tried again', async () => {
  await using session = openSession()
  const queue = session.queue()
  const started = deferred()
  const reasons: unknown[] = []
  const worker = session.worker(queue, async (job: Job, _token?: string, signal?: AbortSignal) => {
    if (job.attemptsStarted > 1) return
    await new Promise<void>((_, reject) => {
      signal?.addEventListener('abort', () => {
        reasons.push(signal.reason)
        reject(new TypeError('cancelled'))
      })
      started.resolve()
    })
  })
  const job = await queue.add('order', {}, { attempts: 2 })
  await started.promise
  expect(worker.cancelJob(job.id!, 'enough')).toBe(true)
  const attempts = await session.attempts(queue, 2)
  assertSpans(attempts, [
    { ...first, ...failed, outcome: 'requeued' },
    { ...again, ...acked, attempt: 2, links: { previous_attempt: [attempts[0]!] } },
  ])
  expect(reasons).toEqual(['enough'])
  expectSound(session)
})

test('neither the data of a job nor its result is in telemetry', async () => {
  await using session = openSession()
  const queue = session.queue()
  session.worker(queue, () => ({ card: 'secret result' }))
  await queue.add('order', { card: 'secret data' }, { attempts: 3, removeOnComplete: 7, keepLogs: 77 })
  await session.attempts(queue, 1)
  assertNoSecrets(session.recorder, { secrets: ['secret', 'keepLogs'] })
})
