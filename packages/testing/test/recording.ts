import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import type { TracingOptions } from '@tracebaton/core'
import { w3cPropagator } from '../../core/test/sdk.ts'
import { createRecorder, type Recorder } from '../src/recording/recorder.ts'
import type { RecordedSpan } from '../src/spans/span.ts'

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

export function createRecording(options: TracingOptions = {}): Recording {
  const recorder = createRecorder()
  const provider = new BasicTracerProvider({ spanProcessors: [recorder] })
  const failures: unknown[] = []
  const spans = (name: string): readonly RecordedSpan[] => recorder.spans.filter((span) => span.name === name)
  return {
    options: {
      tracerProvider: provider,
      propagator: w3cPropagator(),
      onError: (error) => failures.push(error),
      ...options,
    },
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

/** The roles of a span's links, in order. */
export function rolesOf(span: RecordedSpan): readonly (string | undefined)[] {
  return span.links.map(({ role }) => role)
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
