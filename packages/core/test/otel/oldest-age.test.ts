import { createAllowListAttributesProcessor, MeterProvider } from '@opentelemetry/sdk-metrics'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { METRICS } from '../../src/base/names.ts'
import { letGo, OldestAge } from '../../src/otel/oldest-age.ts'
import { createAdapterTracing } from '../../src/tracing.ts'
import { OnDemandReader } from '../counting.ts'
import { measure } from '../measure.ts'
import { delivery } from '../messages.ts'
import { registerContextManager, resetGlobals } from '../sdk.ts'

resetGlobals()
beforeEach(() => {
  registerContextManager()
  vi.useFakeTimers({ toFake: ['Date'] })
})
afterEach(() => void vi.useRealTimers())

const [NAME] = METRICS.oldestAge
const nothing = () => undefined
const ago = (seconds: number) => Date.now() - seconds * 1_000

/** What the gauge says of each queue, in seconds. */
function agesIn(points: Awaited<ReturnType<ReturnType<typeof measure>['points']>>): number[] {
  return (points[NAME] ?? []).map(({ value }) => value)
}

/** The ages that are told of all queues, in seconds. */
function told(all: OldestAge): number[] {
  const ages: number[] = []
  all.observe((seconds) => ages.push(seconds))
  return ages
}

describe('the age of the oldest message', () => {
  it('is told while a handler runs, and is 0 afterwards', async () => {
    const { tracing, points } = measure()
    expect(agesIn(await points())).toEqual([])
    await tracing.process(delivery({ sentAt: ago(90) }), async () => {
      await tracing.process(delivery({ sentAt: ago(30) }), async () => {
        expect(agesIn(await points())).toEqual([90])
      })
    })
    expect(agesIn(await points())).toEqual([0])
  })

  it('is that of the first send, also where a copy came later', async () => {
    const { tracing, points } = measure()
    const later = delivery({ sentAt: ago(20) })
    await tracing.process(delivery({ sentAt: ago(10) }), () =>
      tracing.process(later, async () => expect(agesIn(await points())).toEqual([20])),
    )
  })

  it('counts from the delivery where nobody knows the send', async () => {
    const { tracing, points } = measure()
    await tracing.process(delivery({ sentAt: undefined, deliveredAt: ago(7) }), async () => {
      expect(agesIn(await points())).toEqual([7])
    })
  })

  it('is told until the message is settled', async () => {
    const { tracing, points } = measure()
    const attempt = tracing.open(delivery({ sentAt: ago(40) }))
    attempt.run(nothing)
    expect(agesIn(await points())).toEqual([40])
    attempt.settle('acked')
    expect(agesIn(await points())).toEqual([0])
  })

  it('is that of the oldest message of a batch', async () => {
    const { tracing, points } = measure()
    const batch = [delivery({ sentAt: ago(5) }), delivery({ sentAt: ago(50) }), delivery({ sentAt: ago(15) })]
    await tracing.processBatch(batch, async () => {
      expect(agesIn(await points())).toEqual([50])
    })
    expect(agesIn(await points())).toEqual([0])
  })

  it('is that of all queues under a View that drops the queue', async () => {
    const reader = new OnDemandReader()
    const attributesProcessors = [createAllowListAttributesProcessor([])]
    const meterProvider = new MeterProvider({
      readers: [reader],
      views: [{ instrumentName: NAME, attributesProcessors }],
    })
    const tracing = createAdapterTracing({ meterProvider })
    const names = ['one', 'two', 'three', 'four']
    const read = async () => {
      const { resourceMetrics } = await reader.collect()
      const all = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
      const gauges = all.filter(({ descriptor }) => descriptor.name === NAME)
      return gauges.flatMap(({ dataPoints }) => dataPoints.map(({ value }) => value))
    }
    for (const oldest of names) {
      const open = names.map((name) =>
        tracing.open(delivery({ destination: { name }, sentAt: ago(name === oldest ? 90 : 10) })),
      )
      expect(await read()).toEqual([90])
      for (const attempt of open) attempt.settle('acked')
      for (const attempt of open) attempt.run(nothing)
      expect(await read()).toEqual([0])
    }
  })

  it('is one number for the instances of a queue', async () => {
    const reader = new OnDemandReader()
    const meterProvider = new MeterProvider({ readers: [reader] })
    const [one, other] = [createAdapterTracing({ meterProvider }), createAdapterTracing({ meterProvider })]
    const read = async () => {
      const { resourceMetrics } = await reader.collect()
      const all = resourceMetrics.scopeMetrics.flatMap(({ scope, metrics }) =>
        metrics.filter(({ descriptor }) => descriptor.name === NAME).map((metric) => ({ scope, metric })),
      )
      return all.map(({ scope, metric }) => [scope.name, metric.dataPoints.map(({ value }) => value)])
    }
    await one.process(delivery({ sentAt: ago(60) }), () =>
      other.process(delivery({ sentAt: ago(20) }), async () =>
        expect(await read()).toEqual([['@tracebaton/core', [60]]]),
      ),
    )
    expect(await read()).toEqual([['@tracebaton/core', [0]]])
  })
})

describe('what is kept of messages at hand', () => {
  it('is let go of in any order, and once', () => {
    const all = new OldestAge()
    const ages = all.agesOf({ queue: 'orders' })!
    const kept = [30, 10, 20].map((seconds) => ages.keep(ago(seconds)))
    letGo(kept[2])
    letGo(kept[2])
    expect(told(all)).toEqual([30])
    letGo(kept[0])
    expect(told(all)).toEqual([10])
    letGo(kept[1])
    letGo(undefined)
    expect([told(all), all.size]).toEqual([[0], 0])
  })

  it('is bounded', () => {
    const all = new OldestAge()
    const ages = all.agesOf({ queue: 'orders' })!
    const kept = Array.from({ length: 10_001 }, () => ages.keep(Date.now()))
    expect(kept.indexOf(undefined)).toBe(10_000)
    letGo(kept[0])
    expect(ages.keep(Date.now())).toBeDefined()
    const labels = Array.from({ length: 2_001 }, (_, index) => all.agesOf({ queue: `queue-${index}` }))
    expect(labels.filter((one) => one === undefined)).toHaveLength(2)
    expect(all.agesOf({ queue: 'orders' })).toBe(ages)
  })
})
