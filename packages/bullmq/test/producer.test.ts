import { beforeAll, expect, test } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { createRecording } from '../../testing/test/recording.ts'
import { bullmqTelemetry, traceFlowProducer, traceQueue } from '../src/index.ts'
import { createBullmq } from './fake-bullmq.ts'

beforeAll(useContexts)

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
