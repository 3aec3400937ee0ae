import { once } from 'node:events'
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs'
import { SpanKind, type TracerProvider } from '@opentelemetry/api'
import { traceHandler, traceSqs, type HandlerOptions } from '@tracebaton/sqs'
import { createSqsServer } from 'local-aws-sqs'
import { charge, MAX_ATTEMPTS, ORDERS, pause } from './orders.ts'
import type { Telemetry } from './telemetry.ts'

/** Runs the story on SQS: the real AWS client against an embedded server. Ends when every order has ended. */
export async function runOnSqs({ shop, billing, mailer }: Telemetry): Promise<void> {
  const server = await createSqsServer({ port: 0, hostname: '127.0.0.1', emulateQueueCreationLifecycle: false })
  if (!server.listening) await once(server, 'listening')
  const address = server.address()
  const endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`
  const connect = (tracerProvider: TracerProvider): SQSClient =>
    // The embedded server answers only the older of the two lists of attribute names.
    traceSqs(createClient(endpoint), { tracerProvider, legacyAttributeNames: true })
  try {
    const queues = await createQueues(createClient(endpoint))
    const end = new AbortController()
    const services = [work(connect(billing), billing, queues, end.signal), mail(connect(mailer), mailer, queues, end)]
    await sell(connect(shop), shop, queues)
    await Promise.all(services)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

function createClient(endpoint: string): SQSClient {
  // The client warns of a Node version that its releases after January 2027 will not run on. Not our story here.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'
  const credentials = { accessKeyId: 'demo', secretAccessKey: 'demo' }
  return new SQSClient({ endpoint, region: 'us-east-1', credentials })
}

interface Queues {
  readonly orders: string
  readonly dead: string
  readonly emails: string
}

async function createQueues(sqs: SQSClient): Promise<Queues> {
  const create = async (QueueName: string, Attributes: Record<string, string> = {}): Promise<string> => {
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))
    return QueueUrl ?? ''
  }
  const dead = await create('orders-dead')
  const wanted = new GetQueueAttributesCommand({ QueueUrl: dead, AttributeNames: ['QueueArn'] })
  const { Attributes } = await sqs.send(wanted)
  const redrive = { deadLetterTargetArn: Attributes?.['QueueArn'], maxReceiveCount: MAX_ATTEMPTS }
  return {
    dead,
    orders: await create('orders', { RedrivePolicy: JSON.stringify(redrive) }),
    emails: await create('emails'),
  }
}

/** The shop: each order arrives over HTTP and goes into a queue. */
async function sell(sqs: SQSClient, provider: TracerProvider, queues: Queues): Promise<void> {
  const tracer = provider.getTracer('shop')
  for (const { id } of ORDERS) {
    await tracer.startActiveSpan(
      'POST /orders',
      { kind: SpanKind.SERVER, attributes: { 'order.id': id } },
      async (span) => {
        await sqs.send(new SendMessageCommand({ QueueUrl: queues.orders, MessageBody: id }))
        await pause(5)
        span.end()
      },
    )
  }
}

/** The worker: charges the card, then tells the mailer. */
async function work(sqs: SQSClient, provider: TracerProvider, queues: Queues, end: AbortSignal): Promise<void> {
  const handle = async ({ Body = '' }: Message): Promise<void> => {
    await charge(Body)
    await sqs.send(new SendMessageCommand({ QueueUrl: queues.emails, MessageBody: `Order ${Body} is paid` }))
  }
  const options = { tracerProvider: provider, maxReceiveCount: MAX_ATTEMPTS }
  await poll(sqs, queues.orders, handle, options, end)
}

/** The mailer: writes to customers, and to the people on call about every dead letter. */
async function mail(sqs: SQSClient, provider: TracerProvider, queues: Queues, end: AbortController): Promise<void> {
  let sent = 0
  const handle = async (): Promise<void> => {
    await pause(8)
    sent += 1
    if (sent === ORDERS.length) end.abort()
  }
  const options = { tracerProvider: provider }
  await Promise.all([
    poll(sqs, queues.emails, handle, options, end.signal),
    poll(sqs, queues.dead, handle, options, end.signal),
  ])
}

/** Receives, handles and deletes until the end. A message whose handler failed stays, and comes again after a second. */
async function poll(
  sqs: SQSClient,
  QueueUrl: string,
  handle: (message: Message) => Promise<void>,
  options: HandlerOptions,
  end: AbortSignal,
): Promise<void> {
  const traced = traceHandler(handle, options)
  while (!end.aborted) {
    const request = new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1, VisibilityTimeout: 1 })
    const { Messages = [] } = await sqs.send(request)
    for (const message of Messages) {
      await traced(message).then(
        () => sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle })),
        () => undefined,
      )
    }
  }
}
