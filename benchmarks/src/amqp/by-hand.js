import { context, propagation, SpanKind, trace } from '@opentelemetry/api'
import { extract, fail, tracer } from '../by-hand.js'

/** A channel that writes the context of a span onto each message; with a callback the span ends when it is called. */
export function publishByHand(channel) {
  return {
    publish(exchange, routingKey, content, options, callback) {
      const span = tracer.startSpan(`publish ${routingKey}`, {
        kind: SpanKind.PRODUCER,
        attributes: {
          'messaging.system.name': 'rabbitmq',
          'messaging.system': 'rabbitmq',
          'messaging.operation.name': 'publish',
          'messaging.operation.type': 'send',
          'messaging.destination.name': routingKey,
          'messaging.message.id': options.messageId,
          'rabbitmq.destination.routing_key': routingKey,
        },
      })
      const headers = { ...options.headers }
      const active = trace.setSpan(context.active(), span)
      propagation.inject(active, headers)
      try {
        if (callback === undefined) return channel.publish(exchange, routingKey, content, { ...options, headers })
        return channel.publish(exchange, routingKey, content, { ...options, headers }, (error, ok) => {
          if (error) fail(span, error)
          span.end()
          callback(error, ok)
        })
      } catch (error) {
        fail(span, error)
        throw error
      } finally {
        if (callback === undefined) span.end()
      }
    },
    waitForConfirms: () => channel.waitForConfirms(),
  }
}

/** A consumer that handles each message in a span and acknowledges it. */
export function consumeByHand(channel) {
  return (message) => {
    const { fields, properties } = message
    const parent = extract(properties.headers ?? {})
    const creation = trace.getSpanContext(parent)
    const age = properties.timestamp === undefined ? 0 : Date.now() / 1_000 - properties.timestamp
    const span = tracer.startSpan(
      `process ${fields.consumerTag}`,
      {
        kind: SpanKind.CONSUMER,
        attributes: {
          'messaging.system.name': 'rabbitmq',
          'messaging.system': 'rabbitmq',
          'messaging.operation.name': 'process',
          'messaging.operation.type': 'process',
          'messaging.destination.name': fields.consumerTag,
          'messaging.message.id': properties.messageId,
          'rabbitmq.destination.routing_key': fields.routingKey,
          'rabbitmq.message.delivery_tag': fields.deliveryTag,
          'tracebaton.delivery.attempt': fields.redelivered ? 2 : 1,
          'tracebaton.delivery.attempt_source': 'broker',
          'tracebaton.delivery.kind': 'first',
          'tracebaton.queue.time': age,
          'tracebaton.queue.age': age,
        },
        links: creation && [{ context: creation, attributes: { 'tracebaton.link.role': 'creation' } }],
      },
      parent,
    )
    context.with(trace.setSpan(parent, span), () => {
      try {
        channel.ack(message)
        span.setAttribute('tracebaton.delivery.outcome', 'acked')
      } catch (error) {
        fail(span, error)
        throw error
      } finally {
        span.end()
      }
    })
  }
}
