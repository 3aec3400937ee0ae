import { trace, type TextMapPropagator } from '@opentelemetry/api'
import type { FlowProducer, Job as RealJob, JobNode, Queue } from 'bullmq'
import { beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { createRecording, rolesOf, type Recording } from '../../testing/test/recording.ts'
import {
  bullmqTelemetry,
  deadLetter,
  redrive,
  retryLater,
  traceFlowProducer,
  traceHandler,
  traceQueue,
  type MovedJob,
} from '../src/index.ts'
import type { JobLike } from '../src/client.ts'
import { createBullmq, type Job } from './fake-bullmq.ts'
import { jobOf } from './job.ts'

beforeAll(useContexts)

const noStock = new TypeError('no stock')

/** The fields on a job. */
const fieldsOf = (job: Job | undefined): Record<string, string> =>
  JSON.parse(job?.opts.telemetry?.metadata ?? '{}') as Record<string, string>

/** A queue with a job that is being worked on by this, and a queue for dead letters. */
async function handled(recording: Recording, processor: (job: Job) => unknown, opts: Job['opts'] = {}) {
  const orders = createBullmq(bullmqTelemetry(recording.options))
  const job = await traceQueue(orders.queue, recording.options).add('charge', { order: 1 }, opts)
  await orders.work(job, traceHandler(processor))
  return { orders, job }
}

describe('a job moved by its processor', () => {
  test('goes on with its name, its data, its options and its context, and says where it was', async () => {
    const recording = createRecording()
    const dead = createBullmq(bullmqTelemetry(recording.options), 'orders-dead')
    const opts = {
      attempts: 3,
      jobId: 'a',
      delay: 5,
      parent: {},
      deduplication: {},
      removeOnComplete: 7,
    } as Job['opts']
    const { job } = await handled(
      recording,
      (one) => deadLetter(traceQueue(dead.queue, recording.options), one, { to: 'orders-dead', error: noStock }),
      opts,
    )
    const [copy] = dead.added
    expect([copy!.name, copy!.data]).toEqual(['charge', { order: 1 }])
    expect({ ...copy!.opts, telemetry: undefined }).toEqual({ attempts: 3, removeOnComplete: 7, telemetry: undefined })
    const fields = fieldsOf(copy)
    expect(fields['traceparent']).toBe(fieldsOf(job)['traceparent'])
    expect(fields).toMatchObject({
      'tracebaton-original-destination': 'orders',
      'tracebaton-original-position': '1',
      'tracebaton-attempts': '1',
      'tracebaton-error-type': 'TypeError',
      'tracebaton-error-message': 'no stock',
    })
    const attempt = recording.span('process orders')
    const send = recording.recorder.spans.find(({ parentSpanId }) => parentSpanId === attempt.spanId)
    expect(fields['tracebaton']).toContain(`;p=${attempt.traceId}-${attempt.spanId}-01;k=dead_letter`)
    expect([send?.kind, rolesOf(send!)]).toEqual(['client', ['creation']])
    expect(send?.attributes['messaging.message.id']).toBe('1')
    expect(attempt).toMatchObject({ status: 'error' })
    expect(attempt.attributes).toMatchObject({
      'tracebaton.delivery.outcome': 'dead_lettered',
      'error.type': 'TypeError',
    })
    expect(recording.failures).toEqual([])
  })

  test('goes on with its context, and without what ties it to other jobs, from a sandbox of BullMQ 5', async () => {
    const recording = createRecording()
    const dead = createBullmq(undefined, 'orders-dead')
    const metadata = JSON.stringify({ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, other: 'o' })
    const opts = { attempts: 3, kl: 5, tm: metadata, de: { id: 'd' }, fpof: true, idof: true } as JobLike['opts']
    const processor = (job: MovedJob) =>
      deadLetter(traceQueue(dead.queue, recording.options), job, { to: 'orders-dead', error: noStock })
    await traceHandler(processor, recording.options)({ ...jobOf({ opts }), data: 1 })
    const [copy] = dead.added
    expect(Object.keys(copy!.opts).toSorted()).toEqual(['attempts', 'kl', 'telemetry'])
    expect(fieldsOf(copy)).toMatchObject(JSON.parse(metadata) as object)
    expect(recording.failures).toEqual([])
  })

  test.each([
    [{ priority: 2 ** 21 }, {}],
    [{ priority: 1.5 }, {}],
    [{ priority: 'high' }, {}],
    [{ priority: 7 }, { priority: 7 }],
    [{ sizeLimit: 5 }, {}],
    [{ sizeLimit: 500 }, { sizeLimit: 500 }],
    [{ backoff: { type: 'fixed', jitter: 2 } }, {}],
    [{ backoff: { type: 'fixed', jitter: 0.5 } }, { backoff: { type: 'fixed', jitter: 0.5 } }],
    [{ backoff: 5 }, { backoff: 5 }],
    [{ debounce: { id: 'a' } }, {}],
  ])('with the options %j goes on with %j, which BullMQ takes', async (opts, kept) => {
    const recording = createRecording()
    const dead = createBullmq(undefined, 'orders-dead')
    await handled(recording, (one) => deadLetter(dead.queue, one, { to: 'orders-dead' }), opts as Job['opts'])
    const { telemetry: _, ...rest } = dead.added[0]!.opts
    expect(rest).toEqual(kept)
    const left = Object.keys(opts).filter((key) => !(key in kept) && key !== 'debounce')
    expect(recording.failures.map((error) => /cannot write: (.*)/.exec(String(error))?.[1])).toEqual(left)
  })

  test('goes back to its own queue for its next attempt, and says how long it is to wait', async () => {
    const recording = createRecording()
    const later = createBullmq(undefined)
    await handled(recording, (one) => retryLater(later.queue, one, { delay: 500 }))
    const [copy] = later.added
    expect(copy?.opts.delay).toBe(500)
    expect(fieldsOf(copy)['tracebaton']).toMatch(/;a=2;.*d=dw;.*k=delayed/)
    await later.work(
      copy!,
      traceHandler(() => {}, recording.options),
    )
    const [first, second] = recording.spans('process orders')
    expect(second?.attributes['tracebaton.delivery.attempt']).toBe(2)
    expect(second?.links.find(({ role }) => role === 'previous_attempt')?.spanId).toBe(first?.spanId)
    expect(first?.attributes['tracebaton.delivery.outcome']).toBe('retry_scheduled')
  })

  test('may be tried as often again as its options say', async () => {
    const recording = createRecording()
    const later = createBullmq(undefined)
    await handled(recording, (one) => retryLater(later.queue, one), { attempts: 3 })
    const [copy] = later.added
    const fails = traceHandler(() => Promise.reject(noStock), recording.options)
    for (const round of [1, 2, 3]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await later.work(copy!, fails).catch(() => round)
    }
    const said = recording
      .spans('process orders')
      .map(({ attributes }) => [
        attributes['tracebaton.delivery.attempt'],
        attributes['tracebaton.delivery.max_attempts'],
      ])
    expect(said).toEqual([
      [1, 3],
      [2, 4],
      [3, 4],
      [4, 4],
    ])
  })

  test('counts from one again where it was given up and somebody retries it', async () => {
    const recording = createRecording()
    const later = createBullmq(undefined)
    await handled(recording, (one) => retryLater(later.queue, one), { attempts: 2 })
    const [copy] = later.added
    const given = { ...copy!, attemptsMade: 2, attemptsStarted: 3 }
    await later.work(
      given,
      traceHandler(() => {}, recording.options),
    )
    const again = recording.spans('process orders').at(-1)
    expect(again?.attributes).toMatchObject({
      'tracebaton.delivery.attempt': 1,
      'tracebaton.delivery.max_attempts': 1,
      'tracebaton.delivery.kind': 'redrive',
      'tracebaton.delivery.redrives': 1,
    })
  })

  test('is moved by a producer of flows to the queue that it is told', async () => {
    const recording = createRecording()
    const { flows, added } = createBullmq(undefined)
    await handled(recording, async (one) => {
      await deadLetter(traceFlowProducer(flows, recording.options), one, { to: 'orders-dead', error: noStock })
      await retryLater(flows, one)
    })
    expect(added.map(({ name }) => name)).toEqual(['charge', 'charge'])
    expect(added.map((copy) => /k=(\w+)/.exec(fieldsOf(copy)['tracebaton'] ?? '')?.[1])).toEqual([
      'dead_letter',
      'immediate',
    ])
    const [send] = recording.spans('add orders-dead')
    expect(send?.attributes['messaging.message.id']).toBe('1')
  })
})

test('a job moved after its processor belongs to its attempt all the same, and comes back counted from one', async () => {
  const recording = createRecording()
  const { orders, job } = await handled(recording, () => {})
  const dead = createBullmq(undefined, 'orders-dead')
  await deadLetter(dead.queue, job, { to: 'orders-dead', error: noStock })
  const [letter] = dead.added
  const attempt = recording.span('process orders')
  expect(fieldsOf(letter)['tracebaton']).toContain(`;p=${attempt.traceId}-${attempt.spanId}`)
  await redrive(orders.queue, letter!)
  const again = orders.added.at(-1)
  expect(fieldsOf(again)['tracebaton']).toMatch(/;a=1;.*k=redrive;n=1/)
  expect(fieldsOf(again)['traceparent']).toBe(fieldsOf(job)['traceparent'])
})

test.each([
  [
    'a job that is to get no context keeps its own, and what it has been through beside it',
    { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, 'x-datadog-tags': '1' },
  ],
  ['a job that is to get no context and has none gets no history either', { 'x-datadog-tags': '1' }],
])('%s', async (_, metadata) => {
  const recording = createRecording()
  const { queue, added } = createBullmq(undefined)
  const job = await queue.add('charge', 1, { telemetry: { omitContext: true, metadata: JSON.stringify(metadata) } })
  await traceHandler((one: Job) => retryLater(queue, one), recording.options)(job)
  const copy = fieldsOf(added.at(-1))
  expect(copy).toMatchObject(metadata)
  expect(copy['traceparent']).toBe((metadata as Record<string, string>)['traceparent'])
  expect(/a=(\d)/.exec(copy['tracebaton'] ?? '')?.[1]).toBe('traceparent' in metadata ? '2' : undefined)
})

test('of an ignored producer no context goes on, even if its job is to get none', async () => {
  const recording = createRecording()
  const { queue, added } = createBullmq(undefined)
  const metadata = JSON.stringify({
    traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    baggage: 'admin=true',
    kept: 1,
  })
  const job = await queue.add('charge', 1, { telemetry: { omitContext: true, metadata } })
  await traceHandler((one: Job) => retryLater(queue, one), { ...recording.options, trust: 'ignore' })(job)
  const copy = fieldsOf(added.at(-1))
  expect([copy['baggage'], copy['kept']]).toEqual([undefined, 1])
  expect(copy['traceparent']).not.toContain('b'.repeat(16))
  expect(copy['tracebaton']).toContain(`1;c=${copy['traceparent']?.slice(3)};a=2`)
})

test('the nested field of another tracer is read by the propagator that names it, and the history stands beside it', async () => {
  const nested = { 'x-datadog-trace-id': '1', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` }
  const propagator: TextMapPropagator = {
    fields: () => ['_datadog'],
    inject: () => {},
    extract(into, carrier, getter) {
      const { traceparent } = JSON.parse(String(getter.get(carrier, '_datadog'))) as typeof nested
      const [, traceId = '', spanId = ''] = traceparent.split('-')
      return trace.setSpanContext(into, { traceId, spanId, traceFlags: 1 })
    },
  }
  const recording = createRecording()
  const { queue, added } = createBullmq(undefined)
  const telemetry = { omitContext: true, metadata: JSON.stringify({ _datadog: nested }) }
  const job = await queue.add('charge', 1, { telemetry })
  await traceHandler((one: Job) => retryLater(queue, one), { ...recording.options, propagator })(job)
  expect(recording.span('process orders').parentSpanId).toBe('b'.repeat(16))
  const copy = fieldsOf(added.at(-1))
  expect(copy).toMatchObject({ _datadog: nested })
  expect(copy['tracebaton']).toContain(`1;c=${nested.traceparent.slice(3)};a=2`)
})

test('nothing is added to another queue than the publisher’s own, and nothing to none', async () => {
  const { queue, flows, added } = createBullmq(undefined)
  const { job } = await handled(createRecording(), () => {})
  const code = 'ERR_TRACEBATON_QUEUE'
  await expect(deadLetter(queue, job, { to: 'orders-dead' })).rejects.toMatchObject({ code })
  const unknown = { name: 'TypeError', code: 'ERR_TRACEBATON_DESTINATION' }
  await expect(deadLetter(flows, job, {} as { to: string })).rejects.toMatchObject(unknown)
  await expect(redrive(flows, job)).rejects.toMatchObject(unknown)
  expect(added).toEqual([])
  await deadLetter(queue, job, { to: 'orders' })
  expect(added).toHaveLength(1)
})

test('a call that fails fails as it is', async () => {
  const { queue } = createBullmq(undefined)
  const { job } = await handled(createRecording(), () => {})
  await expect(retryLater(queue, { ...job, name: 'refused' })).rejects.toThrow('This job is refused')
})

test('what the publisher gives is what comes back', () => {
  expectTypeOf<ReturnType<typeof deadLetter<Queue>>>().toEqualTypeOf<ReturnType<Queue['add']>>()
  expectTypeOf<ReturnType<typeof redrive<FlowProducer>>>().toEqualTypeOf<Promise<JobNode>>()
  expectTypeOf<ReturnType<typeof retryLater>>().toEqualTypeOf<Promise<'retried' | 'exhausted'>>()
  expectTypeOf<RealJob>().toExtend<Parameters<typeof retryLater>[1]>()
  // @ts-expect-error -- it has to be told the queue
  expectTypeOf<object>().toExtend<Parameters<typeof deadLetter<Queue>>[2]>()
})
