import { randomUUID } from 'node:crypto'

/** A header value; a list where the header repeats. */
export type HeaderValue = string | Uint8Array | readonly (string | Uint8Array)[]

/** A message to publish. */
export interface Message {
  readonly body: string
  readonly headers?: Readonly<Record<string, HeaderValue>>
  /** ms before it can arrive. Default: 0 */
  readonly delay?: number
}

/** A message as it arrives. */
export interface ReceivedMessage extends Message {
  readonly id: string
  /** ms since the epoch. */
  readonly publishedAt: number
  /** How often it has arrived, this time included. */
  readonly deliveries: number
}

/** Stops a subscription and waits for its handlers. */
export type Unsubscribe = () => Promise<void>

/** Queues in memory: the client of a broker that is none. It knows nothing of tracing. */
export interface Queues {
  /** Makes a queue. */
  declare(queue: string): void
  /** Rejects where there is no such queue. */
  publish(queue: string, message: Message): Promise<{ readonly id: string }>
  /** Publishes all of them. Rejects where there is no such queue. */
  publishAll(queue: string, messages: readonly Message[]): Promise<readonly { readonly id: string }[]>
  /**
   * Calls the handler for each message. A message whose handler fails comes again, first of all.
   *
   * @param concurrency handlers at a time. Default: 1
   */
  subscribe(queue: string, handler: (message: ReceivedMessage) => unknown, concurrency?: number): Unsubscribe
  /** Calls the handler with all messages that are there. When it fails, all of them come again. */
  subscribeAll(queue: string, handler: (messages: readonly ReceivedMessage[]) => unknown): Unsubscribe
}

interface Queue {
  readonly waiting: ReceivedMessage[]
  /** Wakes the subscriptions that wait for a message. */
  readonly wake: Set<() => void>
}

/** Makes a broker without queues. */
export function createQueues(): Queues {
  const queues = new Map<string, Queue>()

  function queueOf(name: string): Queue {
    const queue = queues.get(name)
    if (queue === undefined) throw new RangeError(`There is no queue ${name}`)
    return queue
  }

  function put(queue: Queue, messages: readonly ReceivedMessage[], where: 'push' | 'unshift'): void {
    queue.waiting[where](...messages)
    for (const wake of queue.wake) wake()
  }

  function accept(queue: Queue, message: Message): { readonly id: string } {
    if (typeof message.body !== 'string') throw new TypeError('A message needs a body')
    const copy = { ...structuredClone(message), id: randomUUID(), publishedAt: Date.now(), deliveries: 0 }
    if (message.delay === undefined) put(queue, [copy], 'push')
    else setTimeout(() => put(queue, [copy], 'push'), message.delay)
    return { id: copy.id }
  }

  /** Takes messages and hands them over, one batch after the other, until it is stopped. */
  function start(queue: Queue, size: number, handler: (messages: readonly ReceivedMessage[]) => unknown): Unsubscribe {
    const subscription = { stopped: false, wake() {} }
    const wakeUp = (): void => subscription.wake()
    queue.wake.add(wakeUp)
    const work = async (): Promise<void> => {
      while (!subscription.stopped) {
        const messages = queue.waiting.splice(0, size).map(delivered)
        if (messages.length === 0) {
          await new Promise<void>((resolve) => {
            subscription.wake = resolve
          })
          continue
        }
        try {
          await handler(messages)
        } catch {
          put(queue, messages, 'unshift')
          // Whoever fails for ever must not keep the others from running.
          await new Promise(setImmediate)
        }
      }
    }
    const working = work()
    return async () => {
      subscription.stopped = true
      queue.wake.delete(wakeUp)
      wakeUp()
      await working
    }
  }

  return {
    declare(name) {
      if (!queues.has(name)) queues.set(name, { waiting: [], wake: new Set() })
    },
    publish: async (name, message) => accept(queueOf(name), message),
    async publishAll(name, messages) {
      const queue = queueOf(name)
      return messages.map((message) => accept(queue, message))
    },
    subscribe(name, handler, concurrency = 1) {
      const queue = queueOf(name)
      const stops = Array.from({ length: concurrency }, () =>
        start(queue, 1, ([message]) => message && handler(message)),
      )
      return async () => {
        await Promise.all(stops.map((stop) => stop()))
      }
    },
    subscribeAll: (name, handler) => start(queueOf(name), Number.POSITIVE_INFINITY, handler),
  }
}

function delivered(message: ReceivedMessage): ReceivedMessage {
  return { ...message, deliveries: message.deliveries + 1 }
}
