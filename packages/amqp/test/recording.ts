import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import type { TracingOptions } from '@tracebaton/core'
import { createRecorder, type RecordedSpan, type Recorder } from '@tracebaton/testing'

/** Tracing with a real SDK behind it, everything kept in memory. */
export interface Recording {
  readonly options: TracingOptions
  readonly recorder: Recorder
  readonly provider: BasicTracerProvider
  /** Our own contained failures. */
  readonly failures: unknown[]
  /** The one ended span of a name; fails where there is none or another. */
  readonly span: (name: string) => RecordedSpan
  /** The ended spans of a name, in the order they ended. */
  readonly spans: (name: string) => readonly RecordedSpan[]
}

/** Gives asynchronous code its active context, as an SDK does when it is registered. */
export function useContexts(): void {
  context.disable()
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
}

export function createRecording(options: TracingOptions = {}): Recording {
  const recorder = createRecorder()
  const provider = new BasicTracerProvider({ spanProcessors: [recorder] })
  const failures: unknown[] = []
  const spans = (name: string): readonly RecordedSpan[] => recorder.spans.filter((span) => span.name === name)
  return {
    options: { tracerProvider: provider, onError: (error) => failures.push(error), ...options },
    recorder,
    provider,
    failures,
    spans,
    span(name) {
      const [span, ...others] = spans(name)
      if (span === undefined || others.length > 0) {
        throw new Error(`Expected one span ${name} among: ${recorder.spans.map((one) => one.name).join()}`)
      }
      return span
    },
  }
}

/** `<trace id>-<span id>`, of a span or of a `traceparent`. */
export function idOf(source: RecordedSpan | string | undefined): string {
  return typeof source === 'object' ? `${source.traceId}-${source.spanId}` : String(source).slice(3, 52)
}

/** What a span says of its attempt. */
export function attemptOf({ attributes, status }: RecordedSpan): Record<string, unknown> {
  return {
    attempt: attributes['tracebaton.delivery.attempt'],
    source: attributes['tracebaton.delivery.attempt_source'],
    kind: attributes['tracebaton.delivery.kind'],
    outcome: attributes['tracebaton.delivery.outcome'],
    status,
  }
}
