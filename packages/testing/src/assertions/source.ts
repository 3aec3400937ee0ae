import type { Finding } from '../rules/finding.ts'
import type { RecordedSpan } from '../spans/span.ts'
import { TraceAssertionError } from './assertion-error.ts'

/** Where an assertion takes its spans from: a list, a recorder, or a receiver. */
export type SpanSource =
  | readonly RecordedSpan[]
  | { readonly spans: readonly RecordedSpan[]; readonly open?: readonly RecordedSpan[] }

/** All spans of a source, ended or not. Throws a TypeError where there is no source. */
export function spansOf(source: SpanSource): readonly RecordedSpan[] {
  if (typeof source !== 'object' || source === null || !('spans' in source || Array.isArray(source))) {
    throw new TypeError('Spans are needed: a list of them, a recorder, or a receiver.')
  }
  return 'spans' in source ? [...source.spans, ...(source.open ?? [])] : source
}

/**
 * Throws what was found.
 *
 * @param subject what has to be among the spans, or there is nothing to judge and the assertion fails: a test whose SDK
 * was never set up would otherwise pass
 */
export function assertNothingFound(
  spans: readonly RecordedSpan[],
  findings: readonly Finding[],
  subject: { readonly found: boolean; readonly name: string; readonly rule: string },
): true {
  if (findings.length > 0) throw new TraceAssertionError(findings, spans)
  if (subject.found) return true
  throw new TraceAssertionError([nothing(subject, spans.length)], spans)
}

function nothing({ name, rule }: { readonly name: string; readonly rule: string }, count: number): Finding {
  return {
    rule,
    problem: `There is nothing to judge: of ${count} spans none is ${name}.`,
    message: 'none',
    hop: 'none',
    side: 'unknown',
    service: '',
    spans: [],
  }
}
