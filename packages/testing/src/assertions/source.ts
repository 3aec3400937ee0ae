import type { RecordedSpan } from '../spans/span.ts'

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
