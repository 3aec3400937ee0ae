import { BasicTracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace-base'
import type { TracingOptions } from '@tracebaton/core'
import { createCounting, type Counting } from '../../core/test/counting.ts'
import { w3cPropagator } from '../../core/test/sdk.ts'

/** Options with a real SDK behind them, everything kept in memory. */
export interface Traced extends Pick<Counting, 'counted'> {
  /** One object, so that all functions given it share one instance. */
  readonly options: TracingOptions
  /** Ended spans, in the order they ended. */
  readonly spans: readonly ReadableSpan[]
  readonly failures: readonly unknown[]
  /** Runs work with a span active around it. */
  around<Result>(name: string, work: () => Promise<Result>): Promise<Result>
  named(prefix: string): ReadableSpan[]
}

const nothing = async (): Promise<void> => {}

export function createTraced(more: TracingOptions = {}): Traced {
  const spans: ReadableSpan[] = []
  const failures: unknown[] = []
  const onEnd = (span: ReadableSpan): void => void spans.push(span)
  const tracerProvider = new BasicTracerProvider({
    spanProcessors: [{ onStart: () => {}, onEnd, forceFlush: nothing, shutdown: nothing }],
  })
  const { meterProvider, counted } = createCounting()
  return {
    options: {
      tracerProvider,
      meterProvider,
      propagator: w3cPropagator(),
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
    counted,
  }
}
