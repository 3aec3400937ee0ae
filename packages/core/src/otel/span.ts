import { types } from 'node:util'
import {
  context as contexts,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Link,
  type Span,
  type SpanContext,
  type SpanOptions,
  type Tracer,
} from '@opentelemetry/api'
import { boundedType, errorTypeOf, isError, messageOf } from '../base/errors.ts'
import { boundedStack, boundedText } from '../base/bounds.ts'
import { withSpan } from '../base/light-context.ts'
import { isValid } from '../wire/format.ts'
import { ERROR_TYPE, linkAttributes, OURS } from '../base/names.ts'
import type { Relative } from '../base/policy.ts'
import type { Report } from '../base/report.ts'

/** A span that cannot hurt: every call on the real one is contained. Without `#private` members, which V8 defines one by one. */
export class SafeSpan {
  /** Let go of when it ends: whoever holds on to a message holds on to the attempt on it. */
  span: Span | undefined
  /** `undefined`: there is no SDK, or it failed. */
  readonly context: SpanContext | undefined
  private readonly report: Report

  constructor(span: Span | undefined, context: SpanContext | undefined, report: Report) {
    this.span = span
    this.context = context
    this.report = report
  }

  /** Whether anything that is set on it is kept. */
  isRecording(): boolean {
    try {
      return this.span?.isRecording() === true
    } catch (error) {
      this.report.failed('span', error)
      return false
    }
  }

  set(attributes: Attributes): void {
    try {
      this.span?.setAttributes(attributes)
    } catch (error) {
      this.report.failed('span', error)
    }
  }

  /** Marks the span as failed. `status` off: no status is set. */
  fail(error: unknown, status = true): void {
    if (!this.isRecording()) return
    const report = this.report
    const message = report.guard('describe', () => said(report.redact(messageOf(error), 'message', error)))
    report.guard('span', () => this.span?.setAttribute(ERROR_TYPE, errorTypeOf(error)))
    report.guard('span', () => this.recordException(error, message))
    if (status) report.guard('span', () => this.span?.setStatus({ code: SpanStatusCode.ERROR, message: message ?? '' }))
  }

  private recordException(error: unknown, message: string | undefined): void {
    if (!isError(error)) return
    const stack = this.report.redact(error.stack, 'stack', error)
    const { code } = error as { readonly code?: unknown }
    const type = typeof code === 'string' || typeof code === 'number' ? boundedType(String(code)) : errorTypeOf(error)
    this.span?.recordException({ name: type, message: message ?? '', stack: (stack && boundedStack(stack)) ?? '' })
  }

  /** Marks the span as failed where there is no exception. `status` off: no status is set. */
  refuse(errorType: string, status = true): void {
    this.report.guard('span', () => this.span?.setAttribute(ERROR_TYPE, boundedType(errorType)))
    if (status) this.report.guard('span', () => this.span?.setStatus({ code: SpanStatusCode.ERROR }))
  }

  /**
   * Only the first call counts.
   *
   * @param at ms since the epoch. Default: now
   */
  end(at?: number): void {
    const { span } = this
    this.span = undefined
    try {
      span?.end(at)
    } catch (error) {
      this.report.failed('span', error)
    }
  }
}

export function startSpan(
  { tracer, report }: { readonly tracer: () => Tracer; readonly report: Report },
  name: string,
  options: SpanOptions,
  parent: Context,
): SafeSpan {
  let span: Span | undefined
  try {
    const { links } = options
    const given = links !== undefined && links.length > MOST_LINKS ? capped(options, links) : options
    span = tracer().startSpan(name, given, parent)
    const context = span.spanContext()
    // The API's own tracer, which stands in where there is no SDK, gives the parent's context or none.
    const own = isValid(context) && context.spanId !== trace.getSpanContext(parent)?.spanId
    return new SafeSpan(span, own ? context : undefined, report)
  } catch (error) {
    report.failed('span', error)
    return new SafeSpan(span, undefined, report)
  }
}

/** A link as a span has it. Its attributes are shared. */
export function toLink({ role, context, decides }: Relative): Link {
  return { context, attributes: linkAttributes(role, decides) }
}

/** As many links as SDKs let a span have. */
const MOST_LINKS = 128

/** Keeps the newest links that a span may have, and tells the number of all. The attributes may be shared. */
function capped(options: SpanOptions, links: Link[]): SpanOptions {
  const attributes = { ...options.attributes, [OURS.linksTotal]: links.length }
  return { ...options, attributes, links: links.slice(links.length - MOST_LINKS) }
}

/** The active context; the root where the context manager fails. */
export function activeContext({ report }: { readonly report: Report }): Context {
  try {
    return contexts.active()
  } catch (error) {
    report.failed('span', error)
    return ROOT_CONTEXT
  }
}

/** The span that is active in a context. */
export function spanIn({ report }: { readonly report: Report }, context: Context): Span | undefined {
  try {
    return trace.getSpan(context)
  } catch (error) {
    report.failed('span', error)
    return undefined
  }
}

/**
 * A context as the parent of a span; see {@link parentOf}.
 *
 * @param late see there
 */
export function parentIn(runtime: { readonly report: Report }, context: Context, late?: number): Context {
  return parentOf(runtime, context, spanIn(runtime, context), late)
}

/**
 * A context as the parent of a span. A span that has ended is no parent: what a loop does that was begun inside of it,
 * which has its context for ever, is no part of it.
 *
 * @param span that is active in it
 * @param late ms that work may go on after the span, as the rest of a request that was answered does. Default: none
 */
export function parentOf(
  { report }: { readonly report: Report },
  context: Context,
  span: Span | undefined,
  late: number = -1,
): Context {
  try {
    return hasEnded(span, late) ? trace.deleteSpan(context) : context
  } catch (error) {
    report.failed('span', error)
    return context
  }
}

/** The spans of an SDK say when they ended; one that only stands for a context never does. */
function hasEnded(span: Span | undefined, late: number): boolean {
  const { ended, endTime } = (span ?? {}) as { readonly ended?: unknown; readonly endTime?: readonly number[] }
  return ended === true && (late < 0 || Date.now() - Number(endTime?.[0]) * 1000 > late)
}

/** A context with the span active; where there is no SDK the context stays as it is, so that it is passed on. */
export function activate(context: Context, { span, context: spanContext }: SafeSpan): Context {
  return span === undefined || spanContext === undefined ? context : withSpan(context, span)
}

/** Calls a hook with a started span, if both exist. */
export function callHook<Details>(
  { report }: { readonly report: Report },
  hook: ((span: Span, details: Details) => unknown) | undefined,
  { span }: SafeSpan,
  details: Details,
): void {
  if (hook === undefined || span === undefined) return
  const result = report.guard('hook', () => hook(span, details))
  if (types.isPromise(result)) result.catch((error: unknown) => report.failed('hook', error))
}

/** Seconds since a reading of `performance.now()`. */
export function secondsSince(start: number): number {
  return (performance.now() - start) / 1000
}

/** The text of a failure, as a span has room for it. */
function said(text: string | undefined): string | undefined {
  return text && boundedText(text, 1024)
}
