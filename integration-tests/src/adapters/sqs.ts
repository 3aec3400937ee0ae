import { randomUUID } from 'node:crypto'
import * as newest from '@aws-sdk/client-sqs'
import type {
  Message as SqsMessage,
  MessageAttributeValue,
  SendMessageBatchCommandInput,
  SendMessageCommandInput,
  SQSClient,
} from '@aws-sdk/client-sqs'
import * as adapter from '@tracebaton/sqs'
import type { TracingInput } from '@tracebaton/core'
import type { Client, Fixture, HeaderValue, Observer } from '../contract/fixture.ts'
import type { OtherClient } from './client.ts'
import { runElsewhere } from './elsewhere.ts'
import { patchedFor } from './patched.ts'
import { attributeTexts, originalOf, pollQueue, toReceived } from './sqs-polling.ts'

/** A message without its queue: the input of one send call, or an entry of a batch. */
interface Message {
  readonly MessageBody: string
  readonly MessageAttributes?: Record<string, MessageAttributeValue>
}

/**
 * The AWS client and SQS for the suite that every adapter passes.
 *
 * @param restart restarts the broker, where the fixture may
 * @param other another version of the AWS client
 * @param patched whether traced clients are made by the patched module, and not wrapped
 */
export async function createSqsFixture(
  address: string,
  restart?: () => Promise<void>,
  other?: OtherClient<typeof newest, typeof adapter>,
  patched = false,
): Promise<Fixture> {
  const aws = other?.module ?? newest
  const admin = createClient(aws, address)
  const queues: string[] = []
  const createQueue = (name: string) => admin.send(new aws.CreateQueueCommand({ QueueName: name }))
  return {
    system: 'aws.sqs',
    impossible: 'nowhere',
    patience: 30_000,
    async createDestination() {
      const name = `orders-${randomUUID()}`
      await createQueue(name)
      queues.push(name)
      return name
    },
    headers: (headers) =>
      Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, toAttribute(value)])),
    message: (body, headers): Message => ({
      MessageBody: body,
      ...(headers && { MessageAttributes: headers as Record<string, MessageAttributeValue> }),
    }),
    async connect(options, observe) {
      const { traceSqs } = other?.adapter ?? adapter
      const isPatched = patched && options !== undefined
      const bare = createClient(isPatched ? patchedFor('@aws-sdk/client-sqs', aws, options) : aws, address)
      if (observe !== undefined) observeSending(bare, observe)
      const client = options === undefined || patched ? bare : traceSqs(bare, options)
      return toClient(aws, other?.adapter ?? adapter, client, (queue) => `${address}/000000000000/${queue}`, {
        isTraced: options !== undefined,
        // A handler is told nothing, where the client knows.
        handling: patched ? undefined : options,
      })
    },
    elsewhere: (task) => runElsewhere('sqs-process.js', address, task, other, patched),
    async restart() {
      if (restart === undefined) throw new Error('This broker is not ours to restart')
      await restart()
      // It keeps its queues in memory.
      await Promise.all(queues.map(createQueue))
    },
    async [Symbol.asyncDispose]() {
      admin.destroy()
    },
  }
}

function createClient(aws: typeof newest, endpoint: string): SQSClient {
  return new aws.SQSClient({
    endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  })
}

/** Makes a client tell what it has sent: in a step of its middleware stack that comes after the adapter's. */
function observeSending(client: SQSClient, observe: Observer): void {
  client.middlewareStack.add(
    (next) => async (call) => {
      const answer = await next(call)
      const { QueueUrl = '', ...input } = call.input as Partial<SendMessageCommandInput & SendMessageBatchCommandInput>
      const destination = QueueUrl.slice(QueueUrl.lastIndexOf('/') + 1)
      const messages = input.MessageBody === undefined ? (input.Entries ?? []) : [input]
      for (const { MessageBody, MessageAttributes } of messages) {
        // Deletions have entries, too.
        if (MessageBody !== undefined) observe({ destination, headers: attributeTexts(MessageAttributes) })
      }
      return answer
    },
    { step: 'serialize' },
  )
}

function toClient(
  aws: typeof newest,
  { attemptOf, deadLetter, forEachMessage, redrive, retryLater, traceHandler }: typeof adapter,
  client: SQSClient,
  urlOf: (queue: string) => string,
  { isTraced, handling }: { readonly isTraced: boolean; readonly handling: TracingInput | undefined },
): Client {
  // The plain client has to ask for what the traced one asks for by itself.
  const names = isTraced ? {} : { MessageAttributeNames: ['All'] }
  return {
    send: (queue, input) =>
      client.send(new aws.SendMessageCommand(Object.freeze({ ...(input as Message), QueueUrl: urlOf(queue) }))),
    sendBatch: (queue, inputs) =>
      client.send(
        new aws.SendMessageBatchCommand({
          QueueUrl: urlOf(queue),
          Entries: inputs.map((input, index) => Object.freeze({ ...(input as Message), Id: String(index) })),
        }),
      ),
    async consume(queue, handler, concurrency = 1) {
      const plainly = (message: SqsMessage): unknown => handler(toReceived(message))
      const handle = isTraced ? traceHandler(plainly, handling) : plainly
      const loops = Array.from({ length: concurrency }, () =>
        pollQueue(
          client,
          { QueueUrl: urlOf(queue), MaxNumberOfMessages: 1, ...names },
          async ([message]) => {
            await handle(message!)
          },
          aws,
        ),
      )
      return {
        async [Symbol.asyncDispose]() {
          await Promise.all(loops.map((loop) => loop[Symbol.asyncDispose]()))
        },
      }
    },
    consumeBatch: async (queue, handler) =>
      pollQueue(
        client,
        { QueueUrl: urlOf(queue), MaxNumberOfMessages: 10, ...names },
        async (messages) => {
          const received = new Map(messages.map((message) => [message, toReceived(message)]))
          const originals = new Map([...received].map(([message, neutral]) => [neutral, message]))
          await handler({
            messages: [...received.values()],
            // Handlers of scenarios give something where they look at it.
            forEachMessage: (handle) =>
              forEachMessage(messages, (message) => handle(received.get(message)!), handling) as Promise<never>,
            traceHandler: (handle) => {
              const traced = traceHandler(function (this: unknown, message: object) {
                return handle.call(this, received.get(message)!)
              }, handling)
              return function (this: unknown, message) {
                return traced.call(this, originals.get(message)!)
              }
            },
          })
        },
        aws,
      ),
    attemptOf: (message, cloned) => attemptOf(cloned === true ? { ...originalOf(message) } : originalOf(message)),
    moves: {
      retryLater: (message, { to, ...rest } = {}) =>
        retryLater(client, originalOf(message), { ...rest, ...(to !== undefined && { to: urlOf(to) }) }),
      deadLetter: (message, { to, error }) => deadLetter(client, originalOf(message), { to: urlOf(to), error }),
      redrive: (message, { to }) => redrive(client, originalOf(message), { to: urlOf(to) }),
    },
    async [Symbol.asyncDispose]() {
      client.destroy()
    },
  }
}

function toAttribute(value: HeaderValue): MessageAttributeValue {
  if (typeof value === 'string') return { DataType: 'String', StringValue: value }
  if (value instanceof Uint8Array) return { DataType: 'Binary', BinaryValue: value }
  throw new TypeError('A message attribute has one value')
}
