import {
  copyWith,
  createArrivals,
  functionLike,
  isFor,
  isObject,
  originalOf,
  ownOptions,
  partitionsOf,
  processWide,
  refusalOf,
  resolveTracing,
  traced,
  tracingToldBy,
  warnOfInstrumentation,
  type AdapterTracing,
  type Arrival,
  type Arrivals,
  type Delivery,
  type HandledAttempt,
  type Partition,
  type Partitions,
  type Settlement,
  type TracingInput,
} from '@tracebaton/core/adapter'
import { FOLLOWERS, TAKES } from './client.ts'
import type { BatchPayload, ConsumerLike, MessagePayload, ReceivedMessage, RunConfigLike, SeekLike } from './client.ts'
import { toDelivery } from './describe.ts'
import { SCOPE } from './scope.ts'

/** Options of {@link traceConsumer}. */
export type ConsumerOptions = TracingInput & {
  /** The consumer's group, which a consumer does not tell. @default unknown; set by {@link traceKafka} */
  readonly groupId?: string | undefined
  /** The client's `clientId`, which a consumer does not tell. @default unknown; set by {@link traceKafka} */
  readonly clientId?: string | undefined
}

/** Options of {@link traceHandler}. How to trace is by default what the consumer that received was told. */
export type HandlerOptions = TracingInput & {
  /** The topic of messages that no traced consumer received. @default unknown */
  readonly topic?: string | undefined
  /** The partition of messages that no traced consumer received. @default unknown */
  readonly partition?: number | undefined
  /** The group on whose behalf they were received. @default unknown */
  readonly groupId?: string | undefined
}

const CONSUMER_OPTIONS = { groupId: 'string', clientId: 'string' } as const
const HANDLER_OPTIONS = { topic: 'string', partition: 'number', groupId: 'string', outcomeOf: 'outcomeOf' } as const

/** The group of each consumer: a look-alike may be made again without being told. */
const groups = processWide('tracebaton.kafka.groups.1', () => new WeakMap<object, string>())

/** How a message arrived, and as what. */
interface MessageArrival extends Arrival {
  /** As kafkajs gave it. A clone may hold what a framework has parsed. */
  readonly message: ReceivedMessage
}

const arrivals: Arrivals<MessageArrival> = createArrivals('tracebaton.kafka.arrivals.5')

/** Batches of which kafkajs takes only those messages for handled that the handler resolves. */
const resolvedByHand = processWide('tracebaton.kafka.resolved-by-hand.1', () => new WeakSet<object>())

/**
 * Wraps a consumer: gives one of the same type whose handlers run in spans. `eachMessage` makes one attempt of each
 * message; `eachBatch` makes one span of the batch, see {@link forEachMessage}. The original and the configuration given
 * to `run` stay as they are; wrapping what this gave replaces the options. Never throws.
 */
export function traceConsumer<Consumer extends ConsumerLike>(consumer: Consumer, options?: ConsumerOptions): Consumer {
  const tracing = resolveTracing(options, SCOPE, CONSUMER_OPTIONS)
  if (!isFor(tracing, consumer, 'traceConsumer', TAKES)) return consumer
  const original = originalOf<ConsumerLike>(consumer)
  const { groupId: group = groups.get(original), clientId } = ownOptions(options, CONSUMER_OPTIONS, tracing)
  if (group !== undefined) groups.set(original, group)
  warnOfInstrumentation(tracing, original, 'run', FOLLOWERS)
  let partitions: Partitions | undefined
  /** Asked for when it runs: one that is made and dropped leaves no group behind. */
  const partitionsOfOwn = (): Partitions => (partitions ??= partitionsOf(group))
  const members: Partial<ConsumerLike> = {
    run: (...args: [config?: RunConfigLike]) => {
      const config = tracing.guard(() => traceRun(tracing, partitionsOfOwn(), clientId, args[0]))
      return original.run(...((config === undefined ? args : [config]) as [never]))
    },
  }
  if (typeof original.seek === 'function') {
    members.seek = (...args: [place: SeekLike]) => {
      const settlement = tracing.guard(() => toSettlement(partitionsOfOwn(), args[0]))
      const call = (): void => original.seek?.(...(args as [never]))
      return settlement === undefined ? call() : tracing.settle(settlement, call)
    }
  }
  return traced(original, members) as Consumer
}

/** A handler that seeks back to its own message gives that back. Any other seek settles nothing. */
function toSettlement(partitions: Partitions, { topic, partition, offset }: SeekLike): Settlement | undefined {
  // The partition is asked for last: one that is not known yet would be made.
  const isOwn = ({ key, destination, source }: Delivery): boolean =>
    key === offset && destination.name === topic && source === partitions.of(topic, partition)
  const handled = arrivals.of(undefined, isOwn)?.delivery
  if (handled === undefined) return undefined
  const { system, destination, source } = handled
  return { system, operation: 'seek', destination, outcome: 'requeued', source, keys: [offset], batch: false }
}

/** A copy of the configuration with handlers of ours; `undefined` where there is no handler. */
function traceRun(
  tracing: AdapterTracing,
  partitions: Partitions,
  clientId: string | undefined,
  config: RunConfigLike | undefined,
): RunConfigLike | undefined {
  if (!isObject(config)) return undefined
  const { eachMessage, eachBatch, eachBatchAutoResolve } = config
  const arrive = (message: ReceivedMessage, partition: Partition, at?: number): Delivery => {
    const delivery = toDelivery(tracing, message, undefined, partition, partitions.group, clientId, at)
    arrivals.note(message, { tracing, delivery, message })
    return delivery
  }
  const handlers: { -readonly [Key in 'eachMessage' | 'eachBatch']?: RunConfigLike[Key] } = {}
  if (typeof eachMessage === 'function') {
    handlers.eachMessage = function (this: unknown, payload) {
      const delivery = tracing.guard(() => arrive(payload.message, partitions.of(payload.topic, payload.partition)))
      const call = (): unknown => eachMessage.call(this, payload)
      return delivery === undefined ? call() : tracing.process(delivery, call)
    }
  }
  if (typeof eachBatch === 'function') {
    handlers.eachBatch = function (this: unknown, payload) {
      const deliveries = tracing.guard(() => {
        const { topic, partition, messages } = payload.batch
        if (eachBatchAutoResolve !== undefined && !eachBatchAutoResolve) resolvedByHand.add(payload.batch)
        const place = partitions.of(topic, partition)
        // The messages wait for each other from now on, not for the broker.
        const now = Date.now()
        return messages.map((message) => arrive(message, place, now))
      })
      const call = (): unknown => eachBatch.call(this, payload)
      return deliveries === undefined ? call() : tracing.processBatch(deliveries, call)
    }
  }
  return copyWith(config, handlers)
}

/** How a message arrived; `undefined`: at no traced consumer. A clone is known by its place in the topic. */
export function arrivalOf(message: ReceivedMessage, payload?: MessagePayload): MessageArrival | undefined {
  return arrivals.of(
    message,
    (delivery) =>
      isOf(delivery, message) &&
      (payload === undefined ||
        (delivery.destination.name === payload.topic && delivery.facts?.partition === String(payload.partition))),
  )
}

function isOf({ key, sentAt = -1 }: Delivery, { offset, timestamp }: ReceivedMessage): boolean {
  return key === offset && sentAt === Number(timestamp)
}

/**
 * What is known of the attempt that a message, or a clone of it, is being handled in, also inside of `eachBatch`: its
 * number, of how many, why, and when it is due. `undefined`: it is not being handled. Never throws.
 */
export function attemptOf(message: ReceivedMessage): HandledAttempt | undefined {
  return arrivals.attemptOf(message, (delivery) => isOf(delivery, message))
}

/**
 * Wraps a function that handles one message of a batch: each call is one attempt, with a span of its own that is active
 * inside and links the batch's. For loops of your own and `Promise.all`. Messages that no traced consumer received are
 * handled without a span, unless there are options: these say where they came from. What the function returns and throws
 * stays the same.
 */
export function traceHandler<Message extends ReceivedMessage, Rest extends unknown[], Result>(
  handler: (message: Message, ...rest: Rest) => Result,
  options?: HandlerOptions,
): (message: Message, ...rest: Rest) => Result {
  return functionLike(createHandler(handler, options), handler)
}

/** The same for a handler that no framework looks at. */
function createHandler<Message extends ReceivedMessage, Rest extends unknown[], Result>(
  handler: (message: Message, ...rest: Rest) => Result,
  options: HandlerOptions | undefined,
): (message: Message, ...rest: Rest) => Result {
  const told = tracingToldBy(options, HANDLER_OPTIONS, SCOPE)
  const otherwise = told ?? resolveTracing(undefined, SCOPE)
  if (!isFor(otherwise, handler, 'traceHandler', TAKES)) return handler
  const { topic, partition, groupId, outcomeOf } = ownOptions(options, HANDLER_OPTIONS, otherwise)
  const partitions = partitionsOf(groupId)
  const place = topic === undefined || partition === undefined ? undefined : partitions.of(topic, partition)
  return function (this: unknown, message, ...rest) {
    const call = (): Result => handler.call(this, message, ...rest)
    const arrival = arrivalOf(message)
    if (arrival === undefined && !options) return call()
    const tracing = told ?? arrival?.tracing ?? otherwise
    const delivery =
      arrival?.delivery ?? tracing.guard(() => toDelivery(tracing, message, topic, place, partitions.group))
    return delivery === undefined ? call() : tracing.process(delivery, call, outcomeOf)
  }
}

/**
 * Handles the messages of a batch one after the other, each in its own span and active context, like a `for` loop with
 * `await`: when the handler throws, the rest is not handled and the error is thrown on. `resolveOffset` and `heartbeat`
 * stay yours to call.
 *
 * Stops before the next message when `seek` was called; and when the consumer is stopping, provided that
 * `eachBatchAutoResolve` is off. Where it is on, kafkajs counts every message of the batch as handled, and the rest would
 * be lost.
 *
 * @returns what the handler returned, in order
 */
export async function forEachMessage<Payload extends BatchPayload, Result>(
  payload: Payload,
  handler: (message: Payload['batch']['messages'][number]) => Result,
  options?: HandlerOptions,
): Promise<Awaited<Result>[]> {
  const refusal = refusalOf(
    'forEachMessage',
    [payload, Array.isArray(payload?.batch?.messages), 'what eachBatch gets'],
    [handler, typeof handler === 'function', 'a function second'],
  )
  if (refusal !== undefined) return refusal
  const handle = createHandler(handler, options)
  const results: Awaited<Result>[] = []
  for (const message of payload.batch.messages) {
    if (payload.isStale() || (resolvedByHand.has(payload.batch) && !payload.isRunning())) break
    results.push(await handle(message))
  }
  return results
}
