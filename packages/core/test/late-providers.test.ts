import { metrics, trace } from '@opentelemetry/api'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { beforeEach, describe, expect, it } from 'vitest'
import { METRICS, OURS } from '../src/base/names.ts'
import { createAdapterTracing } from '../src/tracing.ts'
import { OnDemandReader } from './counting.ts'
import { delivery, publication } from './messages.ts'
import { createSdk, registerContextManager, resetGlobals, type Sdk } from './sdk.ts'

resetGlobals()
beforeEach(registerContextManager)

const nothing = () => undefined

/** Registers the SDK for spans in place of the one there may be. */
function registerTracer(): Sdk {
  trace.disable()
  const sdk = createSdk()
  trace.setGlobalTracerProvider(sdk.tracerProvider)
  return sdk
}

/** Registers the SDK for metrics in place of the one there may be; gives what reads the points of a metric. */
function registerMeter(): (metric: string) => Promise<readonly unknown[]> {
  metrics.disable()
  const reader = new OnDemandReader()
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
  return async (metric) => {
    const { resourceMetrics } = await reader.collect()
    const all = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
    return all
      .filter(({ descriptor }) => descriptor.name === metric)
      .flatMap(({ dataPoints }) => dataPoints.map(({ value }) => value))
  }
}

describe('one instance', () => {
  it('makes its spans with the tracer provider there is at the time', () => {
    const tracing = createAdapterTracing()
    const use = () => {
      tracing.process(delivery(), nothing)
      tracing.send(publication(), nothing)
    }
    use()
    const first = registerTracer()
    use()
    const second = registerTracer()
    use()
    trace.disable()
    use()
    for (const sdk of [first, second]) {
      expect(sdk.ended().map(({ name }) => name)).toEqual(['process orders', 'send orders'])
    }
  })

  it('settles what began before the providers went', () => {
    const tracing = createAdapterTracing()
    const sdk = registerTracer()
    const attempt = tracing.open(delivery())
    attempt.run(nothing)
    trace.disable()
    const call = { system: 'rabbitmq', operation: 'ack', destination: { name: 'orders' }, keys: [1], batch: true }
    tracing.settle({ ...call, outcome: 'acked', attempts: [attempt] }, nothing)
    expect(sdk.ended().map(({ attributes }) => attributes[OURS.outcome])).toEqual(['acked'])
  })

  it('stays with the tracer provider it was given', () => {
    const own = createSdk()
    const tracing = createAdapterTracing({ tracerProvider: own.tracerProvider })
    const other = registerTracer()
    tracing.process(delivery(), nothing)
    expect([own, other].map((sdk) => sdk.ended().length)).toEqual([1, 0])
  })

  it('measures with the meter provider there is at the time', async () => {
    const tracing = createAdapterTracing()
    const use = () => tracing.process(delivery(), nothing)
    use()
    const first = registerMeter()
    use()
    const second = registerMeter()
    use()
    use()
    metrics.disable()
    use()
    expect(await first(METRICS.deliveries[0])).toEqual([1])
    expect(await second(METRICS.deliveries[0])).toEqual([2])
  })

  it('counts its failures where the meter provider came after the first, or is another one', async () => {
    const tracing = createAdapterTracing({ onError: nothing })
    const failOnce = () =>
      tracing.guard(() => {
        throw new Error('ours')
      })
    failOnce()
    const first = registerMeter()
    failOnce()
    const second = registerMeter()
    failOnce()
    failOnce()
    expect(await first(METRICS.errors[0])).toEqual([1])
    expect(await second(METRICS.errors[0])).toEqual([2])
  })
})

it('spans and metrics have the scope by which they are found', async () => {
  metrics.disable()
  const reader = new OnDemandReader()
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
  const sdk = registerTracer()
  createAdapterTracing().process(delivery(), nothing)
  expect(sdk.ended().map(({ instrumentationScope }) => instrumentationScope.name)).toEqual(['@tracebaton/core'])
  const { resourceMetrics } = await reader.collect()
  expect([...new Set(resourceMetrics.scopeMetrics.map(({ scope }) => scope.name))]).toEqual(['@tracebaton/core'])
})

const withSpans = () => createAdapterTracing({ tracerProvider: createSdk().tracerProvider })

describe('what is in flight', () => {
  const ways = [
    ['a message', (work: () => Promise<void>) => withSpans().process(delivery(), work)],
    ['a batch', (work: () => Promise<void>) => withSpans().processBatch([delivery(), delivery()], work)],
  ] as const

  it.each(ways)('is never less than nothing: %s whose handler began before there was a meter', async (_, handle) => {
    let points: ReturnType<typeof registerMeter> | undefined
    await handle(async () => {
      points = registerMeter()
    })
    expect(await points?.(METRICS.inFlight[0])).not.toContainEqual(expect.toSatisfy((value) => value !== 0))
    // What nothing timed at its beginning has no duration.
    expect(await points?.(METRICS.processDuration[0])).toEqual([])
  })

  it.each(ways)('is taken off where it was counted: %s whose handler saw the meter replaced', async (_, handle) => {
    const before = registerMeter()
    let after: typeof before | undefined
    await handle(async () => {
      expect(await before(METRICS.inFlight[0])).not.toEqual([0])
      after = registerMeter()
    })
    expect(await before(METRICS.inFlight[0])).toEqual([0])
    expect(await before(METRICS.processDuration[0])).toMatchObject([{ count: 1 }])
    expect(await after?.(METRICS.processDuration[0])).toEqual([])
    expect(await after?.(METRICS.inFlight[0])).not.toContainEqual(expect.toSatisfy((value) => value !== 0))
  })
})
