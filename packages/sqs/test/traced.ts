import { context as contexts, type Attributes } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace-base'
import type { TracingOptions } from '@tracebaton/core'

/** Options with a real SDK behind them, everything kept in memory. */
export interface Traced {
  /** One object, so that all functions given it share one instance. */
  readonly options: TracingOptions
  /** Ended spans, in the order they ended. */
  readonly spans: readonly ReadableSpan[]
  readonly failures: readonly unknown[]
  /** Runs work with a span active around it. */
  around<Result>(name: string, work: () => Promise<Result>): Promise<Result>
  named(prefix: string): ReadableSpan[]
  counted(metric: string, labels?: Attributes): Promise<number>
}

export function useContexts(): void {
  contexts.disable()
  contexts.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
}

const nothing = async (): Promise<void> => {}

export function createTraced(more: TracingOptions = {}): Traced {
  const spans: ReadableSpan[] = []
  const failures: unknown[] = []
  const onEnd = (span: ReadableSpan): void => void spans.push(span)
  const tracerProvider = new BasicTracerProvider({
    spanProcessors: [{ onStart: () => {}, onEnd, forceFlush: nothing, shutdown: nothing }],
  })
  const reader = new MemoryReader()
  return {
    options: {
      tracerProvider,
      meterProvider: new MeterProvider({ readers: [reader] }),
      onError: (error) => failures.push(error),
      ...more,
    },
    spans,
    failures,
    around: (name, work) =>
      tracerProvider.getTracer('test').startActiveSpan(name, async (span) => {
        try {
          return await work()
        } finally {
          span.end()
        }
      }),
    named: (prefix) => spans.filter(({ name }) => name.startsWith(prefix)),
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

class MemoryReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}
