import type { Attributes } from '@opentelemetry/api'
import { MeterProvider, type DataPoint, type Histogram } from '@opentelemetry/sdk-metrics'
import type { TracingOptions } from '../src/options.ts'
import { createTracing, type Tracing } from '../src/tracing.ts'
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
  readonly tracing: Tracing
  readonly points: () => Promise<Readonly<Record<string, readonly Point[]>>>
}

export function measure(options: TracingOptions = {}): Measured {
  const reader = new OnDemandReader()
  const meterProvider = new MeterProvider({ readers: [reader] })
  const tracing = createTracing({
    tracerProvider: createSdk().tracerProvider,
    onError: () => undefined,
    ...options,
    meterProvider,
  })
  return {
    tracing,
    async points() {
      const { resourceMetrics } = await reader.collect()
      const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
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
