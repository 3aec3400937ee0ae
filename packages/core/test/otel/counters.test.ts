import {
  diag,
  DiagLogLevel,
  metrics,
  type Attributes,
  type MeterProvider as AnyMeterProvider,
} from '@opentelemetry/api'
import { AggregationTemporality, createDenyListAttributesProcessor, MeterProvider } from '@opentelemetry/sdk-metrics'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ERROR_TYPE, METRICS, OURS } from '../../src/base/names.ts'
import { processBatch } from '../../src/operations/batch.ts'
import { processDelivery } from '../../src/operations/process.ts'
import { sendPublication } from '../../src/operations/send.ts'
import { createRuntime } from '../../src/options.ts'
import type { Runtime } from '../../src/runtime.ts'
import { OnDemandReader } from '../counting.ts'
import { delivery, publication } from '../messages.ts'
import { createSdk, registerContextManager, resetGlobals } from '../sdk.ts'

resetGlobals()
beforeEach(registerContextManager)

const CORE = '@tracebaton/core'
const KAFKA = '@tracebaton/kafka'
const AMQP = '@tracebaton/amqp'
const nothing = () => undefined
const fail = () => {
  throw new TypeError('broken on purpose')
}

/** One instance of one adapter. */
function instanceOf(scope: string, meterProvider: AnyMeterProvider | undefined): Runtime {
  const options = { tracerProvider: createSdk().tracerProvider, meterProvider, onError: nothing }
  return createRuntime(options, { name: scope, version: '0.0.0' })
}

/** Points by scope, metric and the labels that differ among the messages of these tests. */
type Points = Readonly<Record<string, number>>

const VARYING = [OURS.outcome, OURS.kind, OURS.reason, ERROR_TYPE]
const keyOf = (scope: string, metric: string, labels: Attributes): string =>
  [scope, metric, ...VARYING.flatMap((label) => labels[label] ?? [])].join(' ')

/** What the test itself counts. */
function createRecount() {
  const points: Record<string, number> = {}
  return {
    points,
    add(scope: string, [metric]: readonly [string, ...string[]], value: number, labels: Attributes = {}) {
      const key = keyOf(scope, metric, labels)
      points[key] = (points[key] ?? 0) + value
    },
  }
}
type Recount = ReturnType<typeof createRecount>

async function read(reader: OnDemandReader): Promise<Points> {
  const { resourceMetrics, errors } = await reader.collect()
  expect(errors).toEqual([])
  const points: Record<string, number> = {}
  for (const { scope, metrics: found } of resourceMetrics.scopeMetrics) {
    for (const { descriptor, dataPoints } of found) {
      for (const { attributes, value } of dataPoints) {
        const key = keyOf(scope.name, descriptor.name, attributes)
        points[key] = (points[key] ?? 0) + (typeof value === 'number' ? value : value.count)
      }
    }
  }
  return points
}

/** A message is handled: some fail, some come again. */
function handle(runtime: Runtime, scope: string, index: number, recount: Recount): void {
  const failed = index % 3 === 0
  const again = index % 2 === 0
  const error = failed ? { [ERROR_TYPE]: 'TypeError' } : {}
  try {
    const count = again ? { deliveries: 2, exact: true } : undefined
    processDelivery(runtime, delivery({ count }), failed ? fail : nothing)
  } catch {
    // Counted below.
  }
  recount.add(scope, METRICS.consumed, 1)
  recount.add(scope, METRICS.inFlight, 0)
  recount.add(CORE, METRICS.oldestAge, 0)
  recount.add(scope, METRICS.processDuration, 1, error)
  const labels = { [OURS.outcome]: failed ? 'requeued' : 'acked', [OURS.kind]: again ? 'redelivery' : 'first' }
  recount.add(scope, METRICS.deliveries, 1, labels)
}

/** A call that sends: some are refused, some messages have no room for the context. */
function send(runtime: Runtime, scope: string, index: number, recount: Recount): void {
  const failed = index % 5 === 0
  const full = index % 7 === 0
  const error = failed ? { [ERROR_TYPE]: 'TypeError' } : {}
  try {
    sendPublication(runtime, publication([{}, full ? { fits: () => false } : {}]), failed ? fail : nothing)
  } catch {
    // Counted below.
  }
  recount.add(scope, METRICS.sent, 2, error)
  recount.add(scope, METRICS.operationDuration, 1, error)
  if (full) recount.add(scope, METRICS.skipped, 1, { [OURS.reason]: 'no_room' })
}

/** A batch is handled as a whole. */
function handleBatch(runtime: Runtime, scope: string, recount: Recount): void {
  processBatch(runtime, [delivery(), delivery(), delivery()], nothing)
  recount.add(scope, METRICS.consumed, 3)
  recount.add(scope, METRICS.inFlight, 0)
  recount.add(CORE, METRICS.oldestAge, 0)
  recount.add(scope, METRICS.processDuration, 1)
}

/** Ten instances of two adapters at work on one queue. */
function createWork(meterProvider: AnyMeterProvider | undefined) {
  const recount = createRecount()
  const instances = Array.from({ length: 10 }, (_, index) => {
    const scope = index % 2 === 0 ? KAFKA : AMQP
    return { scope, runtime: instanceOf(scope, meterProvider) }
  })
  let index = 0
  return {
    recount,
    run: (messages: number): void => {
      for (const end = index + messages; index < end; index++) {
        const { scope, runtime } = instances[(index * 7) % 10]!
        handle(runtime, scope, index, recount)
        send(runtime, scope, index, recount)
        if (index % 10 === 0) handleBatch(runtime, scope, recount)
      }
    },
  }
}

/** A reader for changes only. */
function createDeltaReader(): OnDemandReader {
  return new OnDemandReader({ aggregationTemporalitySelector: () => AggregationTemporality.DELTA })
}

const ownErrors = (points: Points): Points =>
  Object.fromEntries(Object.entries(points).filter(([key]) => !key.includes(METRICS.errors[0])))

describe('the metrics of two adapters and ten instances on one queue', () => {
  it('are equal to a recount', async () => {
    const reader = new OnDemandReader()
    const { run, recount } = createWork(new MeterProvider({ readers: [reader] }))
    for (const messages of [1, 30, 300, 69]) {
      run(messages)
      expect(ownErrors(await read(reader))).toEqual(recount.points)
    }
  })

  it('are equal to a recount under a View that drops a label', async () => {
    const reader = new OnDemandReader()
    const attributesProcessors = [createDenyListAttributesProcessor([OURS.outcome])]
    const views = [{ instrumentName: METRICS.deliveries[0], attributesProcessors }]
    const { run, recount } = createWork(new MeterProvider({ readers: [reader], views }))
    const expected = () => {
      const sums = createRecount()
      for (const [key, value] of Object.entries(recount.points)) {
        const [scope = '', metric = '', ...labels] = key.split(' ')
        const kept = metric === METRICS.deliveries[0] ? labels.slice(1) : labels
        const merged = [scope, metric, ...kept].join(' ')
        sums.points[merged] = (sums.points[merged] ?? 0) + value
      }
      return sums.points
    }
    for (const messages of [13, 40]) {
      run(messages)
      expect(ownErrors(await read(reader))).toEqual(expected())
    }
  })

  it('are equal to a recount for a delta reader and a cumulative one at once', async () => {
    const cumulative = new OnDemandReader()
    const delta = createDeltaReader()
    const { run, recount } = createWork(new MeterProvider({ readers: [cumulative, delta] }))
    const sums: Record<string, number> = {}
    const readDelta = async () => {
      for (const [key, value] of Object.entries(ownErrors(await read(delta)))) sums[key] = (sums[key] ?? 0) + value
    }
    run(31)
    await Promise.all([readDelta(), read(cumulative)])
    run(20)
    await read(cumulative)
    run(9)
    await readDelta()
    run(15)
    const [, all] = await Promise.all([readDelta(), read(cumulative)])
    expect(ownErrors(all)).toEqual(recount.points)
    expect(sums).toEqual(recount.points)
  })

  it('begin at 0 on a provider that replaces another one', async () => {
    const { run, recount } = createWork(undefined)
    const before = new OnDemandReader()
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [before] }))
    run(37)
    const first = { ...recount.points }
    metrics.disable()
    const after = new OnDemandReader()
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [after] }))
    for (const key of Object.keys(recount.points)) delete recount.points[key]
    run(23)
    expect(ownErrors(await read(after))).toEqual(recount.points)
    expect(ownErrors(await read(before))).toEqual(first)
  })

  it('leave out what was before the provider', async () => {
    const { run, recount } = createWork(undefined)
    run(1_000)
    for (const key of Object.keys(recount.points)) delete recount.points[key]
    const reader = new OnDemandReader()
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
    run(3)
    expect(ownErrors(await read(reader))).toEqual(recount.points)
  })

  it('need one callback', async () => {
    const warn = vi.fn<(message: string) => void>()
    diag.setLogger({ error: warn, warn, info: nothing, debug: nothing, verbose: nothing }, DiagLogLevel.WARN)
    const reader = new OnDemandReader()
    const real = new MeterProvider({ readers: [reader] })
    const added = vi.fn<() => void>()
    const meterProvider: AnyMeterProvider = {
      getMeter(...scope) {
        const meter = real.getMeter(...scope)
        const add = meter.addBatchObservableCallback.bind(meter)
        return Object.assign(Object.create(meter), {
          addBatchObservableCallback(...args: Parameters<typeof add>) {
            added()
            add(...args)
          },
        })
      },
    }
    const { run } = createWork(meterProvider)
    run(20)
    await read(reader)
    expect(added).toHaveBeenCalledTimes(1)
    expect(warn).not.toHaveBeenCalled()
  })
})
