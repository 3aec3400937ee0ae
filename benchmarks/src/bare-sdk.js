import { context, propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api'
import { createTracing } from '@tracebaton/core'
import { createIncoming } from './incoming.js'

const publish = () => undefined

/** Core beside the same spans, links and attributes made by hand on the bare SDK. */
export function bareSdk() {
  const tracing = createTracing()
  const tracer = trace.getTracer('by hand')
  const destination = { name: 'orders' }

  const send = {
    bare: publish,
    ours: () =>
      tracing.send(
        { system: 'kafka', operation: 'send', destination, batch: false, messages: [{ carrier: undefined }] },
        publish,
      ),
    'by hand': () => {
      const span = tracer.startSpan('send orders', { kind: SpanKind.PRODUCER, attributes: attributesOf('send') })
      const active = trace.setSpan(context.active(), span)
      propagation.inject(active, {})
      context.with(active, publish)
      span.end()
    },
  }

  const next = createIncoming((message) => message)
  const handle = {
    bare: () => next(),
    ours: () => {
      const { headers, offset } = next()
      return tracing.process(
        { system: 'kafka', destination, carrier: headers, identity: `orders:${offset}`, sentAt: 1 },
        publish,
      )
    },
    'by hand': () => {
      const { traceparent } = next()
      const carried = propagation.extract(ROOT_CONTEXT, { traceparent })
      const creation = trace.getSpanContext(carried)
      const attributes = {
        ...attributesOf('process'),
        'tracebaton.delivery.attempt': 1,
        'tracebaton.delivery.attempt_source': 'assumed',
        'tracebaton.delivery.kind': 'first',
        'tracebaton.queue.time': 1,
        'tracebaton.queue.age': 1,
      }
      const links = [{ context: creation, attributes: { 'tracebaton.link.role': 'creation' } }]
      const span = tracer.startSpan('process orders', { kind: SpanKind.CONSUMER, attributes, links }, carried)
      context.with(trace.setSpan(carried, span), publish)
      span.setAttribute('tracebaton.delivery.outcome', 'acked')
      span.end()
    },
  }
  return { send, handle }
}

function attributesOf(operation) {
  return {
    'messaging.system.name': 'kafka',
    'messaging.system': 'kafka',
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
    'messaging.destination.name': 'orders',
  }
}
