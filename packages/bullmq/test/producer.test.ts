import { beforeAll, expect, test } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { createRecording } from '../../testing/test/recording.ts'
import type { JobLike } from '../src/client.ts'
import { bullmqTelemetry, traceFlowProducer, traceHandler, traceQueue } from '../src/index.ts'
import { createBullmq } from './fake-bullmq.ts'
import { jobOf } from './job.ts'

beforeAll(useContexts)

test.each([
  ['the same prefix is a retry', 'bull:orders', 'client'],
  ['another prefix is a new message', 'eu:orders', 'producer'],
  ['a prefix that nobody knows is a retry', undefined, 'client'],
])('a job that is added again to a queue of its name with %s', async (_, qualifiedName, kind) => {
  const { options, span } = createRecording()
  const queue = traceQueue({ ...createBullmq(undefined).queue, qualifiedName }, options)
  const telemetry = { metadata: JSON.stringify({ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` }) }
  const again = jobOf({ id: `to ${qualifiedName}`, opts: { telemetry } })
  await traceHandler(({ name }: JobLike) => queue.add(name, {}, { telemetry }), options)(again)
  expect(span('add orders').kind).toBe(kind)
})

test('a flow carries context where a job says null for its children', async () => {
  const { options, failures } = createRecording()
  const { flows, added } = createBullmq(undefined)
  const pack = { name: 'pack', queueName: 'orders', children: null as never }
  await traceFlowProducer(flows, options).add({ name: 'ship', queueName: 'orders', children: [pack] })
  expect(added.map(({ opts }) => opts.telemetry?.metadata)).toEqual([
    expect.stringContaining('traceparent'),
    expect.stringContaining('traceparent'),
  ])
  expect(failures).toEqual([])
})

test('what a listener of a queue without telemetry adds to another one is traced', async () => {
  const recording = createRecording()
  const audit = createBullmq(bullmqTelemetry(recording.options), 'audit')
  const { queue } = createBullmq(undefined)
  const listened: typeof queue = {
    ...queue,
    async add(...args) {
      await audit.queue.add('note', {})
      return queue.add(...args)
    },
  }
  await traceQueue(listened, recording.options).add('charge', {})
  const add = recording.span('add orders')
  expect(recording.span('add audit').parentSpanId).toBe(add.spanId)
  expect(audit.added[0]?.opts.telemetry?.metadata).toContain(recording.span('add audit').spanId)
})

test('a list of jobs or a template that cannot be read is refused by the client, whose promise rejects', async () => {
  const { options } = createRecording()
  const { queue, flows } = createBullmq(undefined)
  const traced = traceQueue(queue, options)
  const unreadable: never = new Proxy<never[]>([], {
    get() {
      throw new RangeError('unreadable')
    },
  }) as never
  const calls = [
    traced.addBulk(unreadable),
    traceFlowProducer(flows, options).addBulk([unreadable]),
    traced.upsertJobScheduler('report', { every: 1_000 }, unreadable),
  ]
  for (const call of calls) await expect(call).rejects.toThrow('unreadable')
})

test('a template that cannot be copied schedules its jobs as without tracing', async () => {
  const { options } = createRecording()
  const { queue, added } = createBullmq(undefined)
  const template = new Proxy(
    { name: 'report' },
    {
      ownKeys() {
        throw new RangeError('no keys')
      },
    },
  )
  await traceQueue(queue, options).upsertJobScheduler('a', { every: 1_000 }, template)
  expect(added.map(({ name }) => name)).toEqual(['report'])
})
