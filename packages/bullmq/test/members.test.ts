import { readFile, readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { EventEmitter } from 'node:events'
import { FlowProducer, Queue } from 'bullmq'
import { describe, expect, test, vi } from 'vitest'
import { createRecording } from '../../testing/test/recording.ts'
import { bullmqTelemetry, traceFlowProducer, traceHandler, traceQueue } from '../src/index.ts'
import { createBullmq } from './fake-bullmq.ts'

/** Methods that add jobs. Whoever updates BullMQ decides here about a new one. */
const TRACED = { Queue: ['add', 'addBulk', 'upsertJobScheduler'], FlowProducer: ['add', 'addBulk'] }

/** Methods by whose name one might think that they do. */
const PLAIN = {
  // The telemetry-free part of `add`, for subclasses that trace by themselves; `addJobLog` adds text to a job.
  Queue: [
    'addJob',
    'addJobLog',
    'getJobSchedulers',
    'getJobSchedulersCount',
    'getJobScheduler',
    'jobScheduler',
    'removeJobScheduler',
    'retryJobs',
    'promoteJobs',
  ],
  FlowProducer: ['addNode', 'addNodes', 'addChildren'],
}

/** What BullMQ traces, by kind and operation. Whoever updates BullMQ decides here about a new one. */
const OPERATIONS = {
  CONSUMER: ['process'],
  PRODUCER: ['add', 'addBulk', 'addBulkFlows', 'addFlow', 'addNode', 'retryJobs'],
  INTERNAL: [
    'clean',
    'close',
    'complete',
    'drain',
    'extendLocks',
    'getNextJob',
    'moveStalledJobsToWait',
    'obliterate',
    'pause',
    'promoteJobs',
    'rateLimit',
    'remove',
    'removeDebounceKey',
    'removeDeduplicationKey',
    'resume',
    'startStalledCheckTimer',
    'this.getSpanOperation',
    'trimEvents',
    'updateJobProgress',
  ],
}

test('there is no method that adds jobs and is neither traced nor deliberately plain', () => {
  for (const [name, target] of [
    ['Queue', Queue],
    ['FlowProducer', FlowProducer],
  ] as const) {
    const methods = new Set<string>()
    for (
      let link: object = target.prototype;
      link !== EventEmitter.prototype;
      link = Object.getPrototypeOf(link) as object
    ) {
      for (const method of Object.getOwnPropertyNames(link)) methods.add(method)
    }
    const adding = [...methods].filter((method) => /^(?:add|upsert|retry|promote|move)|Scheduler/.test(method))
    expect(adding.toSorted()).toEqual(
      [...TRACED[name], ...PLAIN[name]].filter((method) => methods.has(method)).toSorted(),
    )
    for (const method of TRACED[name]) expect(methods).toContain(method)
  }
})

test('there is no operation of BullMQ’s whose span nobody has thought of', async () => {
  const folder = join(dirname(createRequire(import.meta.url).resolve('bullmq/package.json')), 'dist/cjs/classes')
  const found: Record<string, Set<string>> = { CONSUMER: new Set(), PRODUCER: new Set(), INTERNAL: new Set() }
  for (const file of await readdir(folder)) {
    if (!file.endsWith('.js')) continue
    const source = await readFile(join(folder, file), 'utf8')
    for (const [, kind = '', rest = ''] of source.matchAll(
      /trace\)?\((?:this\.telemetry, )?enums_\d+\.SpanKind\.(\w+), ([^\n]*)/g,
    )) {
      const operation = /'(\w+)'/.exec(rest)?.[1] ?? /^[\w.]+/.exec(rest)?.[0] ?? rest
      found[kind]?.add(operation)
    }
  }
  const sorted = Object.fromEntries(Object.entries(found).map(([kind, names]) => [kind, [...names].toSorted()]))
  expect(sorted).toEqual(
    Object.fromEntries(Object.entries(OPERATIONS).map(([kind, names]) => [kind, names.toSorted()])),
  )
})

describe('a look-alike', () => {
  test('has the prototype and the members of the object behind it, which stays as it was', () => {
    const { queue, flows } = createBullmq(undefined)
    const before = { ...queue }
    const { options } = createRecording()
    const traced = traceQueue(queue, options)
    expect(Object.keys(traced)).toEqual(Object.keys(queue))
    expect(traced.name).toBe('orders')
    expect(traced.count()).toBe(0)
    expect(Reflect.get(traced, 'add')).toBe(Reflect.get(traced, 'add'))
    expect({ ...queue }).toEqual(before)
    expect(Object.keys(traceFlowProducer(flows, options))).toEqual(Object.keys(flows))
  })

  test('of a frozen object works, and can be spied on', async () => {
    const { queue, added } = createBullmq(undefined)
    const traced = traceQueue(Object.freeze(queue), createRecording().options)
    const spy = vi.spyOn(traced, 'add')
    await traced.add('charge', 1)
    expect(spy).toHaveBeenCalledOnce()
    expect(added[0]?.opts.telemetry?.metadata).toContain('traceparent')
  })
})

function charge(): void {}

describe('a traced processor', () => {
  test.each([0, 1, 2, 3])('declares as many parameters as the processor itself: %i', (count) => {
    const processor = Object.defineProperty(vi.fn<(job: never) => void>(), 'length', { value: count })
    expect(traceHandler(processor)).toHaveLength(count)
  })

  test('keeps its name, and is not wrapped a second time', () => {
    const traced = traceHandler(charge)
    expect(traced.name).toBe('charge')
    expect(traceHandler(traced)).toBe(traced)
  })

  test('keeps `this`, its arguments, and what it returns and throws', () => {
    const error = new Error('no')
    const target = {
      charge: traceHandler(function (this: unknown, job: never, token?: string): unknown {
        if (token === 'throw') throw error
        return [this === target, job, token]
      }),
    }
    const job = {} as never
    expect(target.charge(job, 'token')).toEqual([true, job, 'token'])
    expect(() => target.charge(job, 'throw')).toThrow(error)
    expect(target.charge(undefined as never)).toEqual([true, undefined, undefined])
  })
})

test('the telemetry can be shared, frozen and told from others', () => {
  const telemetry = Object.freeze(bullmqTelemetry(createRecording().options))
  const { options, failures } = createRecording()
  traceQueue(createBullmq(telemetry).queue, options)
  expect(failures).toEqual([])
})
