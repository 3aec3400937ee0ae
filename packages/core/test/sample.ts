import { TraceFlags, type SpanContext } from '@opentelemetry/api'

/** The ids of the W3C conformance suite. */
export const T = '12345678901234567890123456789012'
export const P = '1234567890123456'
export const OK: string = `00-${T}-${P}-01`

/** A span context made of one repeated hex digit. */
export function spanContext(digit: string, traceFlags: number = TraceFlags.SAMPLED): SpanContext {
  return { traceId: digit.repeat(32), spanId: digit.repeat(16), traceFlags, isRemote: true }
}

/** Its `traceparent`. */
export function traceparentOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-0${traceFlags}`
}
