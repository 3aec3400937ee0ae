import { expect, test } from 'vitest'
import { traceFlowProducer } from '../src/index.ts'
import { createBullmq } from './fake-bullmq.ts'
import { createRecording } from './recording.ts'

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
