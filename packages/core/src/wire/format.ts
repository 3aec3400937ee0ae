import { propagation, trace, type Context, type SpanContext } from '@opentelemetry/api'
import type { Fields, HeaderGetter, Headers } from './carrier.ts'
import type { Lineage } from './lineage.ts'
import type { MoveFacts } from './move-facts.ts'
import type { ContextStatus } from '../base/policy.ts'

/** What the headers of one message say. */
export interface Extracted {
  /** The root context with the message's span context and baggage, or without where there is none. Never the active one. */
  readonly context: Context
  readonly creation: SpanContext | undefined
  readonly status: Exclude<ContextStatus, 'untrusted'>
  /** Read, not yet believed. */
  lineage: Lineage | undefined
  /** Read, not yet believed. */
  moved: MoveFacts | undefined
}

/** How contexts are written into headers. Either of its functions may throw what the propagator throws. */
export interface Format {
  /** Leaves the lineage and the facts of moves to the caller. */
  read(headers: Headers): Extracted
  write(context: Context, spanContext: SpanContext): Fields | undefined
  /** The part that a context cannot do without; `undefined` where the fields cannot be told apart. */
  essential(fields: Fields): Fields | undefined
}

/** Reading and writing of the configured propagator's fields, and of ours. Never throws. */
export interface Propagation {
  /**
   * What cannot be read is reported and counts as absent or malformed.
   *
   * @param slot a `traceparent` from elsewhere, for a carrier without a context
   */
  extract<Carrier>(carrier: Carrier, getter: HeaderGetter<Carrier>, slot?: string): Extracted
  /** The fields for a message whose creation context is active in `context`; `undefined` where there is none. */
  fields(context: Context): Fields | undefined
  /** The names of all fields that may be on a message. */
  names(): readonly string[]
  /** Whether a header belongs to the propagator or to us, in any letter case. */
  readonly isField: (name: string) => boolean
  /** The part that a context cannot do without, where the fields can be told apart; `undefined` where they cannot. */
  essential(fields: Fields): Fields | undefined
}

const NO_TRACE = '0'.repeat(32)
const NO_SPAN = '0'.repeat(16)

/** The span context that is active in a context, if there is one. */
export function validSpanContext(context: Context): SpanContext | undefined {
  const spanContext = trace.getSpanContext(context)
  return spanContext !== undefined && isValid(spanContext) ? spanContext : undefined
}

/** Whoever made it has checked the digits; this tells a context from none. */
export function isValid({ traceId, spanId }: SpanContext): boolean {
  return traceId.length === 32 && spanId.length === 16 && traceId !== NO_TRACE && spanId !== NO_SPAN
}

/** What to do with baggage: follow the propagator, drop it, or pass on the named entries only. */
export type BaggagePolicy = boolean | readonly string[]

/** The context with the baggage that the policy lets through, in either direction. */
export function withAllowedBaggage(context: Context, policy: BaggagePolicy): Context {
  if (policy === true) return context
  const baggage = propagation.getBaggage(context)
  if (baggage === undefined) return context
  const kept = policy === false ? [] : baggage.getAllEntries().filter(([key]) => policy.includes(key))
  return kept.length === 0
    ? propagation.deleteBaggage(context)
    : propagation.setBaggage(context, propagation.createBaggage(Object.fromEntries(kept)))
}
