import { TraceFlags, type SpanContext } from '@opentelemetry/api'

/** Length of a version 00 `traceparent`. Later versions may be longer, never shorter. */
const LENGTH = 55

/** W3C Trace Context Level 2: the trace id is random enough to sample on. */
export const RANDOM_FLAG = 0x02

/** The flags this library knows. All others are zero when we write a header, as the standard asks. */
export const KNOWN_FLAGS: number = TraceFlags.SAMPLED | RANDOM_FLAG

const DASH = 45
const ZERO = 48
const NO_DIGIT = 128

/**
 * Reads a `traceparent` strictly.
 *
 * Blanks around the value are allowed, a later version is read as far as version 00 goes; upper-case digits, zero ids,
 * wrong lengths and everything else are not. Never throws.
 *
 * @see https://www.w3.org/TR/trace-context-2/#traceparent-header
 */
export function parseTraceparent(text: string): SpanContext | undefined {
  const value = text.length === LENGTH ? text : trimBlanks(text)
  if (value.length < LENGTH) return undefined
  if (value.charCodeAt(2) !== DASH || value.charCodeAt(35) !== DASH || value.charCodeAt(52) !== DASH) return undefined
  if (value.charCodeAt(0) !== ZERO || value.charCodeAt(1) !== ZERO || value.length > LENGTH) {
    if (hexBits(value, 0, 2) < 0) return undefined
    const version = value.slice(0, 2)
    if (version === 'ff') return undefined
    if (value.length > LENGTH && (version === '00' || value.charCodeAt(LENGTH) !== DASH)) return undefined
  }
  if (hexBits(value, 3, 35) <= 0 || hexBits(value, 36, 52) <= 0 || hexBits(value, 53, 55) < 0) return undefined
  // The flags that this library knows are in the last digit.
  const digit = value.charCodeAt(54)
  const traceFlags = (digit > 57 ? digit - 87 : digit) & KNOWN_FLAGS
  return { traceId: value.slice(3, 35), spanId: value.slice(36, 52), traceFlags, isRemote: true }
}

/**
 * Writes a version 00 `traceparent`: 55 characters, unknown flags cleared.
 *
 * @param moreFlags set in addition to the context's own
 */
export function formatTraceparent(context: SpanContext, moreFlags: number = TraceFlags.NONE): string {
  return `00-${formatIds(context, moreFlags)}`
}

/** `<trace id>-<span id>`: names a span, whatever the flags and the trace state of its context are. */
export function idsOf({ traceId, spanId }: SpanContext): string {
  return `${traceId}-${spanId}`
}

/** `<trace id>-<span id>-<flags>`: a span context inside a field of ours. */
export function formatIds(context: SpanContext, moreFlags: number = TraceFlags.NONE): string {
  return `${idsOf(context)}-0${(context.traceFlags | moreFlags) & KNOWN_FLAGS}`
}

/** Whether two contexts name the same span. Flags and trace state do not matter. */
export function sameSpan(left: SpanContext | undefined, right: SpanContext | undefined): boolean {
  return left !== undefined && right !== undefined && left.spanId === right.spanId && left.traceId === right.traceId
}

/** By character: the value of a lower-case hexadecimal digit, else a number above all of them. */
const DIGITS: Uint8Array = Uint8Array.from({ length: 128 }, (_, code) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(code))
  return digit === -1 ? NO_DIGIT : digit
})

/** Negative: not lower-case hexadecimal. 0: zeros only. Positive: at least one digit that is not zero. */
function hexBits(value: string, from: number, to: number): number {
  let bits = 0
  for (let index = from; index < to; index++) {
    const code = value.charCodeAt(index)
    bits |= code > 127 ? NO_DIGIT : (DIGITS[code] ?? NO_DIGIT)
  }
  return bits >= NO_DIGIT ? -1 : bits
}

/** Removes spaces and tabs, and nothing else: a line break inside a header is an attack, not a blank. */
export function trimBlanks(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && isBlank(text.charCodeAt(from))) from++
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--
  return from === 0 && to === text.length ? text : text.slice(from, to)
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9
}
