import { randomUUID } from 'node:crypto'
import type { Client, Fixture, Observer, Received } from '../../../integration-tests/src/contract/fixture.ts'
import {
  createQueues,
  deadLetter,
  forEachMessage,
  redrive,
  retryLater,
  traceHandler,
  traceQueues,
  type HeaderValue,
  type Message,
  type Queues,
  type ReceivedMessage,
} from '../src/index.ts'

/** Queues in memory for the suite that every adapter passes. */
export async function createMemoryFixture(): Promise<Fixture> {
  const queues = createQueues()
  return {
    system: 'memory',
    impossible: 'nowhere',
    patience: 5000,
    async createDestination() {
      const queue = `orders-${randomUUID()}`
      queues.declare(queue)
      return queue
    },
    headers: (headers) => ({ ...headers }),
    message: (body, headers): Message => ({
      body,
      ...(headers && { headers: headers as Readonly<Record<string, HeaderValue>> }),
    }),
    async connect(options, observe) {
      const client = observe === undefined ? queues : observed(queues, observe)
      return toClient(options === undefined ? client : traceQueues(client, options))
    },
    elsewhere: () => Promise.reject(new Error('The queues live in one process')),
    restart: () => Promise.reject(new Error('There is no broker')),
    async [Symbol.asyncDispose]() {},
  }
}

/** The queues, which tell what was published. */
function observed(queues: Queues, observe: Observer): Queues {
  return {
    ...queues,
    async publish(destination, message) {
      const answer = await queues.publish(destination, message)
      observe({ destination, headers: toHeaders(message) })
      return answer
    },
    async publishAll(destination, messages) {
      const answer = await queues.publishAll(destination, messages)
      for (const message of messages) observe({ destination, headers: toHeaders(message) })
      return answer
    },
  }
}

function toClient(queues: Queues): Client {
  return {
    send: (queue, input) => queues.publish(queue, input as Message),
    sendBatch: (queue, inputs) => queues.publishAll(queue, Object.freeze(inputs) as readonly Message[]),
    async consume(queue, handler, concurrency) {
      return { [Symbol.asyncDispose]: queues.subscribe(queue, (message) => handler(toReceived(message)), concurrency) }
    },
    async consumeBatch(queue, handler) {
      const stop = queues.subscribeAll(queue, (messages) => {
        const natives = new Map(messages.map((message) => [toReceived(message), message]))
        return handler({
          messages: [...natives.keys()],
          forEachMessage: (handle) => forEachMessage(messages, (message) => handle(find(natives, message))),
          traceHandler: (handle) => {
            const traced = traceHandler((message) => handle(find(natives, message)))
            return (received) => traced(natives.get(received)!)
          },
        })
      })
      return { [Symbol.asyncDispose]: stop }
    },
    moves: {
      retryLater: async (message, options) => retryLater(queues, originalOf(message), options),
      deadLetter: async (message, options) => deadLetter(queues, originalOf(message), options),
      redrive: async (message, options) => redrive(queues, originalOf(message), options),
    },
    async [Symbol.asyncDispose]() {},
  }
}

/** What the queues gave for each message. */
const originals = new WeakMap<Received, ReceivedMessage>()

function originalOf(received: Received): ReceivedMessage {
  const message = originals.get(received)
  if (message === undefined) throw new Error(`${received.body} is no message of this fixture`)
  return message
}

function find(natives: ReadonlyMap<Received, ReceivedMessage>, message: ReceivedMessage): Received {
  const entry = [...natives].find(([, native]) => native === message)
  return entry![0]
}

function texts(value: HeaderValue): string[] {
  if (typeof value === 'string') return [value]
  return value instanceof Uint8Array ? [Buffer.from(value).toString()] : value.flatMap(texts)
}

function toReceived(message: ReceivedMessage): Received {
  const received: Received = { body: message.body, headers: toHeaders(message) }
  originals.set(received, message)
  return received
}

function toHeaders({ headers = {} }: Message): Received['headers'] {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, texts(value)]))
}
