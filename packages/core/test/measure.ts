import type { Attributes } from '@opentelemetry/api'
import { MeterProvider, type DataPoint, type Histogram } from '@opentelemetry/sdk-metrics'
import type { TracingOptions } from '../src/options.ts'
import type { Scope } from '../src/base/scope.ts'
import { createAdapterTracing, type AdapterTracing } from '../src/tracing.ts'
import { OnDemandReader } from './counting.ts'
import { createSdk } from './sdk.ts'

/** One data point, whatever its metric. */
export interface Point {
  readonly labels: Attributes
  /** A counter's value, or how often a histogram was recorded. */
  readonly value: number
  readonly sum: number | undefined
  readonly boundaries: readonly number[] | undefined
}

/** A tracing whose metrics can be read, by name. */
export interface Measured {
  readonly tracing: AdapterTracing
  readonly points: () => Promise<Readonly<Record<string, readonly Point[]>>>
  /** The scopes of all metrics there are. */
  readonly scopes: () => Promise<readonly unknown[]>
}

export function measure(options: TracingOptions = {}, scope?: Scope): Measured {
  const reader = new OnDemandReader()
  const meterProvider = new MeterProvider({ readers: [reader] })
  const tracing = createAdapterTracing(
    {
      tracerProvider: createSdk().tracerProvider,
      onError: () => undefined,
      ...options,
      meterProvider,
    },
    scope,
  )
  return {
    tracing,
    async scopes() {
      const { resourceMetrics } = await reader.collect()
      return resourceMetrics.scopeMetrics.map((metrics) => metrics.scope)
    },
    async points() {
      const { resourceMetrics } = await reader.collect()
      const metrics = resourceMetrics.scopeMetrics.flatMap((part) => part.metrics)
      return Object.fromEntries(
        metrics.map(({ descriptor, dataPoints }) => [
          descriptor.name,
          (dataPoints as readonly DataPoint<number | Histogram>[]).map(({ attributes, value }) =>
            typeof value === 'number'
              ? { labels: attributes, value, sum: undefined, boundaries: undefined }
              : { labels: attributes, value: value.count, sum: value.sum, boundaries: value.buckets.boundaries },
          ),
        ]),
      )
    },
  }
}
