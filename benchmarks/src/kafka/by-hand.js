import { context, propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api'
import { extract, inSpan, tracer } from '../by-hand.js'

const SPANS_UP_TO = 10

/** A producer that writes the context of a span onto each message: up to ten spans of their own, else the send's. */
export function sendByHand(producer) {
  return {
    send({ topic, messages }) {
      const count = messages.length
      const single = count === 1
      const links = single || count > SPANS_UP_TO ? undefined : messages.map((message) => create(topic, message))
      const span = tracer.startSpan(`send ${topic}`, {
        kind: links === undefined ? SpanKind.PRODUCER : SpanKind.CLIENT,
        attributes: {
          'messaging.system.name': 'kafka',
          'messaging.system': 'kafka',
          'messaging.operation.name': 'send',
          'messaging.operation.type': 'send',
          'messaging.destination.name': topic,
          'messaging.batch.message_count': count,
        },
        links,
      })
      const active = trace.setSpan(context.active(), span)
      if (links === undefined) {
        for (const message of messages) propagation.inject(active, (message.headers ??= {}))
      }
      return inSpan(span, context.active(), async () => {
        const results = await producer.send({ topic, messages })
        if (single) {
          span.setAttribute('messaging.destination.partition.id', String(results[0].partition))
          span.setAttribute('kafka.offset', Number(results[0].baseOffset))
        }
        return results
      })
    },
  }
}

function create(topic, message) {
  const span = tracer.startSpan(`create ${topic}`, {
    kind: SpanKind.PRODUCER,
    attributes: {
      'messaging.system.name': 'kafka',
      'messaging.system': 'kafka',
      'messaging.operation.name': 'create',
      'messaging.operation.type': 'create',
      'messaging.destination.name': topic,
    },
  })
  propagation.inject(trace.setSpan(context.active(), span), (message.headers ??= {}))
  span.end()
  return { context: span.spanContext(), attributes: { 'tracebaton.link.role': 'message' } }
}

/** kafkajs gives the values of headers as bytes. */
const getter = {
  get: (headers, name) => headers[name]?.toString(),
  keys: (headers) => Object.keys(headers),
}

/** A handler of `eachMessage`. */
export function handleByHand(handler) {
  return (payload) => {
    const { topic, partition, message } = payload
    return handleOne(topic, partition, message, undefined, () => handler(payload))
  }
}

/** A handler of `eachBatch` that handles every message by itself; without a handler there is the span of the batch only. */
export function handleBatchByHand(handler) {
  return ({ batch, resolveOffset }) => {
    const { topic, partition, messages } = batch
    const links = []
    for (const { headers, offset } of messages) {
      const creation = trace.getSpanContext(extract(headers, getter))
      if (creation === undefined) continue
      links.push({
        context: creation,
        attributes: {
          'tracebaton.link.role': 'creation',
          'messaging.consumer.group.name': 'billing',
          'kafka.offset': Number(offset),
        },
      })
    }
    const span = tracer.startSpan(
      `process ${topic}`,
      {
        kind: SpanKind.CONSUMER,
        attributes: {
          'messaging.system.name': 'kafka',
          'messaging.system': 'kafka',
          'messaging.operation.name': 'process',
          'messaging.operation.type': 'process',
          'messaging.consumer.group.name': 'billing',
          'messaging.destination.name': topic,
          'messaging.batch.message_count': messages.length,
          'messaging.destination.partition.id': String(partition),
        },
        links,
      },
      ROOT_CONTEXT,
    )
    return inSpan(span, ROOT_CONTEXT, async () => {
      if (handler === undefined) return
      for (const message of messages) {
        await handleOne(topic, partition, message, span, () => handler(message))
        resolveOffset(message.offset)
      }
    })
  }
}

function handleOne(topic, partition, message, batchSpan, handler) {
  const parent = extract(message.headers, getter)
  const creation = trace.getSpanContext(parent)
  const links =
    creation === undefined ? [] : [{ context: creation, attributes: { 'tracebaton.link.role': 'creation' } }]
  if (batchSpan !== undefined) {
    links.push({ context: batchSpan.spanContext(), attributes: { 'tracebaton.link.role': 'batch' } })
  }
  const age = (Date.now() - Number(message.timestamp)) / 1_000
  const span = tracer.startSpan(
    `process ${topic}`,
    {
      kind: SpanKind.CONSUMER,
      attributes: {
        'messaging.system.name': 'kafka',
        'messaging.system': 'kafka',
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.consumer.group.name': 'billing',
        'messaging.destination.name': topic,
        'messaging.destination.partition.id': String(partition),
        'kafka.offset': Number(message.offset),
        'tracebaton.delivery.attempt': 1,
        'tracebaton.delivery.attempt_source': 'assumed',
        'tracebaton.delivery.kind': 'first',
        'tracebaton.queue.time': age,
        'tracebaton.queue.age': age,
      },
      links,
    },
    parent,
  )
  return inSpan(span, parent, async () => {
    const result = await handler()
    span.setAttribute('tracebaton.delivery.outcome', 'acked')
    return result
  })
}
