import { context as contexts, type Attributes } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, type ReadableSpan, type Sampler } from '@opentelemetry/sdk-trace-base'
import type { TracingOptions } from '../src/options.ts'
import type { Stage } from '../src/report.ts'
import { createTracing, type Tracing } from '../src/tracing.ts'
import { createLedger, type Ledger } from './ledger.ts'

/** Tracing with a real SDK behind it, everything kept in memory. */
export interface Traced {
  readonly tracing: Tracing
  /** Ended spans, in the order they ended. */
  readonly spans: readonly ReadableSpan[]
  readonly ledger: Ledger
  /** Our own contained failures. */
  readonly failures: { readonly stage: Stage; readonly error: unknown }[]
  /** The one span of a name; fails where there is none or another. */
  readonly span: (name: string) => ReadableSpan
  /** Sum of a counter, or count of a histogram, over the points that have these labels. */
  readonly counted: (metric: string, labels?: Attributes) => Promise<number>
}

/** Gives asynchronous code its active context, as an SDK does when it is registered. */
export function useContexts(): void {
  contexts.disable()
  contexts.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
}

export function createTraced(options: TracingOptions = {}, sampler?: Sampler): Traced {
  const spans: ReadableSpan[] = []
  const provider = new BasicTracerProvider({
    ...(sampler !== undefined && { sampler }),
    spanProcessors: [
      {
        onStart: () => {},
        onEnd: (span) => {
          spans.push(span)
        },
        forceFlush: async () => {},
        shutdown: async () => {},
      },
    ],
  })
  const reader = new MemoryReader()
  const failures: Traced['failures'] = []
  const ledger = createLedger(provider)
  const tracing = createTracing({
    tracerProvider: ledger.provider,
    meterProvider: new MeterProvider({ readers: [reader] }),
    onError: (error, { stage }) => failures.push({ stage, error }),
    ...options,
  })
  return {
    tracing,
    spans,
    ledger,
    failures,
    span(name) {
      const [span, ...others] = spans.filter((candidate) => candidate.name === name)
      if (span === undefined || others.length > 0) {
        throw new Error(`${others.length + (span ? 1 : 0)} spans ${name} among: ${spans.map((one) => one.name).join()}`)
      }
      return span
    },
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
