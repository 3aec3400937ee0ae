import { ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'

/** A tracer provider that keeps every span, with the attributes it was started with. */
export function createRecorder() {
  let records = []
  const recording = {
    onStart: (span) => records.push({ span, atStart: { ...span.attributes } }),
    onEnd() {},
    forceFlush: async () => {},
    shutdown: async () => {},
  }
  return {
    tracerProvider: new BasicTracerProvider({ spanProcessors: [recording] }),
    /** The spans since the last time. */
    take() {
      const taken = records
      records = []
      return taken
    },
  }
}

/** A function that makes the same spans on the SDK at hand and does nothing else: no fields, no active contexts. */
export function replay(records) {
  const tracer = trace.getTracer('floor')
  const ids = records.map(({ span }) => span.spanContext().spanId)
  const plans = records.map(({ span, atStart }) => {
    const { name, kind, attributes, links, status, parentSpanContext } = span
    const late = Object.fromEntries(Object.entries(attributes).filter(([key]) => !(key in atStart)))
    return {
      name,
      options: { kind, attributes: atStart, links },
      late: Object.keys(late).length > 0 ? late : undefined,
      status: status.code === 0 ? undefined : status,
      parent: parentSpanContext === undefined ? -1 : ids.indexOf(parentSpanContext.spanId),
      context: parentSpanContext === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parentSpanContext),
    }
  })
  const spans = []
  return () => {
    for (let index = 0; index < plans.length; index++) {
      const { name, options, parent, context } = plans[index]
      spans[index] = tracer.startSpan(name, options, parent < 0 ? context : trace.setSpan(ROOT_CONTEXT, spans[parent]))
    }
    for (let index = 0; index < plans.length; index++) {
      const { late, status } = plans[index]
      if (late !== undefined) spans[index].setAttributes(late)
      if (status !== undefined) spans[index].setStatus(status)
      spans[index].end()
    }
  }
}
