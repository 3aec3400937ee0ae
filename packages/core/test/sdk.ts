import { context, diag, metrics, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
  type Sampler,
} from '@opentelemetry/sdk-trace-base'
import { afterEach } from 'vitest'

/** A tracer provider of the real SDK, and the spans it has ended. */
export interface Sdk {
  readonly tracerProvider: BasicTracerProvider
  readonly ended: () => readonly ReadableSpan[]
}

export function createSdk(sampler?: Sampler): Sdk {
  const exporter = new InMemorySpanExporter()
  const spanProcessors = [new SimpleSpanProcessor(exporter)]
  const tracerProvider = new BasicTracerProvider(
    sampler === undefined ? { spanProcessors } : { sampler, spanProcessors },
  )
  return { tracerProvider, ended: () => exporter.getFinishedSpans() }
}

/** Registers a context manager, without which no span is ever active. */
export function registerContextManager(): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
}

/** The propagator that SDKs register by default. */
export function w3cPropagator(): CompositePropagator {
  return new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] })
}

/** Takes everything global back after each test of the file. */
export function resetGlobals(): void {
  afterEach(() => {
    for (const api of [context, diag, metrics, propagation, trace]) api.disable()
  })
}

/** The only one of a list; fails where there are none or several. */
export function only<Item>(items: readonly Item[]): Item {
  const [item] = items
  if (item === undefined || items.length > 1) throw new Error(`Expected exactly one, got ${items.length}`)
  return item
}
