import type { Attributes, MeterProvider } from '@opentelemetry/api'
import { MeterProvider as SdkMeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'

/** What a metric says for one set of labels. */
export interface MetricPoint {
  readonly metric: string
  readonly labels: Attributes
  /** The value of a counter, or the number of values of a histogram. */
  readonly count: number
}

/** Metrics kept in memory, and read on demand. */
export interface Metering {
  readonly provider: MeterProvider
  points(): Promise<readonly MetricPoint[]>
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
  const points = async (): Promise<MetricPoint[]> => {
    const { resourceMetrics } = await reader.collect()
    return resourceMetrics.scopeMetrics
      .flatMap(({ metrics }) => metrics)
      .flatMap(({ descriptor, dataPoints }) =>
        dataPoints.map(({ attributes, value }) => ({
          metric: descriptor.name,
          labels: attributes,
          count: typeof value === 'number' ? value : value.count,
        })),
      )
  }
  const pointsOf = async (name: string): Promise<MetricPoint[]> =>
    (await points()).filter(({ metric }) => metric === name)
  return {
    provider: new SdkMeterProvider({ readers: [reader] }),
    points,
    async counted(metric, labels = {}) {
      const wanted = Object.entries(labels)
      return (await pointsOf(metric))
        .filter((point) => wanted.every(([key, label]) => point.labels[key] === label))
        .reduce((sum, { count }) => sum + count, 0)
    },
    async labels(metric, name) {
      return (await pointsOf(metric)).map(({ labels }) => labels[name])
    },
  }
}
