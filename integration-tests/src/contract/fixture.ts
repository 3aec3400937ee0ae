import type { DeadLetterOptions, HandledAttempt, RetryOptions, RetryResult, TracingInput } from '@tracebaton/core'
import type { RecordedSpan } from '@tracebaton/testing'

/** One header value as a scenario writes it; a list repeats the header. */
export type HeaderValue = string | Uint8Array | readonly (string | Uint8Array)[]

/** The client's own bag of headers. Opaque: scenarios freeze it, share it and send it again. */
export type Bag = object

/** The client's own object for one message to send. Opaque, like the bag. */
export type Input = object

/** A message as a handler sees it. */
export interface Received {
  /** What tells the messages of a scenario apart. */
  readonly body: string
  /** Headers as they are on the wire, as text, one entry for each time a header stands there. At least the context's. */
  readonly headers: Readonly<Record<string, readonly string[]>>
}

/** A message as the client took it from the adapter, or from the application where there is no tracing. */
export interface Sent {
  readonly destination: string
  /** As on a message that was received, in the order in which they were written. */
  readonly headers: Received['headers']
}

/** Is told of each message that a client has sent. */
export type Observer = (message: Sent) => void

/** Messages that arrived together. */
export interface Batch {
  readonly messages: readonly Received[]
  /** The adapter's `forEachMessage`. On a plain client nobody calls it. */
  forEachMessage<Result>(handler: (message: Received) => Result): Promise<readonly Awaited<Result>[]>
  /** The adapter's `traceHandler`. Calls the handler with the `this` of the caller. Scenarios use it on traced clients only. */
  traceHandler<Result>(handler: (message: Received) => Result): (message: Received) => Result
}

/** A running consumer. Disposing it stops it and waits for its handlers. */
export type Consumer = AsyncDisposable

/**
 * The adapter's publishing helpers. They take a message as a handler of any client of the fixture got it, while that
 * handler runs or later; `to` is a destination. Settling is the consumer's business, as always.
 */
export interface Moves {
  retryLater(message: Received, options?: RetryOptions): Promise<RetryResult>
  deadLetter(message: Received, options: DeadLetterOptions): Promise<unknown>
  redrive(message: Received, options: { readonly to: string }): Promise<unknown>
}

/** A connected client: the real one, wrapped by the adapter or plain. Disposing it disconnects it. */
export interface Client extends AsyncDisposable {
  /** Sends one message. Hands over the input itself, and freezes whatever it has to put around it. */
  send(destination: string, input: Input): Promise<unknown>
  /** Sends several messages, at most ten, in one call. Only with the capability `batchSend`. */
  sendBatch(destination: string, inputs: readonly Input[]): Promise<unknown>
  /**
   * Handles the messages of a destination from its first on, one by one. A handler that returns has handled its
   * message for good; one that throws, or rejects, gets it again where the broker has redelivery.
   *
   * @param concurrency handlers at a time; more than 1 only with `concurrentHandling`. The destination was made for it
   */
  consume(destination: string, handler: (message: Received) => unknown, concurrency?: number): Promise<Consumer>
  /** The same with all messages that are there at a time. Only with `batchHandling`. */
  consumeBatch(destination: string, handler: (batch: Batch) => unknown): Promise<Consumer>
  /**
   * The adapter's `attemptOf`, of the client's own object for a message that a handler got, or of a clone of it. Scenarios
   * use it on traced clients only.
   */
  attemptOf(message: Received, cloned?: boolean): HandledAttempt | undefined
  /** Only with `moves`. On a plain client they work as well. */
  readonly moves?: Moves
}

/** What another process is asked to do. It does it with a traced client, and ends. */
export type Task =
  | { readonly act: 'send'; readonly destination: string; readonly bodies: readonly string[] }
  /** `fail`: the handler throws, so that the message is delivered again. */
  | { readonly act: 'handle'; readonly destination: string; readonly count: number; readonly fail: boolean }
  /** Handles one message, and calls `retryLater` with an `OrderError` instead of throwing it. Only with `moves`. */
  | { readonly act: 'retry'; readonly destination: string; readonly to: string }

/** What another process recorded, and the messages that it handled. */
export interface Elsewhere {
  readonly spans: readonly RecordedSpan[]
  readonly received: readonly Received[]
}

/** What an adapter's author implements: a broker, its client and the adapter, in neutral words. */
export interface Fixture extends AsyncDisposable {
  /** `messaging.system.name` on the spans. */
  readonly system: string
  /** A destination that the client refuses to send to. */
  readonly impossible: string
  /** ms that a scenario waits for something to arrive. */
  readonly patience: number
  /** Makes a destination that nobody else uses, and gives its name: `messaging.destination.name` on the spans. */
  createDestination(concurrency: number): Promise<string>
  headers(headers: Readonly<Record<string, HeaderValue>>): Bag
  message(body: string, headers?: Bag): Input
  /**
   * @param options for the adapter; absent: a client without tracing
   * @param observe is told of each message that was sent, whichever way, by the client below the adapter
   */
  connect(options?: TracingInput, observe?: Observer): Promise<Client>
  /** Runs a task in a process of its own. Only with `separateProcesses`. */
  elsewhere(task: Task): Promise<Elsewhere>
  /** Restarts the broker; its destinations are still there afterwards. Only with `restart`. */
  restart(): Promise<void>
}

/**
 * Makes a fixture.
 *
 * @param alone whether a scenario is about to restart the broker, which must then be nobody else's
 */
export type Setup = (alone: boolean) => Promise<Fixture>
