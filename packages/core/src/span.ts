import { types } from 'node:util'
import {
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Link,
  type Span,
  type SpanContext,
  type SpanOptions,
} from '@opentelemetry/api'
import { errorTypeOf, isError } from './call.ts'
import { isValid } from './format.ts'
import { messageOf } from './failure.ts'
import { ERROR_TYPE } from './names.ts'
import type { Runtime } from './runtime.ts'

/** A span that cannot hurt: every call on the real one is contained. */
export interface SafeSpan {
  readonly span: Span | undefined
  /** `undefined`: there is no SDK, or it failed. */
  readonly context: SpanContext | undefined
  set(attributes: Attributes): void
  /** Marks the span as failed. `status` off: only the type is recorded. */
  fail(error: unknown, status?: boolean): void
  /** Marks the span as failed where there is no exception. `status` off: only the type is recorded. */
  refuse(errorType: string, status?: boolean): void
  /** Only the first call counts. */
  end(): void
}

export function startSpan(
  { tracer, report }: Runtime,
  name: string,
  options: SpanOptions & { readonly links?: Link[] },
  parent: Context,
): SafeSpan {
  const span = report.guard('span', () => tracer().startSpan(name, options, parent))
  const context = report.guard('span', () => span?.spanContext())
  // The API's own tracer, which stands in where there is no SDK, gives the parent's context or none.
  const parentId = report.guard('span', () => trace.getSpanContext(parent)?.spanId)
  const own = context !== undefined && isValid(context) && context.spanId !== parentId
  let ended = false
  return {
    span,
    context: own ? context : undefined,
    set(attributes) {
      report.guard('span', () => span?.setAttributes(attributes))
    },
    fail(error, status = true) {
      report.guard('span', () => span?.setAttribute(ERROR_TYPE, errorTypeOf(error)))
      report.guard('span', () => recordException(span, error))
      if (!status) return
      const message = report.guard('describe', () => messageOf(error)) ?? ''
      report.guard('span', () => span?.setStatus({ code: SpanStatusCode.ERROR, message }))
    },
    refuse(errorType, status = true) {
      report.guard('span', () => span?.setAttribute(ERROR_TYPE, errorType))
      if (status) report.guard('span', () => span?.setStatus({ code: SpanStatusCode.ERROR }))
    },
    end() {
      if (ended) return
      ended = true
      report.guard('span', () => span?.end())
    },
  }
}

/** A context with the span active; where there is no SDK the context stays as it is, so that it is passed on. */
export function activate(context: Context, { span, context: spanContext }: SafeSpan): Context {
  return span === undefined || spanContext === undefined ? context : trace.setSpan(context, span)
}

/** Calls a hook with a started span, if both exist. */
export function callHook<Details>(
  { report }: Runtime,
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

function recordException(span: Span | undefined, error: unknown): void {
  if (isError(error)) span?.recordException(error)
}
