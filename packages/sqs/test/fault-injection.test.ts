import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type Message,
} from '@aws-sdk/client-sqs'
import type { TracingOptions } from '@tracebaton/core'
import { TRACEPARENT } from '../../core/test/messages.ts'
import { optionSeams, type Seam } from '../../core/test/seams.ts'
import { sweepSeams, type Sequence } from '../../core/test/sweep.ts'
import { deadLetter, forEachMessage, retryLater, traceHandler, traceSqs } from '../src/index.ts'
import { createHollow, type Hollow } from './hollow.ts'

const ERROR = Object.freeze(new Error('of the host'))
const GOOD = Object.freeze({ tenant: { DataType: 'String', StringValue: '7' } })
const CONTEXT = { traceparent: { DataType: 'String', StringValue: TRACEPARENT } }

const throws = (): never => {
  throw ERROR
}

const handle = ({ Body }: Message): string => (Body === 'fails' ? throws() : (Body ?? ''))

const hollowOf = (options: TracingOptions | undefined): Hollow => {
  const hollow = createHollow()
  if (options !== undefined) traceSqs(hollow.client, options)
  return hollow
}

/** What arrived at the service, without what is ours. */
const without = ({ sent }: Hollow): unknown =>
  sent.map(({ MessageBody, MessageAttributes }) => [MessageBody, MessageAttributes?.['tenant']?.StringValue])

const ended = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    (value) => [value === undefined ? 'nothing' : typeof value],
    (error: unknown) => (error === ERROR ? 'ours' : String(error)),
  )

const receive = async ({ client, QueueUrl }: Hollow): Promise<Message[]> =>
  (await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }))).Messages ?? []

const sequences: Readonly<Record<string, Sequence>> = {
  async 'a message from sending to deleting'(options) {
    const hollow = hollowOf(options)
    const { client, QueueUrl } = hollow
    const input = Object.freeze({ QueueUrl, MessageBody: 'one', MessageAttributes: GOOD })
    const sent = await client.send(new SendMessageCommand(input))
    const messages = await receive(hollow)
    const handler = ({ Body, MessageId }: Message) => [Body, MessageId === sent.MessageId]
    const handled = messages.map((message) =>
      (options === undefined ? handler : traceHandler(handler, options))(message),
    )
    const receipt = { QueueUrl, ReceiptHandle: messages[0]?.ReceiptHandle }
    await client.send(new ChangeMessageVisibilityCommand({ ...receipt, VisibilityTimeout: 60 }))
    const deleted = await client.send(new DeleteMessageCommand(receipt))
    return [handled, without(hollow), deleted.$metadata.httpStatusCode, hollow.requests()]
  },
  async 'a batch that fails in part, handled one by one'(options) {
    const hollow = hollowOf(options)
    const { client, QueueUrl } = hollow
    const bodies = ['one', '', 'three', 'fails']
    const Entries = bodies.map((MessageBody, index) => ({
      Id: `${index}`,
      MessageBody,
      MessageAttributes: index === 0 ? CONTEXT : GOOD,
    }))
    const { Successful, Failed } = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }))
    const messages = await receive(hollow)
    const results = await ended(
      options === undefined
        ? (async () => messages.map(handle))()
        : Promise.resolve(forEachMessage(messages, handle, options)),
    )
    const receipts = messages.map(({ ReceiptHandle }, index) => ({ Id: `${index}`, ReceiptHandle }))
    const deleted = await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: receipts }))
    return [Successful?.map(({ Id }) => Id), Failed, results, deleted.Successful, without(hollow), hollow.requests()]
  },
  async 'calls that the service refuses or answers oddly'(options) {
    const hollow = hollowOf(options)
    const { client } = hollow
    const missing = { QueueUrl: `${hollow.QueueUrl}-missing` }
    const calls = (): Promise<unknown>[] => [
      client.send(new SendMessageCommand({ ...missing, MessageBody: 'one' })),
      client.send(new SendMessageBatchCommand({ ...missing, Entries: [{ Id: 'a', MessageBody: 'one' }] })),
      client.send(new ReceiveMessageCommand(missing)),
      client.send(new DeleteMessageCommand({ ...missing, ReceiptHandle: 'none' })),
      client.send(new ChangeMessageVisibilityCommand({ ...missing, ReceiptHandle: 'none', VisibilityTimeout: 0 })),
    ]
    const seen = [await Promise.all(calls().map(ended))]
    for (const body of ['null', '{"Messages":[null]}', 'no JSON']) {
      hollow.answer = () => ({ status: 200, body })
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      seen.push(await Promise.all(calls().map(ended)))
    }
    return [seen, hollow.requests()]
  },
  async 'a middleware that throws, and commands without input'(options) {
    const hollow = hollowOf(options)
    const { client, QueueUrl } = hollow
    const empty = [new SendMessageCommand(undefined as never), new SendMessageBatchCommand({} as never)]
    const refused = await Promise.all(empty.map((command) => ended(client.send(command as never))))
    client.middlewareStack.add(() => throws, { step: 'build', name: 'closed' })
    const calls = [
      client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one' })),
      client.send(new ReceiveMessageCommand({ QueueUrl })),
      client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: 'none' })),
    ]
    return [refused, await Promise.all(calls.map(ended)), hollow.requests()]
  },
  async 'a message that is moved'(options) {
    const hollow = hollowOf(options)
    const { client, QueueUrl } = hollow
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one', MessageAttributes: GOOD }))
    const [message = {}] = await receive(hollow)
    const { Body: MessageBody, MessageAttributes } = message
    const move = async (): Promise<void> => {
      if (options === undefined) {
        await client.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageAttributes }))
        await client.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageAttributes }))
      } else {
        await retryLater(client, message, { to: QueueUrl, error: ERROR })
        await deadLetter(client, message, { to: QueueUrl, error: ERROR })
      }
    }
    await (options === undefined ? move() : traceHandler(move, options)(message))
    return [without(hollow), hollow.requests()]
  },
}

// The client takes its time for each command, so of the ways in which a part can fail some are left out.
const isTried = ({ name }: Seam): boolean => !/throws later|no error|null|garbage|a number|never settles/.test(name)

sweepSeams('client-sqs', sequences, optionSeams.filter(isTried))
