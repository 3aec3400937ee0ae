import type { Attributes, MeterProvider } from '@opentelemetry/api'
import { MeterProvider as SdkMeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'

/** Metrics kept in memory, and read on demand. */
export interface Metering {
  readonly provider: MeterProvider
  /** The sum of a counter, or the number of values of a histogram, over the points that have these labels. */
  counted(metric: string, labels?: Attributes): Promise<number>
  /** The values that one label of a metric has. */
  labels(metric: string, name: string): Promise<readonly unknown[]>
}

class MemoryReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** Metrics of one scenario. */
export function createMetering(): Metering {
  const reader = new MemoryReader()
  const pointsOf = async (metric: string): Promise<{ attributes: Attributes; value: number }[]> => {
    const { resourceMetrics } = await reader.collect()
    return resourceMetrics.scopeMetrics
      .flatMap(({ metrics }) => metrics)
      .filter(({ descriptor }) => descriptor.name === metric)
      .flatMap(({ dataPoints }) =>
        dataPoints.map(({ attributes, value }) => ({
          attributes,
          value: typeof value === 'number' ? value : value.count,
        })),
      )
  }
  return {
    provider: new SdkMeterProvider({ readers: [reader] }),
    async counted(metric, labels = {}) {
      const wanted = Object.entries(labels)
      return (await pointsOf(metric))
        .filter(({ attributes }) => wanted.every(([key, label]) => attributes[key] === label))
        .reduce((sum, { value }) => sum + value, 0)
    },
    async labels(metric, name) {
      return (await pointsOf(metric)).map(({ attributes }) => attributes[name])
    },
  }
}
