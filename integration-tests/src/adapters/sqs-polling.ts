import * as newest from '@aws-sdk/client-sqs'
import type {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  Message,
  MessageAttributeValue,
  ReceiveMessageCommand,
  ReceiveMessageCommandInput,
  SQSClient,
} from '@aws-sdk/client-sqs'
import type { Consumer, Received } from '../contract/fixture.ts'
import { toTexts } from './texts.ts'

/** The commands of a version of the client. */
interface Commands {
  readonly ChangeMessageVisibilityCommand: typeof ChangeMessageVisibilityCommand
  readonly DeleteMessageCommand: typeof DeleteMessageCommand
  readonly ReceiveMessageCommand: typeof ReceiveMessageCommand
}

/**
 * Receives and handles, one batch after the other, until it is disposed: what is handled is deleted, what failed
 * becomes visible at once. A broker that does not answer is asked again.
 *
 * @param aws the commands of the client's own version
 */
export function pollQueue(
  client: SQSClient,
  input: ReceiveMessageCommandInput,
  handler: (messages: Message[]) => Promise<void>,
  aws: Commands = newest,
): Consumer {
  const stopping = new AbortController()
  const { QueueUrl } = input
  const settle = async (messages: readonly Message[], handled: boolean): Promise<void> => {
    await Promise.all(
      messages.map(({ ReceiptHandle }) =>
        handled
          ? client.send(new aws.DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
          : client.send(new aws.ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 })),
      ),
    )
  }
  const receive = async (): Promise<void> => {
    const { Messages: messages = [] } = await client.send(
      new aws.ReceiveMessageCommand({ WaitTimeSeconds: 1, ...input }),
      {
        abortSignal: stopping.signal,
      },
    )
    if (messages.length === 0) return
    const handled = await handler(messages).then(
      () => true,
      () => false,
    )
    await settle(messages, handled)
  }
  const work = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      // A broker that is down has lost the message or hands it out again: nothing to do about it here.
      await receive().catch(() => {})
    }
  }
  const working = work()
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await working
    },
  }
}

/** What the client gave for each message. */
const originals = new WeakMap<Received, Message>()

/** The message as the client gave it. */
export function originalOf(received: Received): Message {
  const message = originals.get(received)
  if (message === undefined) throw new Error(`${received.body} is no message of this fixture`)
  return message
}

/** A received message in neutral words. */
export function toReceived(message: Message): Received {
  const { Body = '', MessageAttributes } = message
  const received = { body: Body, headers: attributeTexts(MessageAttributes) }
  originals.set(received, message)
  return received
}

/** Message attributes as headers. */
export function attributeTexts(attributes: Readonly<Record<string, MessageAttributeValue>> = {}): Received['headers'] {
  const values = Object.entries(attributes).map(([name, { StringValue, BinaryValue }]) => [
    name,
    StringValue ?? BinaryValue,
  ])
  return toTexts(Object.fromEntries(values) as object)
}
