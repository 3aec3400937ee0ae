import { randomUUID } from 'node:crypto'
import {
  copyWith,
  originalOf,
  processWide,
  resolveTracing,
  traced,
  warnOfInstrumentation,
  type Tracing,
  type TracingInput,
} from '@tracebaton/core'
import type { BatchPayload, ConsumerLike, ReceivedMessage, RunConfigLike } from './client.ts'
import { LIBRARY, toDelivery, type Group, type Position } from './describe.ts'

/** Options of {@link traceConsumer}. */
export type ConsumerOptions = TracingInput & {
  /** The consumer's group, which a consumer does not tell. @default unknown; set by {@link traceKafka} */
  readonly groupId?: string | undefined
}

/** The group of each consumer; a look-alike may be made again without being told. */
const groups = processWide('tracebaton.kafka.groups.0', () => new WeakMap<object, Group>())

/** Where a message was received, for as long as somebody holds the message. */
export const receivedAt: WeakMap<object, { readonly tracing: Tracing; readonly position: Position }> = processWide(
  'tracebaton.kafka.received.0',
  () => new WeakMap<object, { readonly tracing: Tracing; readonly position: Position }>(),
)

/** Batches of which kafkajs takes only those messages for handled that the handler resolves. */
const resolvedByHand = processWide('tracebaton.kafka.resolved-by-hand.0', () => new WeakSet<object>())

/**
 * Wraps a consumer: gives one of the same type whose handlers run in spans. `eachMessage` makes one attempt of each
 * message; `eachBatch` makes one span of the batch, see {@link forEachMessage}. The original and the configuration given
 * to `run` stay as they are; wrapping what this gave replaces the options. Never throws.
 */
export function traceConsumer<Consumer extends ConsumerLike>(consumer: Consumer, options?: ConsumerOptions): Consumer {
  const tracing = resolveTracing(options)
  const original = originalOf<ConsumerLike>(consumer)
  const group = groupOf(original, options?.groupId)
  warnOfInstrumentation(tracing, original, 'run', LIBRARY)
  return traced(original, {
    run: (...args: [config?: RunConfigLike]) => {
      const config = tracing.guard(() => traceRun(tracing, group, args[0]))
      return original.run(...((config === undefined ? args : [config]) as [never]))
    },
  }) as Consumer
}

function groupOf(consumer: object, id: string | undefined): Group {
  const known = groups.get(consumer)
  if (known !== undefined && (id === undefined || id === known.id)) return known
  const group = { id, memory: id ?? randomUUID() }
  groups.set(consumer, group)
  return group
}

/** A copy of the configuration with handlers of ours; `undefined` where there is no handler. */
function traceRun(tracing: Tracing, group: Group, config: RunConfigLike | undefined): RunConfigLike | undefined {
  if (typeof config !== 'object' || config === null) return undefined
  const { eachMessage, eachBatch, eachBatchAutoResolve } = config
  const handlers: { -readonly [Key in 'eachMessage' | 'eachBatch']?: RunConfigLike[Key] } = {}
  if (typeof eachMessage === 'function') {
    handlers.eachMessage = function (this: unknown, payload) {
      const delivery = tracing.guard(() => {
        const { topic, partition, message } = payload
        const position = { topic, partition, group }
        receivedAt.set(message, { tracing, position })
        return toDelivery(tracing, message, position)
      })
      const call = (): unknown => eachMessage.call(this, payload)
      return delivery === undefined ? call() : tracing.process(delivery, call)
    }
  }
  if (typeof eachBatch === 'function') {
    handlers.eachBatch = function (this: unknown, payload) {
      const deliveries = tracing.guard(() => {
        const { topic, partition, messages } = payload.batch
        // The messages wait for each other from now on, not for the broker.
        const position = { topic, partition, group, deliveredAt: Date.now() }
        if (eachBatchAutoResolve !== undefined && !eachBatchAutoResolve) resolvedByHand.add(payload.batch)
        return messages.map((message) => {
          receivedAt.set(message, { tracing, position })
          return toDelivery(tracing, message, position)
        })
      })
      const call = (): unknown => eachBatch.call(this, payload)
      return deliveries === undefined ? call() : tracing.processBatch(deliveries, call)
    }
  }
  return copyWith(config, handlers)
}

/**
 * Wraps a function that handles one message of a batch: each call is one attempt, with a span of its own that is active
 * inside and links the batch's. For loops of your own and `Promise.all`. Messages of consumers that are not traced are
 * handled without a span. What the function returns and throws stays the same.
 */
export function traceHandler<Message extends ReceivedMessage, Rest extends unknown[], Result>(
  handler: (message: Message, ...rest: Rest) => Result,
): (message: Message, ...rest: Rest) => Result {
  return function (this: unknown, message, ...rest) {
    const call = (): Result => handler.call(this, message, ...rest)
    const received = receivedAt.get(message)
    const delivery = received?.tracing.guard(() => toDelivery(received.tracing, message, received.position))
    return received === undefined || delivery === undefined ? call() : received.tracing.process(delivery, call)
  }
}

/**
 * Handles the messages of a batch one after the other, each in its own span and active context, like a `for` loop with
 * `await`: when the handler throws, the rest is not handled and the error is thrown on. `resolveOffset` and `heartbeat`
 * stay yours to call.
 *
 * Stops before the next message when somebody called `seek`; and when the consumer is stopping, provided that
 * `eachBatchAutoResolve` is off. Where it is on, kafkajs counts every message of the batch as handled, and the rest would
 * be lost.
 *
 * @returns what the handler returned, in order
 */
export async function forEachMessage<Payload extends BatchPayload, Result>(
  payload: Payload,
  handler: (message: Payload['batch']['messages'][number]) => Result,
): Promise<Awaited<Result>[]> {
  const handle = traceHandler(handler)
  const results: Awaited<Result>[] = []
  for (const message of payload.batch.messages) {
    if (payload.isStale() || (resolvedByHand.has(payload.batch) && !payload.isRunning())) break
    results.push(await handle(message))
  }
  return results
}
