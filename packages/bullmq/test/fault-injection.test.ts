import { context as contexts } from '@opentelemetry/api'
import type { TracingOptions } from '@tracebaton/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { createRecording } from '../../testing/test/recording.ts'
import { optionSeams, type Seam } from '../../core/test/seams.ts'
import { bullmqTelemetry, traceFlowProducer, traceHandler, traceQueue } from '../src/index.ts'
import { createBullmq, type FakeBullmq, type Job } from './fake-bullmq.ts'

const unhandled: unknown[] = []
const keep = (error: unknown): void => void unhandled.push(error)
beforeAll(() => {
  useContexts()
  process.on('unhandledRejection', keep)
})
afterAll(() => {
  process.off('unhandledRejection', keep)
})

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

async function trySeam(seam: Seam): Promise<string[]> {
  const changed: string[] = []
  const repair = seam.arrange?.()
  try {
    for (const [name, sequence] of Object.entries(sequences)) {
      // oxlint-disable no-await-in-loop -- globals are broken meanwhile, so one after the other
      const expected = JSON.stringify(await sequence(programOf(undefined, false)))
      for (const wrapped of [true, false]) {
        const { options, ledger } = seam.prepare()
        const seen = JSON.stringify(await sequence(programOf(options, wrapped)))
        if (seen !== expected) changed.push(`${seam.name} × ${name}: ${seen} instead of ${expected}`)
        if (ledger.unbalanced() > 0) changed.push(`${seam.name} × ${name}: ${ledger.unbalanced()} spans not ended once`)
      }
      // oxlint-enable no-await-in-loop
    }
  } finally {
    repair?.()
  }
  return changed
}

describe('a failure of ours or of the SDK changes nothing for the user of BullMQ', () => {
  test.each(optionSeams.map((seam) => [seam.name, seam] as const))('%s', async (_name, seam) => {
    expect(await trySeam(seam)).toEqual([])
  })

  test('without an unhandled rejection', async () => {
    await new Promise((resolve) => setImmediate(resolve))
    expect(unhandled).toEqual([])
  })
})

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
