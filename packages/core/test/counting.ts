import type { Attributes } from '@opentelemetry/api'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'

/** Collects when it is asked to. */
export class OnDemandReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** A meter provider of the real SDK, and what it has counted. */
export interface Counting {
  readonly meterProvider: MeterProvider
  /** Sum of a counter, or count of a histogram, over the points that have these labels. */
  readonly counted: (metric: string, labels?: Attributes) => Promise<number>
}

export function createCounting(): Counting {
  const reader = new OnDemandReader()
  return {
    meterProvider: new MeterProvider({ readers: [reader] }),
    async counted(metric, labels = {}) {
      const { resourceMetrics } = await reader.collect()
      let sum = 0
      for (const { descriptor, dataPoints } of resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics)) {
        if (descriptor.name !== metric) continue
        for (const { attributes, value } of dataPoints) {
          const wanted = Object.entries(labels).every(([key, label]) => attributes[key] === label)
          if (wanted) sum += typeof value === 'number' ? value : value.count
        }
      }
      return sum
    },
  }
}
