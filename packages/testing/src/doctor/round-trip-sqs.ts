import type { SQSClient } from '@aws-sdk/client-sqs'
import type { Headers, Exchange } from './exchange.ts'

type Sqs = typeof import('@aws-sdk/client-sqs')

/** Through a queue of its own. */
export async function exchangeOverSqs({ load, address, client, fields, name, within }: Exchange): Promise<Headers> {
  const sqs = load('@aws-sdk/client-sqs') as Sqs
  const own = client === undefined ? clientFor(sqs, address) : undefined
  const used = own ?? (client as SQSClient)
  try {
    const { QueueUrl } = await used.send(new sqs.CreateQueueCommand({ QueueName: name }))
    try {
      const attributes = Object.entries(fields ?? {}).map(
        ([key, value]) => [key, { DataType: 'String', StringValue: value }] as const,
      )
      const input = { QueueUrl, MessageBody: 'tracebaton doctor', MessageAttributes: Object.fromEntries(attributes) }
      await within(() => used.send(new sqs.SendMessageCommand(input)))
      return await receive(used, sqs, QueueUrl)
    } finally {
      await Promise.allSettled([used.send(new sqs.DeleteQueueCommand({ QueueUrl }))])
    }
  } finally {
    own?.destroy()
  }
}

async function receive(client: SQSClient, sqs: Sqs, QueueUrl: string | undefined): Promise<Headers> {
  for (let round = 0; round < 10; round += 1) {
    const { Messages: [message] = [] } = await client.send(
      new sqs.ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 1,
        WaitTimeSeconds: 2,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['All'],
      }),
    )
    if (!message) continue
    const own = Object.entries(message.MessageAttributes ?? {}).map(([key, { StringValue }]) => [key, StringValue])
    return { ...Object.fromEntries(own), awstraceheader: message.Attributes?.['AWSTraceHeader'] }
  }
  throw new Error('the message did not come back')
}

function clientFor({ SQSClient: Client }: Sqs, endpoint: string): SQSClient {
  const { AWS_REGION, AWS_ACCESS_KEY_ID, AWS_PROFILE } = process.env
  // Emulators take any credentials, but the client wants some.
  const emulator = endpoint.startsWith('http:') && !AWS_ACCESS_KEY_ID && !AWS_PROFILE
  return new Client({
    endpoint,
    region: AWS_REGION ?? /sqs\.([a-z0-9-]+)\./.exec(endpoint)?.[1] ?? 'us-east-1',
    ...(emulator ? { credentials: { accessKeyId: 'doctor', secretAccessKey: 'doctor' } } : {}),
  })
}
