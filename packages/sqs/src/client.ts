import { hasMethods, type Followers, type Takes } from '@tracebaton/core/adapter'

const HANDLER = { words: 'a function that handles a message', fits: (given: unknown) => typeof given === 'function' }

/** What is wrapped here. A client of another service sends nothing that is traced here. */
export const TAKES: Takes = {
  traceSqs: {
    words: 'an SQSClient or SQS of @aws-sdk/client-sqs',
    fits(given) {
      const { middlewareStack, config } = given as SqsClientLike
      return hasMethods('add')(middlewareStack) && [undefined, 'SQS'].includes(Reflect.get(config, 'serviceId'))
    },
  },
  traceHandler: HANDLER,
  traceBatchHandler: HANDLER,
  traceBatch: { words: 'a function that handles messages', fits: (given) => typeof given === 'function' },
}

export const FOLLOWERS: Followers = {
  library: 'aws-sdk',
  datadog: ['aws-sdk', 'apm:aws:request:start:sqs', '{ sqs: false }'],
  // One of the names that the package of the client's core has had: it follows all of them.
  sentry: ['Aws', 'tracing:orchestrion:@smithy/smithy-client:send:start'],
}

/**
 * The part of an AWS client that is used here. `SQSClient` and `SQS` both fit: `never` takes the middleware types of
 * any client, and {@link InitializeStack} says what we hand over.
 */
export interface SqsClientLike {
  readonly middlewareStack: { add(middleware: never, options: never): void }
  readonly config: object
}

/** The first version, 3.x, of the client that sends `MessageSystemAttributeNames`. Earlier ones leave it out. */
const FIRST_WITH_SYSTEM_NAMES = 583

/**
 * Whether a client sends only the legacy list of names. One that does not tell its version counts as old: it is then asked
 * for both lists.
 */
export async function isOldClient(client: SqsClientLike): Promise<boolean> {
  // What it tells services of itself.
  const { defaultUserAgentProvider } = client.config as {
    readonly defaultUserAgentProvider?: () => Promise<readonly (readonly [name: string, version?: string])[]>
  }
  const agent = await defaultUserAgentProvider?.()
  const [, version = ''] = agent?.find(([name]) => name === 'aws-sdk-js') ?? []
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return !(major > 3 || (major === 3 && minor >= FIRST_WITH_SYSTEM_NAMES))
}

/** A client's middleware stack as used here. */
export interface InitializeStack {
  add(middleware: Middleware, options: { step: 'initialize'; name: string; priority: 'low'; override: true }): void
}

/** The next step of the middleware stack. `output` is what the caller's `send` resolves to. */
export type Next = (args: { readonly input: unknown }) => Promise<Response>

export interface Response {
  readonly output: unknown
}

/** A middleware of the initialize step, where the input is still the caller's. */
export type Middleware = (next: Next, context: { readonly commandName?: string }) => Next

/** An attribute of a message, as sent and as received. */
export interface MessageAttribute {
  readonly DataType?: string | undefined
  readonly StringValue?: string | undefined
  readonly BinaryValue?: Uint8Array | undefined
}

export type MessageAttributes = Readonly<Record<string, MessageAttribute>>

/** One message to send: the input of `SendMessage`, or an entry of `SendMessageBatch`. */
export interface OutgoingEntry {
  readonly Id?: string | undefined
  readonly MessageBody?: string | undefined
  readonly DelaySeconds?: number | undefined
  readonly MessageAttributes?: MessageAttributes | undefined
  readonly MessageSystemAttributes?: MessageAttributes | undefined
}

/** One message to send, by itself. */
export interface SendInput extends OutgoingEntry {
  readonly QueueUrl?: string | undefined
  readonly MessageGroupId?: string | undefined
  readonly MessageDeduplicationId?: string | undefined
}

/** What the service answers to one message. */
export interface SendOutput {
  readonly MessageId?: string | undefined
}

/** A client that sends. `never` takes the commands of any client. */
export interface SendingClient {
  send(command: never): Promise<unknown>
}

/** One message as received. The real client's `Message` fits. */
export interface ReceivedMessage {
  readonly MessageId?: string | undefined
  readonly ReceiptHandle?: string | undefined
  readonly Body?: string | undefined
  readonly Attributes?: Readonly<Record<string, string | undefined>> | undefined
  readonly MessageAttributes?: MessageAttributes | undefined
}
