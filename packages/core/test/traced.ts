import { BasicTracerProvider, type ReadableSpan, type Sampler } from '@opentelemetry/sdk-trace-base'
import type { TracingOptions } from '../src/options.ts'
import type { Stage } from '../src/base/report.ts'
import { createAdapterTracing, type AdapterTracing } from '../src/tracing.ts'
import { createCounting, type Counting } from './counting.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { w3cPropagator } from './sdk.ts'

export { useContexts } from './contexts.ts'

/** AdapterTracing with a real SDK behind it, everything kept in memory. */
export interface Traced extends Pick<Counting, 'counted'> {
  readonly tracing: AdapterTracing
  /** Ended spans, in the order they ended. */
  readonly spans: readonly ReadableSpan[]
  readonly ledger: Ledger
  /** Our own contained failures. */
  readonly failures: { readonly stage: Stage; readonly error: unknown }[]
  /** The one span of a name; fails where there is none or another. */
  readonly span: (name: string) => ReadableSpan
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
  const { meterProvider, counted } = createCounting()
  const failures: Traced['failures'] = []
  const ledger = createLedger(provider)
  const tracing = createAdapterTracing({
    tracerProvider: ledger.provider,
    meterProvider,
    propagator: w3cPropagator(),
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
    counted,
  }
}
