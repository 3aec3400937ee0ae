import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
  type Message,
  type SQSClientConfig,
} from '@aws-sdk/client-sqs'
import { createSqsServer } from 'local-aws-sqs'
import { afterAll } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'

/** A queue service in this process, spoken to by the real client over HTTP. */
export interface Queues {
  /** A client of its own, destroyed after the tests. */
  client(config?: SQSClientConfig): SQSClient
  readonly config: SQSClientConfig
  /** Creates a queue; gives its URL. */
  create(attributes?: Readonly<Record<string, string>>): Promise<string>
  arnOf(queueUrl: string): Promise<string>
  /** Takes exactly so many messages with everything on them, by an untraced client. */
  take(queueUrl: string, count?: number): Promise<Message[]>
}

/** Starts a queue service for the tests of this file, with contexts that are active; it ends after them. */
export async function useQueues(): Promise<Queues> {
  useContexts()
  const server = await createSqsServer({ port: 0, hostname: '127.0.0.1', emulateQueueCreationLifecycle: false })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The queue service has no port')
  const endpoint = `http://127.0.0.1:${address.port}`
  const config: SQSClientConfig = {
    region: 'us-east-1',
    endpoint,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  }
  const clients: SQSClient[] = []
  const client = (more: SQSClientConfig = {}): SQSClient => {
    const created = new SQSClient({ ...config, ...more })
    clients.push(created)
    return created
  }
  afterAll(async () => {
    for (const one of clients) one.destroy()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const bare = client()
  let queues = 0
  return {
    client,
    config,
    async create(attributes) {
      const QueueName = `queue-${++queues}`
      const { QueueUrl = '' } = await bare.send(new CreateQueueCommand({ QueueName, Attributes: { ...attributes } }))
      // The service names itself by a host that may resolve to another address family.
      return `${endpoint}/${QueueUrl.split('/').slice(-2).join('/')}`
    },
    async arnOf(QueueUrl) {
      const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] })
      return (await bare.send(command)).Attributes?.['QueueArn'] ?? ''
    },
    async take(QueueUrl, count = 1) {
      const { Messages = [] } = await bare.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: count,
          WaitTimeSeconds: 5,
          MessageAttributeNames: ['All'],
          AttributeNames: ['All'],
        }),
      )
      if (Messages.length !== count) throw new Error(`${Messages.length} messages instead of ${count}`)
      return Messages
    },
  }
}
