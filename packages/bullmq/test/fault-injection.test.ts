import { context as contexts } from '@opentelemetry/api'
import type { TracingOptions } from '@tracebaton/core'
import { beforeAll, describe, expect, test } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { createRecording } from '../../testing/test/recording.ts'
import { sweepSeams, type Sequence } from '../../core/test/sweep.ts'
import { bullmqTelemetry, traceFlowProducer, traceHandler, traceQueue } from '../src/index.ts'
import { createBullmq, type FakeBullmq, type Job } from './fake-bullmq.ts'

beforeAll(useContexts)

/** What a program uses: BullMQ with all of ours, with the telemetry alone, or as it comes. */
function programOf(options: TracingOptions | undefined, wrapped: boolean) {
  const bullmq = createBullmq(options && bullmqTelemetry(options))
  const all = options !== undefined && wrapped
  return {
    bullmq,
    queue: all ? traceQueue(bullmq.queue, options) : bullmq.queue,
    flows: all ? traceFlowProducer(bullmq.flows, options) : bullmq.flows,
    handler: all ? traceHandler : <Processor>(processor: Processor) => processor,
  }
}

type Program = ReturnType<typeof programOf>

const withoutContext = ({ name, data, opts }: Job) => ({ name, data, opts: { ...opts, telemetry: undefined } })
const settled = (promise: Promise<unknown>) => promise.then(() => 'added', String)

/** What is done with BullMQ; each says what came of it in words that are the same for every program. */
const sequences: Readonly<Record<string, (program: Program) => Promise<unknown>>> = {
  async 'adding, and the work on it'({ queue, bullmq, handler }) {
    const job = await queue.add('charge', 1, Object.freeze({ attempts: 2 }))
    const calls: unknown[] = []
    const processor = handler((one: Job, token?: string) => void calls.push([one.data, token, one === job]))
    await bullmq.work(job, processor)
    return [calls, withoutContext(job)]
  },
  async 'work that fails'({ queue, bullmq, handler }) {
    const failures = [
      () => {
        throw new TypeError('no')
      },
      () => Promise.reject(new TypeError('later')),
    ]
    const seen: unknown[] = []
    for (const fail of failures) {
      const job = await queue.add('charge', 1)
      const processor = handler(fail as (job: Job) => unknown)
      await bullmq.work(job, (one) => {
        const result = processor(one)
        if (result instanceof Promise) result.catch((error: unknown) => seen.push(String(error)))
        return result
      })
    }
    return seen
  },
  async 'adding several'({ queue, flows, bullmq }) {
    await queue.addBulk([
      { name: 'a', data: 1 },
      { name: 'b', data: 2, opts: Object.freeze({ delay: 5 }) },
    ])
    await flows.add({ name: 'ship', queueName: 'orders', children: [{ name: 'pack', queueName: 'orders' }] })
    await flows.addBulk([{ name: 'ship', queueName: 'orders' }])
    await queue.upsertJobScheduler('report', { every: 5 }, { name: 'report' })
    return [bullmq.added.map(withoutContext), queue.count()]
  },
  async 'calls that fail'({ queue, flows }) {
    return Promise.all([
      settled(queue.add('refused', 1)),
      settled(queue.addBulk([{ name: 'refused', data: 1 }])),
      settled(queue.addBulk(undefined as never)),
      settled(queue.upsertJobScheduler('refused', {})),
      settled(flows.add({ name: 'refused', queueName: 'orders' })),
      settled(flows.add(undefined as never)),
    ])
  },
}

/** Each sequence with all of ours, and with the telemetry alone. */
const played = Object.entries(sequences).flatMap(([name, sequence]) =>
  [true, false].map((wrapped): [string, Sequence] => [
    `${name}${wrapped ? '' : ', by the telemetry alone'}`,
    (options) => sequence(programOf(options, wrapped)),
  ]),
)

sweepSeams('BullMQ', Object.fromEntries(played))

describe.each(Object.entries(sequences))('%s', (_name, sequence) => {
  test('is the same where no context is ever active', async () => {
    const expected = await sequence(programOf(undefined, false))
    contexts.disable()
    try {
      for (const wrapped of [true, false]) {
        expect(await sequence(programOf(createRecording().options, wrapped))).toEqual(expected)
      }
    } finally {
      useContexts()
    }
  })
})

test('a telemetry that BullMQ asks nonsense of answers all the same', async () => {
  const { options, failures } = createRecording()
  const { tracer, contextManager } = bullmqTelemetry(options)
  for (const kind of [0, 1, 2, 3, 4, 5]) {
    const span = tracer.startSpan('nonsense', { kind })
    span.setAttributes(null as never)
    span.addEvent('nonsense')
    expect(span.setSpanOnContext(contextManager.active() as never)).toBeDefined()
    span.recordException(undefined)
    span.end()
    span.end()
  }
  expect(contextManager.getMetadata(null as never)).toBe('')
  expect(failures).not.toEqual([])
  const bullmq: FakeBullmq = createBullmq(bullmqTelemetry(options))
  await bullmq.queue.add('charge', 1)
})
