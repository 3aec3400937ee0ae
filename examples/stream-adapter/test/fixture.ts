import { randomUUID } from 'node:crypto'
import type {
  Batch,
  Client,
  Fixture,
  HeaderValue,
  Observer,
  Received,
} from '../../../integration-tests/src/contract/fixture.ts'
import {
  attemptOf,
  createStreams,
  deadLetter,
  forEachMessage,
  redrive,
  retryLater,
  traceHandler,
  traceStreams,
  type Message,
  type MessageHeaders,
  type StreamClient,
  type StreamMessage,
} from '../src/index.ts'

/** All clients read as one consumer, so that each message is handled by one of them. */
const CONSUMER = 'contract'

/** Streams in memory for the suite that every adapter passes. */
export async function createStreamFixture(): Promise<Fixture> {
  const streams = createStreams()
  return {
    system: 'stream',
    impossible: 'nowhere',
    patience: 5000,
    async createDestination() {
      const stream = `orders-${randomUUID()}`
      streams.addStream(stream)
      return stream
    },
    headers: toHeaders,
    message: (body, headers): Message => ({ body, ...(headers && { headers: headers as MessageHeaders }) }),
    async connect(options, observe) {
      if (observe !== undefined) return toClient(traceAs(options, observed(streams, observe)))
      return toClient(traceAs(options, streams))
    },
    elsewhere: () => Promise.reject(new Error('The streams live in one process')),
    restart: () => Promise.reject(new Error('There is no broker')),
    async [Symbol.asyncDispose]() {},
  }
}

function traceAs(options: Parameters<Fixture['connect']>[0], streams: StreamClient): StreamClient {
  return options === undefined ? streams : traceStreams(streams, options)
}

/** The client, which tells what was published. */
function observed(streams: StreamClient, observe: Observer): StreamClient {
  return {
    addStream: (name) => streams.addStream(name),
    consumer: (...args) => streams.consumer(...args),
    async publish(destination, message) {
      const answer = await streams.publish(destination, message)
      observe({ destination, headers: toTexts(message.headers) })
      return answer
    },
    async publishAll(destination, messages) {
      const answer = await streams.publishAll(destination, messages)
      for (const { headers } of messages) observe({ destination, headers: toTexts(headers) })
      return answer
    },
  }
}

function toClient(streams: StreamClient): Client {
  return {
    send: (stream, input) => streams.publish(stream, input as Message),
    sendBatch: (stream, inputs) => streams.publishAll(stream, Object.freeze(inputs) as readonly Message[]),
    async consume(stream, handler, concurrency) {
      const consumer = streams.consumer(stream, CONSUMER)
      consumer.consume(
        (message) =>
          settling(
            () => handler(toReceived(message)),
            (handled) => (handled ? message.ack() : message.nak()),
          ),
        concurrency,
      )
      return { [Symbol.asyncDispose]: () => consumer.close() }
    },
    async consumeBatch(stream, handler) {
      const consumer = streams.consumer(stream, CONSUMER)
      consumer.consumeBatch(async (messages) => {
        const failed = new Set<StreamMessage>()
        try {
          await handler(toBatch(messages, failed))
        } catch (error) {
          for (const message of messages) message.nak()
          throw error
        }
        for (const message of messages) if (failed.has(message)) message.term()
        for (const message of messages) if (!failed.has(message)) message.ack()
      })
      return { [Symbol.asyncDispose]: () => consumer.close() }
    },
    attemptOf: (message, cloned) => attemptOf(cloned === true ? { ...originalOf(message) } : originalOf(message)),
    moves: {
      retryLater: async (message, options) => retryLater(streams, originalOf(message), options),
      deadLetter: async (message, options) => deadLetter(streams, originalOf(message), options),
      redrive: async (message, options) => redrive(streams, originalOf(message), options),
    },
    async [Symbol.asyncDispose]() {},
  }
}

/**
 * Each message is settled as soon as it is handled; one that failed when its batch is over, because a batch whose handler
 * returns is handled for good.
 */
function toBatch(messages: readonly StreamMessage[], failed: Set<StreamMessage>): Batch {
  const received = new Map(messages.map((message) => [message, toReceived(message)]))
  const settlingEach = <Result>(handler: (message: Received) => Result) =>
    function (this: unknown, message: StreamMessage): Result {
      return settling(
        () => handler.call(this, received.get(message)!),
        (handled) => void (handled ? message.ack() : failed.add(message)),
      )
    }
  return {
    messages: [...received.values()],
    forEachMessage: (handler) => forEachMessage(messages, settlingEach(handler)),
    traceHandler: (handler) => {
      const traced = traceHandler(settlingEach(handler))
      return function (this: unknown, message) {
        return traced.call(this, originalOf(message))
      }
    },
  }
}

/** Runs a handler and settles its message when it has ended: at once, or when its promise is settled. */
function settling<Result>(handle: () => Result, settle: (handled: boolean) => void): Result {
  let result: Result
  try {
    result = handle()
  } catch (error) {
    settle(false)
    throw error
  }
  if (result instanceof Promise) {
    return result.then(
      (value: unknown) => {
        settle(true)
        return value
      },
      (error: unknown) => {
        settle(false)
        throw error
      },
    ) as Result
  }
  settle(true)
  return result
}

/** What the client gave for each message. */
const originals = new WeakMap<Received, StreamMessage>()

function originalOf(received: Received): StreamMessage {
  const message = originals.get(received)
  if (message === undefined) throw new Error(`${received.body} is no message of this fixture`)
  return message
}

function toReceived(message: StreamMessage): Received {
  const received: Received = { body: message.body, headers: toTexts(message.headers) }
  originals.set(received, message)
  return received
}

function toHeaders(headers: Readonly<Record<string, HeaderValue>>): MessageHeaders {
  return new Map(Object.entries(headers).map(([name, value]) => [name, isOne(value) ? [value] : value]))
}

function isOne(value: HeaderValue): value is string | Uint8Array {
  return typeof value === 'string' || value instanceof Uint8Array
}

function toTexts(headers: MessageHeaders = new Map()): Received['headers'] {
  const entries = [...headers].map(([name, values]) => [name, values.map((value) => Buffer.from(value).toString())])
  return Object.fromEntries(entries) as Received['headers']
}
