import { setImmediate as turn } from 'node:timers/promises'

/** A header value. */
export type HeaderValue = string | Uint8Array

/** Headers: each name has one value or several. */
export type MessageHeaders = ReadonlyMap<string, readonly HeaderValue[]>

/** A message to publish. */
export interface Message {
  readonly body: string
  readonly headers?: MessageHeaders | undefined
  /** ms before it is delivered. @default 0 */
  readonly delay?: number | undefined
}

/** What the stream answers. */
export interface PublishAck {
  readonly stream: string
  /** Where the message stands in the stream, from 1. */
  readonly sequence: number
}

/** What the stream says of one delivery. */
export interface DeliveryInfo extends PublishAck {
  readonly consumer: string
  /** Numbers the deliveries of the consumer, from 1. */
  readonly deliverySequence: number
  /** How often the message was delivered to this consumer, this time included. */
  readonly deliveries: number
  /** When the message was published, ms since the epoch. */
  readonly timestamp: number
}

/** A message as it was delivered. Only the first settlement of a delivery counts. */
export interface StreamMessage {
  readonly body: string
  readonly headers: MessageHeaders | undefined
  readonly info: DeliveryInfo
  /** The message is handled. */
  ack(): void
  /**
   * The message is to be delivered again, first of all.
   *
   * @param delay ms. Default: 0
   */
  nak(delay?: number): void
  /** The message is not to be delivered again, although it was not handled. */
  term(): void
}

/** Handles a message. The message is settled by its own methods alone: what the handler throws settles nothing. */
export type Handler<Result = unknown> = (message: StreamMessage) => Result

/** Messages that were fetched together. */
export type Batch = readonly StreamMessage[]

/** Handles a batch, in the same way. */
export type BatchHandler = (batch: Batch) => unknown

/** One reader of a stream. Readers of one name share the messages. */
export interface StreamConsumer {
  /**
   * Calls the handler for each message.
   *
   * @param concurrency handlers at a time. Default: 1
   */
  consume(handler: Handler, concurrency?: number): void
  /** Fetches all messages that are there, and calls the handler with them; and so on. */
  consumeBatch(handler: BatchHandler): void
  isClosed(): boolean
  /** Stops, and waits for the handlers. Settlements after it have no effect. */
  close(): Promise<void>
}

/** A client of streams. */
export interface StreamClient {
  /** Rejects if there is no such stream. */
  publish(stream: string, message: Message): Promise<PublishAck>
  /** Publishes all of them. Rejects if there is no such stream. */
  publishAll(stream: string, messages: readonly Message[]): Promise<readonly PublishAck[]>
  /** Makes a stream. */
  addStream(name: string): void
  /**
   * A consumer, which gets the messages of the stream from the first on.
   *
   * @param ackWait ms after which a message that is not settled is delivered again. Default: 30,000
   */
  consumer(stream: string, name: string, ackWait?: number): StreamConsumer
}

/** A message in its stream. */
interface Stored extends PublishAck {
  readonly message: Message
  readonly timestamp: number
}

/** Makes streams in memory, and their client. It knows nothing of tracing. */
export function createStreams(): StreamClient {
  return new Streams()
}

class Streams implements StreamClient {
  readonly #streams = new Map<string, Stream>()

  addStream(name: string): void {
    if (!this.#streams.has(name)) this.#streams.set(name, new Stream(name))
  }

  async publish(stream: string, message: Message): Promise<PublishAck> {
    return this.#find(stream).append(message)
  }

  async publishAll(stream: string, messages: readonly Message[]): Promise<readonly PublishAck[]> {
    const found = this.#find(stream)
    return messages.map((message) => found.append(message))
  }

  consumer(stream: string, name: string, ackWait: number = 30_000): StreamConsumer {
    return new Consumer(this.#find(stream).reader(name), ackWait)
  }

  #find(name: string): Stream {
    const stream = this.#streams.get(name)
    if (stream === undefined) throw new RangeError(`There is no stream ${name}`)
    return stream
  }
}

class Stream {
  readonly #name: string
  readonly #stored: Stored[] = []
  readonly #readers = new Map<string, Reader>()
  #sequence = 0

  constructor(name: string) {
    this.#name = name
  }

  append(message: Message): PublishAck {
    if (typeof message.body !== 'string') throw new TypeError('A message needs a body')
    const ack = { stream: this.#name, sequence: ++this.#sequence }
    const stored: Stored = { ...ack, message: structuredClone(message), timestamp: Date.now() }
    if (message.delay === undefined) this.#add(stored)
    else setTimeout(() => this.#add(stored), message.delay)
    return ack
  }

  reader(name: string): Reader {
    let reader = this.#readers.get(name)
    if (reader === undefined) this.#readers.set(name, (reader = new Reader(name, this.#stored)))
    return reader
  }

  #add(stored: Stored): void {
    this.#stored.push(stored)
    for (const reader of this.#readers.values()) reader.add([stored], 'push')
  }
}

/** What consumers of one name have not been given yet. */
class Reader {
  readonly name: string
  readonly wake = new Set<() => void>()
  readonly #waiting: Stored[]
  readonly #deliveries = new Map<number, number>()
  #deliverySequence = 0

  constructor(name: string, stored: readonly Stored[]) {
    this.name = name
    this.#waiting = [...stored]
  }

  add(stored: readonly Stored[], where: 'push' | 'unshift'): void {
    this.#waiting[where](...stored)
    for (const wake of this.wake) wake()
  }

  take(most: number, ackWait: number): StreamMessage[] {
    return this.#waiting.splice(0, most).map((stored) => this.#deliver(stored, ackWait))
  }

  #deliver(stored: Stored, ackWait: number): StreamMessage {
    const { message, stream, sequence, timestamp } = stored
    const deliveries = (this.#deliveries.get(sequence) ?? 0) + 1
    this.#deliveries.set(sequence, deliveries)
    const deliverySequence = ++this.#deliverySequence
    const info: DeliveryInfo = { stream, sequence, timestamp, consumer: this.name, deliverySequence, deliveries }
    const again = (): void => this.add([stored], 'unshift')
    return new Delivered(message, info, again, ackWait)
  }
}

class Delivered implements StreamMessage {
  readonly body: string
  readonly headers: MessageHeaders | undefined
  readonly info: DeliveryInfo
  readonly #again: () => void
  readonly #ackWait: NodeJS.Timeout
  #settled = false

  constructor({ body, headers }: Message, info: DeliveryInfo, again: () => void, ackWait: number) {
    this.body = body
    this.headers = headers
    this.info = info
    this.#again = again
    this.#ackWait = setTimeout(() => this.nak(), ackWait).unref()
  }

  ack(): void {
    this.#settle()
  }

  nak(delay?: number): void {
    if (!this.#settle()) return
    if (delay === undefined) this.#again()
    else setTimeout(this.#again, delay)
  }

  term(): void {
    this.#settle()
  }

  #settle(): boolean {
    clearTimeout(this.#ackWait)
    const first = !this.#settled
    this.#settled = true
    return first
  }
}

class Consumer implements StreamConsumer {
  readonly #reader: Reader
  readonly #ackWait: number
  readonly #working = new Set<Promise<void>>()
  #closed = false

  constructor(reader: Reader, ackWait: number) {
    this.#reader = reader
    this.#ackWait = ackWait
  }

  consume(handler: Handler, concurrency: number = 1): void {
    for (let loop = 0; loop < concurrency; loop++) this.#work(1, ([message]) => message && handler(message))
  }

  consumeBatch(handler: BatchHandler): void {
    this.#work(Number.POSITIVE_INFINITY, handler)
  }

  isClosed(): boolean {
    return this.#closed
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const wake of this.#reader.wake) wake()
    await Promise.all(this.#working)
  }

  #work(most: number, handler: BatchHandler): void {
    const done = this.#loop(most, handler).finally(() => this.#working.delete(done))
    this.#working.add(done)
  }

  async #loop(most: number, handler: BatchHandler): Promise<void> {
    while (!this.#closed) {
      const messages = this.#reader.take(most, this.#ackWait)
      if (messages.length === 0) await this.#more()
      else {
        try {
          await handler(messages)
        } catch {
          // A message that fails for ever leaves time for other work.
          await turn()
        }
      }
    }
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#reader.wake.delete(wake)
        resolve()
      }
      this.#reader.wake.add(wake)
    })
  }
}
