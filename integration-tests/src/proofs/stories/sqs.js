import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { context, propagation, ROOT_CONTEXT } from '@opentelemetry/api'
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, ParentBasedSampler, SamplingDecision } from '@opentelemetry/sdk-trace-base'
import { createTracing } from '@tracebaton/core'
import { journeySampler } from '@tracebaton/core/sampler'
import { traceHandler, traceSqs } from '@tracebaton/sqs'
import { arrivalOf } from '@tracebaton/testing'

/** A sampler that is told what to decide. */
const decide = (decision) => ({ shouldSample: () => ({ decision: decision() }), toString: () => 'decide' })

/**
 * A message that fails twice, its dead letter, two messages handled as they came together, and two that start traces of
 * their own.
 */
export async function play({ address, run, recorder, arrivals }) {
  const [orders, dead, batch, linked] = ['orders', 'dead', 'batch', 'linked'].map((queue) => `${queue}${run}`)
  const urlOf = (queue) => `${address}/000000000000/${queue}`
  /** One service: a tracer provider of its own, and a client that is traced with it. */
  const service = (name, options = {}, sampler) => {
    const tracerProvider = new BasicTracerProvider({
      resource: resourceFromAttributes({ 'service.name': name }),
      spanProcessors: [recorder],
      ...(sampler && { sampler }),
    })
    const propagator = new CompositePropagator({
      propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
    })
    const tracing = createTracing({ tracerProvider, propagator, baggage: ['tenant'], ...options })
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
    const client = traceSqs(new SQSClient({ endpoint: address, region: 'eu-west-1', credentials }), { tracing })
    return { tracer: tracerProvider.getTracer('application'), tracing, client }
  }

  const createQueues = async (client) => {
    for (const QueueName of [dead, batch, linked]) await client.send(new CreateQueueCommand({ QueueName }))
    const names = { QueueUrl: urlOf(dead), AttributeNames: ['QueueArn'] }
    const { Attributes } = await client.send(new GetQueueAttributesCommand(names))
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: Attributes.QueueArn, maxReceiveCount: 2 })
    await client.send(new CreateQueueCommand({ QueueName: orders, Attributes: { RedrivePolicy } }))
  }

  /** Handles so many messages of a queue; a handler that throws gets its message again. */
  const handle = async ({ client, tracing }, queue, count, work = async () => {}) => {
    const handler = traceHandler(work, { tracing, maxReceiveCount: 2 })
    for (let handled = 0; handled < count;) {
      const request = { QueueUrl: urlOf(queue), WaitTimeSeconds: 1, MaxNumberOfMessages: 10 }
      const { Messages = [] } = await client.send(new ReceiveMessageCommand(request))
      handled += Messages.length
      await Promise.all(
        Messages.map(async (message) => {
          arrivals.push(arrivalOf(message, queue))
          const receipt = { QueueUrl: urlOf(queue), ReceiptHandle: message.ReceiptHandle }
          try {
            await handler(message)
            await client.send(new DeleteMessageCommand(receipt))
          } catch {
            await client.send(new ChangeMessageVisibilityCommand({ ...receipt, VisibilityTimeout: 0 }))
          }
        }),
      )
    }
  }

  const shop = service('shop')
  const billing = service('billing', {
    // The application says on its spans which order they are about.
    hooks: { onProcess: (span, { delivery }) => void span.setAttribute('order.id', delivery.facts.messageId) },
  })
  await createQueues(shop.client)

  const baggage = propagation.createBaggage({ tenant: { value: 'a' }, 'customer.email': { value: 'x@example.org' } })
  const send = (command) => context.with(propagation.setBaggage(ROOT_CONTEXT, baggage), () => shop.client.send(command))

  await send(new SendMessageCommand({ QueueUrl: urlOf(orders), MessageBody: 'order' }))
  await handle(billing, orders, 2, async () => {
    throw new Error('no stock')
  })
  // The broker moves a message that was received too often when somebody asks for it once more.
  await billing.client.send(new ReceiveMessageCommand({ QueueUrl: urlOf(orders) }))
  await handle(billing, dead, 1)

  const Entries = ['1', '2'].map((Id) => ({ Id, MessageBody: `order ${Id}` }))
  await send(new SendMessageBatchCommand({ QueueUrl: urlOf(batch), Entries }))
  await handle(billing, batch, 2, async ({ MessageId }) => {
    billing.tracer.startSpan('query', { attributes: { 'order.id': MessageId } }).end()
  })

  // A producer that keeps every other trace, and a consumer that by itself would keep none.
  let sends = 0
  const every = decide(() => [SamplingDecision.RECORD, SamplingDecision.RECORD_AND_SAMPLED][++sends % 2])
  const none = decide(() => SamplingDecision.RECORD)
  const sampled = service('sampled shop', {}, new ParentBasedSampler({ root: every }))
  const consumer = service(
    'sampled billing',
    { relation: 'link' },
    new ParentBasedSampler({ root: journeySampler(none, { mode: 'follow' }) }),
  )
  for (const MessageBody of ['kept', 'dropped']) {
    await sampled.client.send(new SendMessageCommand({ QueueUrl: urlOf(linked), MessageBody }))
  }
  await handle(consumer, linked, 2)

  for (const { client } of [shop, billing, sampled, consumer]) client.destroy()
}
