import type { Context, Span, SpanOptions, Tracer, TracerProvider } from '@opentelemetry/api'

/** A method of a span, as the API has them. */
export type SpanMethod = Exclude<keyof Span, symbol>

/** Makes a method fail: told what the method is, gives what stands in its place. */
export type Break = (original: (...args: never[]) => unknown) => (...args: never[]) => unknown

/** Counts the starts and ends of all spans of a provider, whatever else is broken about them. */
export interface Ledger {
  readonly provider: TracerProvider
  readonly started: () => number
  /** Spans that were not ended exactly once. */
  readonly unbalanced: () => number
}

/** What of a provider is to be broken. */
export interface Faults {
  readonly getTracer?: Break
  readonly startSpan?: Break
  readonly span?: { readonly [Method in SpanMethod]?: Break }
}

export function createLedger(provider: TracerProvider, faults: Faults = {}): Ledger {
  const ends: { count: number }[] = []

  const wrapSpan = (span: Span): Span => {
    const entry = { count: 0 }
    ends.push(entry)
    const broken = new Map(Object.entries(faults.span ?? {}).map(([name, fault]) => [name, fault(bound(span, name))]))
    return new Proxy(span, {
      get(target, key) {
        if (key === 'end') {
          return (...args: never[]) => {
            entry.count += 1
            return (broken.get('end') ?? bound(target, 'end'))(...args)
          }
        }
        return typeof key === 'string' && broken.has(key) ? broken.get(key) : bound(target, key)
      },
    })
  }
  const startSpan = (tracer: Tracer) => (name: string, options?: SpanOptions, context?: Context) =>
    wrapSpan(tracer.startSpan(name, options, context))
  const getTracer = (name: string, version?: string): Tracer => {
    const tracer = provider.getTracer(name, version)
    const start = startSpan(tracer)
    return {
      startSpan: (faults.startSpan === undefined ? start : faults.startSpan(start)) as Tracer['startSpan'],
      startActiveSpan: tracer.startActiveSpan.bind(tracer),
    }
  }
  return {
    provider: {
      getTracer: (faults.getTracer === undefined ? getTracer : faults.getTracer(getTracer)) as typeof getTracer,
    },
    started: () => ends.length,
    unbalanced: () => ends.filter(({ count }) => count !== 1).length,
  }
}

function bound(target: Span, key: string | symbol): (...args: never[]) => unknown {
  const value: unknown = Reflect.get(target, key)
  return typeof value === 'function' ? value.bind(target) : (value as never)
}
