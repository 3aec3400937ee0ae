import type { Arrived, Exchange } from './exchange.ts'

interface ClientLike {
  send(command: object): Promise<ResultLike>
  destroy(): void
}

interface ResultLike {
  readonly QueueUrl?: string
  readonly Messages?: readonly {
    readonly MessageAttributes?: Readonly<Record<string, { readonly StringValue?: string }>>
    readonly Attributes?: Readonly<Record<string, string>>
  }[]
}

type CommandLike = new (input: object) => object

interface SqsLike {
  readonly SQSClient: new (options: object) => ClientLike
  readonly CreateQueueCommand: CommandLike
  readonly DeleteQueueCommand: CommandLike
  readonly ReceiveMessageCommand: CommandLike
  readonly SendMessageCommand: CommandLike
}

/** Through a queue of its own. */
export async function exchangeOverSqs({ load, address, client, fields, name, within }: Exchange): Promise<Arrived> {
  const sqs = load('@aws-sdk/client-sqs') as SqsLike
  const own = client === undefined ? clientFor(sqs, address) : undefined
  const used = own ?? (client as ClientLike)
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

async function receive(client: ClientLike, sqs: SqsLike, QueueUrl: string | undefined): Promise<Arrived> {
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
    const own = Object.entries(message.MessageAttributes ?? {}).map(
      ([key, { StringValue }]) => [key.toLowerCase(), StringValue] as const,
    )
    return Object.fromEntries([...own, ['awstraceheader', message.Attributes?.['AWSTraceHeader']]])
  }
  throw new Error('the message did not come back')
}

function clientFor({ SQSClient }: SqsLike, endpoint: string): ClientLike {
  const { AWS_REGION, AWS_ACCESS_KEY_ID, AWS_PROFILE } = process.env
  // Emulators take any credentials, but the client wants some.
  const emulator = endpoint.startsWith('http:') && !AWS_ACCESS_KEY_ID && !AWS_PROFILE
  return new SQSClient({
    endpoint,
    region: AWS_REGION ?? /sqs\.([a-z0-9-]+)\./.exec(endpoint)?.[1] ?? 'us-east-1',
    ...(emulator ? { credentials: { accessKeyId: 'doctor', secretAccessKey: 'doctor' } } : {}),
  })
}
