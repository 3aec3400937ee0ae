import { context, diag, DiagLogLevel, metrics, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base'
import { afterEach, beforeEach, onTestFinished } from 'vitest'

/** A provider, and the spans it was given that have ended. */
export interface Sdk {
  readonly tracerProvider: BasicTracerProvider
  readonly names: () => readonly string[]
  readonly spans: () => readonly ReadableSpan[]
}

export function createSdk(): Sdk {
  const exporter = new InMemorySpanExporter()
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  return {
    tracerProvider,
    names: () => exporter.getFinishedSpans().map(({ name }) => name),
    spans: () => exporter.getFinishedSpans(),
  }
}

/** Has contexts in each test of a file, and takes everything global back after it. */
export function withContexts(): void {
  beforeEach(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  })
  afterEach(() => {
    for (const api of [context, diag, metrics, propagation, trace]) api.disable()
  })
}

const nothing = () => {}

interface Switched {
  setTracerProvider(provider: BasicTracerProvider): void
  disable(): void
}

/** Records by a provider of the test what an instrumentation sees, until the test ends. */
export function recorded<Instrumentation extends Switched>(
  instrumentation: Instrumentation,
): Sdk & {
  readonly instrumentation: Instrumentation
} {
  const sdk = createSdk()
  instrumentation.setTracerProvider(sdk.tracerProvider)
  onTestFinished(() => instrumentation.disable())
  return { ...sdk, instrumentation }
}

/** What is said from now on, until the test ends. */
export function warnings(): readonly string[] {
  const said: string[] = []
  const logger = { error: nothing, info: nothing, debug: nothing, verbose: nothing }
  diag.setLogger({ ...logger, warn: (text) => void said.push(text) }, DiagLogLevel.WARN)
  return said
}
