import { setTimeout } from 'node:timers/promises'
import { context, trace } from '@opentelemetry/api'

/** Tells the parent something, at once: this process may not live much longer. */
function tell(what) {
  process.stdout.write(`${JSON.stringify(what)}\n`)
}

const active = () => {
  const { traceId, spanId } = trace.getSpanContext(context.active()) ?? {}
  return { traceId, spanId }
}

/**
 * A handler for a worker that is going to be killed: tells which attempt it is, works for a moment, and sends some messages
 * to retry. Never finishes.
 */
export function createWorker({ destination }) {
  const handler = async (retryLater, body) => {
    const began = active()
    tell({ began: { body, ...began } })
    await setTimeout(Math.random() * 50)
    if (active().spanId !== began.spanId) tell({ foreign: `${body}: ${active().spanId} after ${began.spanId}` })
    if (Math.random() >= 0.3) return tell({ done: body })
    try {
      await retryLater({ to: destination })
    } catch (error) {
      tell({ changed: `${body}: ${String(error)}` })
      throw error
    }
  }
  return { handler, finished: new Promise(() => {}) }
}

/** Tells every span as soon as it has ended. Stands behind the recorder that it takes the span from. */
export const tellerOf = (recorder) => ({
  onStart() {},
  onEnd(span) {
    const { spanId } = span.spanContext()
    tell({ span: recorder.spans.findLast((recorded) => recorded.spanId === spanId) })
  },
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
})
