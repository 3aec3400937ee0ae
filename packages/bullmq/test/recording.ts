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

/** The roles of a span's links, in order. */
export function rolesOf(span: RecordedSpan): readonly (string | undefined)[] {
  return span.links.map(({ role }) => role)
}
