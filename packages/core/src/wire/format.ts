import { createContextKey, propagation, trace, type Context, type SpanContext } from '@opentelemetry/api'
import type { Lineage, MoveFacts, Slot } from './history.ts'
import type { FieldChanges, Fields, HeaderGetter, Headers } from './carrier.ts'
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
  /** The `baggage` headers as they came; `undefined`: there are none. */
  readonly baggage: readonly unknown[] | undefined
  /** A context that decides nothing on sampling: it is linked, never a parent, and goes no further. */
  readonly named?: SpanContext
}

/** How contexts are written into headers. Either of its functions may throw what the propagator throws. */
export interface Format {
  /** Leaves the lineage and the facts of moves to the caller. */
  read(headers: Headers): Extracted
  /** @param spanContext that of the context; `undefined`: baggage is all that there is */
  write(context: Context, spanContext: SpanContext | undefined): Fields | undefined
  /** The part that a context cannot do without; `undefined` where no field is known to be one. */
  essential(fields: FieldChanges): Fields | undefined
}

/** Reading and writing of the configured propagator's fields, and of ours. Never throws. */
export interface Propagation {
  /**
   * What cannot be read is reported and counts as absent or malformed.
   *
   * @param slot a context from elsewhere, for a carrier without one
   */
  extract<Carrier>(carrier: Carrier, getter: HeaderGetter<Carrier>, slot?: Slot): Extracted
  /**
   * The fields for a message whose creation context is active in `context`; `undefined` where there are none.
   *
   * @param spanContext that of the context, where it is known
   */
  fields(context: Context, spanContext?: SpanContext): Fields | undefined
  /** The names of all fields that may be on a message. */
  names(): readonly string[]
  /**
   * Whether a header belongs to the propagator or to us, in any letter case.
   *
   * @param fields what is written. The headers of a context are one thing, and `baggage` is another: either is replaced
   * only where it is among the fields. Default: everything
   */
  readonly isField: (name: string, fields?: FieldChanges) => boolean
  /** See {@link Format.essential}. */
  essential(fields: FieldChanges): Fields | undefined
  /** What takes a message's context and baggage off, and writes none. */
  readonly nothing: () => FieldChanges
}

/** The key of OpenTelemetry's own `suppressTracing`. */
const SUPPRESSED = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING')

/** Whether neither spans nor contexts are wanted here: an exporter ships through a queue. */
export function isSuppressed(context: Context): boolean {
  return context.getValue(SUPPRESSED) === true
}

/** Whether a context has nothing to pass on. It has where nothing else is traced: a gateway without an SDK. */
export function isBare(context: Context): boolean {
  return validSpanContext(context) === undefined && propagation.getBaggage(context) === undefined
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
