import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { MeterProvider as AnyMeterProvider } from '@opentelemetry/api'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { METRICS } from '../../src/base/names.ts'
import { createAdapterTracing } from '../../src/tracing.ts'
import { OnDemandReader } from '../counting.ts'
import { delivery, publication } from '../messages.ts'
import { registerContextManager, resetGlobals } from '../sdk.ts'

resetGlobals()
beforeEach(registerContextManager)

const nothing = () => undefined
const fail = () => {
  throw new TypeError('broken on purpose')
}

/** A provider made by hand, which runs no callbacks: the sums of what its instruments were given, and how often. */
function createHandMade(add?: () => void) {
  const sums: Record<string, number> = {}
  const given = { calls: 0 }
  const counterOf = (name: string) => ({
    add(value: number) {
      given.calls += 1
      add?.()
      sums[name] = (sums[name] ?? 0) + value
    },
  })
  const meter = {
    createCounter: counterOf,
    createUpDownCounter: counterOf,
    createHistogram: () => ({ record: nothing }),
    createObservableGauge: () => ({}),
    addBatchObservableCallback: nothing,
  }
  return { meterProvider: { getMeter: () => meter } as unknown as AnyMeterProvider, sums, given }
}

describe('a provider that runs no callbacks', () => {
  it('is given the numbers after 1,000 handled messages', () => {
    const { meterProvider, sums, given } = createHandMade()
    const tracing = createAdapterTracing({ meterProvider })
    const handleMany = (messages: number) => {
      for (let index = 0; index < messages; index++) tracing.process(delivery(), nothing)
    }
    handleMany(999)
    expect(sums).toEqual({})
    const expected = { [METRICS.consumed[0]]: 1_000, [METRICS.deliveries[0]]: 1_000, [METRICS.inFlight[0]]: 0 }
    handleMany(1)
    expect(sums).toEqual(expected)
    handleMany(999)
    expect(sums).toEqual(expected)
    handleMany(1)
    expect(sums[METRICS.deliveries[0]]).toBe(2_000)
    expect(given.calls).toBe(6)
  })

  it('is given the numbers after 1,000 sent messages', () => {
    const { meterProvider, sums } = createHandMade()
    const tracing = createAdapterTracing({ meterProvider })
    for (let call = 0; call < 499; call++) tracing.send(publication([{}, {}]), nothing)
    expect(sums).toEqual({})
    tracing.send(publication([{}, {}]), nothing)
    expect(sums).toEqual({ [METRICS.sent[0]]: 1_000 })
  })

  it('changes nothing for the host where its instruments throw', () => {
    const onError = vi.fn<(error: unknown, details: { readonly stage: string }) => void>()
    const { meterProvider } = createHandMade(fail)
    const tracing = createAdapterTracing({ meterProvider, onError })
    for (let index = 0; index < 1_000; index++) expect(tracing.process(delivery(), () => index)).toBe(index)
    expect(onError.mock.calls.map(([, { stage }]) => stage)).toEqual(['metrics', 'metrics', 'metrics'])
  })
})

describe('ten thousand instances', () => {
  it('leave the heap flat', { timeout: 60_000 }, () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const meterProvider = new MeterProvider({ readers: [new OnDemandReader()] })
    const use = (instances: number) => {
      for (let index = 0; index < instances; index++) {
        createAdapterTracing({ meterProvider }).process(delivery(), nothing)
      }
      collect()
      return process.memoryUsage().heapUsed
    }
    const before = use(1_000)
    expect(use(10_000) - before).toBeLessThan(1_000_000)
  })
})
