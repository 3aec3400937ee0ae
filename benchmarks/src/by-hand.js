import { context, propagation, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api'

/** What careful code without a library of ours traces with. */
export const tracer = trace.getTracer('by hand')

/** The context that a message carries in its headers. */
export function extract(headers, getter) {
  return propagation.extract(ROOT_CONTEXT, headers, getter)
}

/** Runs the work of a span, says when it has failed, and ends it. */
export function inSpan(span, parent, work) {
  return context.with(trace.setSpan(parent, span), async () => {
    try {
      return await work()
    } catch (error) {
      fail(span, error)
      throw error
    } finally {
      span.end()
    }
  })
}

export function fail(span, error) {
  span.recordException(error)
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message })
}
