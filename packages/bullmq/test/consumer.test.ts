import { EventEmitter, once as occurs } from 'node:events'
import { context as contexts, trace, type Context } from '@opentelemetry/api'
import { resolveTracing, type TracingInput } from '@tracebaton/core/adapter'
import type { Job } from 'bullmq'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { attemptOf, createRecording, rolesOf } from '../../testing/test/recording.ts'
import type { JobLike } from '../src/client.ts'
import { bullmqTelemetry, retryLater, traceHandler } from '../src/index.ts'
import { Processing } from '../src/telemetry/processing.ts'
import { createBullmq } from './fake-bullmq.ts'
import { SCOPE } from '../src/scope.ts'
import { jobOf } from './job.ts'

beforeAll(useContexts)

test('what a processor is told of how to trace counts for more than what its worker is told', async () => {
  const [worker, processor] = [createRecording(), createRecording()]
  const { queue, work } = createBullmq(bullmqTelemetry(worker.options))
  await work(
    await queue.add('charge', 1),
    traceHandler(() => {}, processor.options),
  )
  expect(processor.span('process orders').attributes['tracebaton.delivery.outcome']).toBe('acked')
  expect(worker.spans('process orders')).toEqual([])
  expect([...worker.failures, ...processor.failures]).toEqual([])
})

test('the signal that BullMQ cancels a processor by is the very one, and stays as it is', async () => {
  const { signal } = new AbortController()
  const members = Reflect.ownKeys(signal)
  const { options, span } = createRecording()
  const { queue, added } = createBullmq(undefined)
  await queue.add('charge', 1)
  const cancelled = (_job: unknown, token?: string, given?: AbortSignal): Promise<void> =>
    Promise.reject(new TypeError(`${token} ${given === signal}`))
  await expect(traceHandler(cancelled, options)(added[0] as Job, 'token', signal)).rejects.toThrow('token true')
  expect(Reflect.ownKeys(signal)).toEqual(members)
  expect(span('process orders').attributes['error.type']).toBe('TypeError')
})

test.each([
  ['completed', () => {}],
  ['failed', () => Promise.reject(new TypeError('no stock'))],
])('what a worker tells of the next job runs in no context, after a job that has %s', async (_, run) => {
  const { options, spans } = createRecording()
  const active: unknown[] = []
  const { queue, work } = createBullmq(bullmqTelemetry(options), 'orders', () => active.push(trace.getActiveSpan()))
  for (const processor of [run, traceHandler(run, options)]) {
    // oxlint-disable-next-line no-await-in-loop
    await work(await queue.add('charge', 1), processor)
  }
  expect(active).toEqual([undefined, undefined])
  expect(spans('process orders')).toHaveLength(2)
})

test.each<[string, () => unknown]>([
  ['at once', thrower(new TypeError('no stock'))],
  ['later', () => Promise.reject(new TypeError('no stock'))],
])('a job whose processor fails %s was failed, as early versions tell without its id', async (_, run) => {
  const { options, spans } = createRecording()
  const { queue, work } = createBullmq(bullmqTelemetry(options), 'orders', () => {}, false)
  for (const processor of [traceHandler(run, options), run]) {
    // oxlint-disable-next-line no-await-in-loop
    await work(await queue.add('charge', 1), processor)
  }
  expect(spans('process orders').map((span) => attemptOf(span)['outcome'])).toEqual(['dead_lettered', 'dead_lettered'])
})

function thrower(error: Error): () => never {
  return () => {
    throw error
  }
}

test('a processor without telemetry on its worker tells by its options what becomes of the job', async () => {
  const { options, spans } = createRecording()
  const fail = traceHandler((_job: JobLike) => Promise.reject(new TypeError('no stock')), options)
  await expect(fail(jobOf({ id: 'a', opts: { attempts: 2, backoff: 100 } }))).rejects.toThrow('no stock')
  await expect(fail(jobOf({ id: 'b', opts: { attempts: 1 } }))).rejects.toThrow('no stock')
  expect(spans('process orders').map((span) => attemptOf(span)['outcome'])).toEqual([
    'retry_scheduled',
    'dead_lettered',
  ])
})

test('a job that stalled and was handed out again is acked once: the late success is abandoned', async () => {
  const { options, spans } = createRecording()
  const working = new EventEmitter()
  const handle = traceHandler(async (job: JobLike) => {
    if (job.attemptsStarted === 1) await occurs(working, 'done')
  }, options)
  const late = handle(jobOf())
  await handle(jobOf({ attemptsStarted: 2 }))
  working.emit('done')
  await late
  expect(spans('process orders').map(attemptOf)).toMatchObject([
    { attempt: 2, outcome: 'acked', status: 'unset' },
    { attempt: 1, outcome: 'abandoned', status: 'unset' },
  ])
})

test('an attempt links the attempts of the children of its job', () => {
  const { options, spans } = createRecording()
  const handle = traceHandler((job: JobLike) => job.name, options)
  handle(jobOf({ id: 'pack', parentKey: 'bull:orders:ship' }))
  handle(jobOf({ id: 'ship' }))
  const [child, parent] = spans('process orders')
  expect(parent!.links.map(({ role, spanId }) => [role, spanId])).toEqual([['child_job', child!.spanId]])
})

test('a job that is added again under its id and time is new work, as the count of BullMQ says', () => {
  const { options, spans } = createRecording()
  const handle = traceHandler((job: JobLike) => job.name, options)
  handle(jobOf({ id: 'daily' }))
  handle(jobOf({ id: 'daily' }))
  const [first, second] = spans('process orders')
  expect(attemptOf(second!)).toEqual(attemptOf(first!))
  expect(attemptOf(second!)).toMatchObject({ attempt: 1, source: 'broker', kind: 'first' })
  expect(rolesOf(second!)).toEqual([])
})

test.each([
  { opts: { attempts: 1e308 } },
  { opts: { attempts: 'many' } },
  { opts: { attempts: {} } },
  { opts: { attempts: -5, delay: 'soon' } },
  { timestamp: Number.NaN, processedOn: Number.NaN },
  { timestamp: 1e308 },
  { attemptsStarted: 1e308, attemptsMade: 1e308 },
  { attemptsStarted: Number.NaN, attemptsMade: Number.NaN },
])('a job with numbers that are none, %j, has a span that can be exported', (part) => {
  const { options, span, failures } = createRecording()
  traceHandler((job: JobLike) => job.name, options)(jobOf(part as Partial<JobLike>))
  const { attributes } = span('process orders')
  const numbers = Object.values(attributes).filter((value) => typeof value === 'number')
  expect(numbers.filter((value) => !(Math.abs(value) <= 2 ** 53))).toEqual([])
  const { attempt, max } = {
    attempt: attributes['tracebaton.delivery.attempt'] as number,
    max: attributes['tracebaton.delivery.max_attempts'] as number | undefined,
  }
  expect(max ?? attempt).toBeGreaterThanOrEqual(attempt)
  expect(failures).toEqual([])
})

test('queues that come and go are not remembered for ever', () => {
  const { options } = createRecording()
  const tracing = resolveTracing(options, SCOPE)
  const worked = new Set<unknown>()
  for (let queue = 0; queue < 2_500; queue += 1) {
    new Processing(tracing, worked, undefined, true).setAttributes({ 'bullmq.queue.name': queue })
  }
  expect(worked.size).toBeLessThanOrEqual(1_000)
  expect(worked.has(2_499)).toBe(true)
})

test('a job that a program fetched by hand is what its processor says by its result', () => {
  const { options, span } = createRecording()
  traceHandler((job: JobLike) => job.name, { ...options, outcomeOf: () => 'retry_scheduled' })(jobOf({ id: 'told' }))
  expect(attemptOf(span('process orders'))).toMatchObject({ outcome: 'retry_scheduled' })
})

const inner = (options: TracingInput) => traceHandler((job: JobLike) => job.name, options)

describe('a run of a job that is wrapped more than once is one attempt', () => {
  test.each([
    ['once', (job: JobLike, call: (one: JobLike) => unknown) => [call(job)]],
    ['in sequence', (job: JobLike, call: (one: JobLike) => unknown) => [call(job), call(job), call(job)]],
    ['with a clone', (job: JobLike, call: (one: JobLike) => unknown) => [call(structuredClone(job))]],
  ])('%s', (how, use) => {
    const { options, span } = createRecording()
    const once = inner(options)
    traceHandler(
      (job: JobLike) => use(job, once),
      options,
    )(jobOf({ id: how, opts: { attempts: 3 }, attemptsStarted: 2, attemptsMade: 1 }))
    expect(attemptOf(span('process orders'))).toMatchObject({ attempt: 2, outcome: 'acked' })
  })

  test('but not after its attempt has ended: then it is handled again', () => {
    const { options, spans } = createRecording()
    const once = inner(options)
    const job = jobOf({ id: 'ended' })
    once(job)
    once(job)
    const [first, second] = spans('process orders')
    expect([attemptOf(first!)['attempt'], attemptOf(second!)['attempt']]).toEqual([1, 2])
    expect(second!.links.find(({ role }) => role === 'previous_attempt')?.spanId).toBe(first!.spanId)
  })

  test('nor where BullMQ has begun another run of it', () => {
    const { options, spans } = createRecording()
    const once = inner(options)
    const job = jobOf({ id: 'again', opts: { attempts: 3 } })
    once(job)
    once(Object.assign(job, { attemptsStarted: 2, attemptsMade: 1 }))
    const [first, second] = spans('process orders')
    expect(attemptOf(second!)).toMatchObject({ attempt: 2, source: 'broker' })
    expect(second!.links.find(({ role }) => role === 'previous_attempt')?.spanId).toBe(first!.spanId)
  })
})

function nothing(): void {}

test('an attempt without its processor, and one with it, are attempts on one job', async () => {
  const recording = createRecording()
  const { queue, work } = createBullmq(bullmqTelemetry(recording.options))
  const job = await queue.add('charge', 1, { attempts: 3 })
  await work(job, traceHandler(nothing))
  await work(job, nothing)
  await work({ ...job, attemptsMade: 1, attemptsStarted: 3 }, traceHandler(nothing))
  const [first, bare, third] = recording.spans('process orders')
  const before = [bare!, third!].map(({ links }) => links.find(({ role }) => role === 'previous_attempt')?.spanId)
  expect(before).toEqual([first!.spanId, bare!.spanId])
  expect(attemptOf(bare!)).toMatchObject({ attempt: 2, source: 'memory' })
  expect(rolesOf(third!)).toEqual(['previous_attempt', 'creation'])
})

test('a job that is moved by a processor that is not traced is moved by its attempt', async () => {
  const recording = createRecording()
  const { queue, added, work } = createBullmq(bullmqTelemetry(recording.options))
  await work(await queue.add('charge', 1), (job) => retryLater(queue, job))
  const [attempt] = recording.spans('process orders')
  expect(attemptOf(attempt!)['outcome']).toBe('retry_scheduled')
  expect(added.at(-1)?.opts.telemetry?.metadata).toContain(`;a=2;`)
  expect(added.at(-1)?.opts.telemetry?.metadata).toContain(`;p=${attempt!.traceId}-${attempt!.spanId}`)
})

test('without an SDK a job is read once, and nothing of the rest is asked', async () => {
  const extract = vi.fn<(context: Context) => Context>((context) => context)
  const propagator = { fields: () => ['x-trace'], inject: vi.fn<() => void>(), extract }
  const telemetry = bullmqTelemetry({ propagator })
  const { queue, work } = createBullmq(telemetry)
  const job = await queue.add('charge', 1, { telemetry: { metadata: '{"x-trace":"1"}' } })
  contexts.disable()
  try {
    await work(job, () => {})
    expect(extract).not.toHaveBeenCalled()
    await work(
      job,
      traceHandler(() => {}, { propagator }),
    )
    expect(extract).toHaveBeenCalledOnce()
    expect(propagator.inject).not.toHaveBeenCalled()
  } finally {
    useContexts()
  }
})
