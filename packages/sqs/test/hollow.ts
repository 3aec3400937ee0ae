import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { SQSClient, type Message } from '@aws-sdk/client-sqs'

interface Input {
  readonly QueueUrl: string
  readonly MessageBody?: string
  readonly MessageAttributes?: Message['MessageAttributes']
  readonly Entries?: readonly (Input & { readonly Id: string })[]
}

/** A service that has one queue, in this process, and refuses everything for others. */
export interface Hollow {
  readonly client: SQSClient
  readonly QueueUrl: string
  /** What arrived at the service. */
  readonly sent: Input[]
  /** How often the client went to the network. */
  readonly requests: () => number
  /** What the service answers from now on, instead. */
  answer: ((operation: string) => { readonly status: number; readonly body: string }) | undefined
}

/** The real client, whose requests are answered without a network. */
export function createHollow(): Hollow {
  const QueueUrl = 'https://sqs.eu-west-1.amazonaws.com/1/orders'
  const waiting: Message[] = []
  let requests = 0

  function store(input: Input, Id?: string): { readonly Id: string | undefined; readonly MessageId: string } {
    const { MessageBody, MessageAttributes } = input
    hollow.sent.push(input)
    const message = { MessageId: randomUUID(), ReceiptHandle: randomUUID(), Body: MessageBody, MessageAttributes }
    waiting.push({ ...message, Attributes: { ApproximateReceiveCount: '1', SentTimestamp: String(Date.now()) } })
    return { Id, MessageId: message.MessageId }
  }

  const operations: Readonly<Record<string, (input: Input) => object>> = {
    SendMessage: (input) => store(input),
    SendMessageBatch: (input) => {
      const entries = (input.Entries ?? []).map((entry) => ({ entry, good: entry.MessageBody !== '' }))
      return {
        Successful: entries.filter(({ good }) => good).map(({ entry }) => store(entry, entry.Id)),
        Failed: entries
          .filter(({ good }) => !good)
          .map(({ entry }) => ({ Id: entry.Id, Code: 'EmptyValue', SenderFault: true })),
      }
    },
    ReceiveMessage: () => ({ Messages: waiting.splice(0) }),
    DeleteMessage: () => ({}),
    DeleteMessageBatch: ({ Entries = [] }) => ({ Successful: Entries.map(({ Id }) => ({ Id })), Failed: [] }),
    ChangeMessageVisibility: () => ({}),
  }

  const client = new SQSClient({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
    md5: false,
    requestHandler: {
      async handle(request: { readonly headers: Readonly<Record<string, string>>; readonly body: string }) {
        requests += 1
        const operation = request.headers['x-amz-target']?.split('.')[1] ?? ''
        const input = JSON.parse(request.body) as Input
        const refused = { status: 400, body: JSON.stringify({ __type: 'com.amazonaws.sqs#QueueDoesNotExist' }) }
        const { status, body } =
          hollow.answer?.(operation) ??
          (input.QueueUrl === QueueUrl
            ? { status: 200, body: JSON.stringify(operations[operation]?.(input) ?? {}) }
            : refused)
        return { response: { statusCode: status, headers: {}, body: Readable.from([Buffer.from(body)]) } }
      },
    } as never,
  })
  const hollow: Hollow = { client, QueueUrl, sent: [], requests: () => requests, answer: undefined }
  return hollow
}
