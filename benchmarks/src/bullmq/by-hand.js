import { context, propagation, SpanKind, trace } from '@opentelemetry/api'
import { extract, inSpan, tracer } from '../by-hand.js'

/** A queue that puts the context of a span onto each job, where BullMQ's telemetry would. */
export function addByHand(queue) {
  return {
    add(name, data) {
      const span = tracer.startSpan(`add ${queue.name}`, {
        kind: SpanKind.PRODUCER,
        attributes: {
          'messaging.system.name': 'bullmq',
          'messaging.system': 'bullmq',
          'messaging.operation.name': 'add',
          'messaging.operation.type': 'send',
          'messaging.destination.name': queue.name,
          'bullmq.job.name': name,
        },
      })
      const carrier = {}
      propagation.inject(trace.setSpan(context.active(), span), carrier)
      return inSpan(span, context.active(), async () => {
        const job = await queue.add(name, data, { telemetry: { metadata: JSON.stringify(carrier) } })
        span.setAttribute('messaging.message.id', job.id)
        return job
      })
    },
  }
}

/** A processor that handles each job in a span. */
export function processByHand(processor) {
  return (job, token) => {
    const { id, name, queueName, opts, timestamp, attemptsStarted, processedOn } = job
    const { metadata } = opts.telemetry ?? {}
    const parent = metadata === undefined ? context.active() : extract(JSON.parse(metadata))
    const creation = trace.getSpanContext(parent)
    const age = (processedOn - timestamp) / 1_000
    const span = tracer.startSpan(
      `process ${queueName}`,
      {
        kind: SpanKind.CONSUMER,
        attributes: {
          'messaging.system.name': 'bullmq',
          'messaging.system': 'bullmq',
          'messaging.operation.name': 'process',
          'messaging.operation.type': 'process',
          'messaging.destination.name': queueName,
          'messaging.message.id': id,
          'bullmq.job.name': name,
          'tracebaton.delivery.attempt': attemptsStarted,
          'tracebaton.delivery.attempt_source': 'broker',
          'tracebaton.delivery.kind': 'first',
          'tracebaton.delivery.max_attempts': opts.attempts ?? 1,
          'tracebaton.queue.time': age,
          'tracebaton.queue.age': age,
        },
        links: creation && [{ context: creation, attributes: { 'tracebaton.link.role': 'creation' } }],
      },
      parent,
    )
    return inSpan(span, parent, async () => {
      const result = await processor(job, token)
      span.setAttribute('tracebaton.delivery.outcome', 'acked')
      return result
    })
  }
}
