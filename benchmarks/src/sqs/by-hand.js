import { context, propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api'
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import { extract, inSpan, tracer } from '../by-hand.js'

const QUEUE_NAME = 'orders'
const FIELDS = ['traceparent', 'tracestate', 'baggage']

const setter = {
  set(attributes, name, value) {
    attributes[name] = { DataType: 'String', StringValue: value }
  },
}
const getter = {
  get: (attributes, name) => attributes[name]?.StringValue,
  keys: (attributes) => Object.keys(attributes),
}

/** Sends one message with the context of a span. */
export function sendByHand(client, command) {
  const { input } = command
  const span = tracer.startSpan(`send ${QUEUE_NAME}`, {
    kind: SpanKind.PRODUCER,
    attributes: {
      'messaging.system.name': 'aws.sqs',
      'messaging.system': 'aws_sqs',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': QUEUE_NAME,
      'aws.sqs.queue.url': input.QueueUrl,
    },
  })
  propagation.inject(trace.setSpan(context.active(), span), (input.MessageAttributes ??= {}), setter)
  return inSpan(span, context.active(), async () => {
    const output = await client.send(command)
    span.setAttribute('aws.request_id', output.$metadata.requestId)
    span.setAttribute('messaging.message.id', output.MessageId)
    return output
  })
}

/** Receives messages with their contexts, in a span that links them. */
export async function receiveByHand(client, { QueueUrl, MaxNumberOfMessages }) {
  const startTime = Date.now()
  const output = await client.send(
    new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages,
      MessageAttributeNames: FIELDS,
      MessageSystemAttributeNames: ['ApproximateReceiveCount', 'SentTimestamp'],
    }),
  )
  const messages = output.Messages ?? []
  const links = []
  for (const { MessageId, MessageAttributes } of messages) {
    const creation = trace.getSpanContext(extract(MessageAttributes ?? {}, getter))
    if (creation === undefined) continue
    links.push({
      context: creation,
      attributes: { 'tracebaton.link.role': 'creation', 'messaging.message.id': MessageId },
    })
  }
  const span = tracer.startSpan(`receive ${QUEUE_NAME}`, {
    kind: SpanKind.CLIENT,
    startTime,
    attributes: {
      'messaging.system.name': 'aws.sqs',
      'messaging.system': 'aws_sqs',
      'messaging.operation.name': 'receive',
      'messaging.operation.type': 'receive',
      'messaging.destination.name': QUEUE_NAME,
      'aws.sqs.queue.url': QueueUrl,
      'aws.request_id': output.$metadata.requestId,
      'messaging.batch.message_count': messages.length,
    },
    links,
  })
  span.end()
  return output
}

/** Handles one message after the other, each in a span of its own. */
export async function handleByHand(messages, work) {
  for (const message of messages) {
    const { MessageId, MessageAttributes, Attributes } = message
    const parent = MessageAttributes === undefined ? ROOT_CONTEXT : extract(MessageAttributes, getter)
    const creation = trace.getSpanContext(parent)
    const age = (Date.now() - Number(Attributes?.SentTimestamp)) / 1_000
    const span = tracer.startSpan(
      `process ${QUEUE_NAME}`,
      {
        kind: SpanKind.CONSUMER,
        attributes: {
          'messaging.system.name': 'aws.sqs',
          'messaging.system': 'aws_sqs',
          'messaging.operation.name': 'process',
          'messaging.operation.type': 'process',
          'messaging.destination.name': QUEUE_NAME,
          'messaging.message.id': MessageId,
          'aws.sqs.queue.url': 'https://sqs.us-east-1.amazonaws.com/123456789012/orders',
          'tracebaton.delivery.attempt': Number(Attributes?.ApproximateReceiveCount),
          'tracebaton.delivery.attempt_source': 'broker',
          'tracebaton.delivery.kind': 'first',
          'tracebaton.queue.time': age,
          'tracebaton.queue.age': age,
        },
        links: creation && [{ context: creation, attributes: { 'tracebaton.link.role': 'creation' } }],
      },
      parent,
    )
    await inSpan(span, parent, async () => {
      await work(message)
      span.setAttribute('tracebaton.delivery.outcome', 'acked')
    })
  }
}
