import {
  createArrivals,
  functionLike,
  isFor,
  ownOptions,
  processWide,
  refusalOf,
  resolveTracing,
  tracingToldBy,
  type AdapterTracing,
  type Arrival,
  type Arrivals,
  type Delivery,
  type HandledAttempt,
  type Outcome,
  type OutcomeOf,
  type TracingInput,
} from '@tracebaton/core/adapter'
import { TAKES, type ReceivedMessage } from './client.ts'
import { isFifo, queueOfUrl, SYSTEM, toDelivery, type Queue } from './describe.ts'
import { SCOPE } from './scope.ts'

/** Options of the functions that run handlers. How to trace is by default what the client that received was told. */
export type HandlerOptions = TracingInput & {
  /** The queue's URL, for messages that no traced client received. @default unknown */
  readonly queueUrl?: string | undefined
  /** `maxReceiveCount` of the queue's redrive policy: makes the last attempt known as the last. @default unknown */
  readonly maxReceiveCount?: number | undefined
}

const HANDLER_OPTIONS = { queueUrl: 'string', maxReceiveCount: 'number', outcomeOf: 'outcomeOf' } as const

/** How a message was received, and from where. */
interface SqsArrival extends Arrival {
  readonly queue: Queue
}

export const arrivals: Arrivals<SqsArrival> = createArrivals('tracebaton.sqs.arrivals.4')

/** How a message arrived; `undefined`: at no traced client. A clone is known by its receipt handle. */
export function arrivalOf(message: ReceivedMessage): SqsArrival | undefined {
  return arrivals.of(message, (delivery) => isOf(delivery, message))
}

/** A message without a receipt handle, from a test or a relay, may be any: it is known by its own mark alone. */
function isOf({ key, system }: Delivery, { ReceiptHandle }: ReceivedMessage): boolean {
  return system === SYSTEM && key !== undefined && key === ReceiptHandle
}

/**
 * What is known of the attempt that a message, or a clone of it, is being handled in: its number, of how many, why, and
 * when it is due. `undefined`: it is not being handled. Never throws.
 */
export function attemptOf(message: ReceivedMessage): HandledAttempt | undefined {
  return arrivals.attemptOf(message, (delivery) => isOf(delivery, message))
}

/**
 * Wraps a function that handles one message: each call is one attempt, with a span of its own that is active inside.
 * For sqs-consumer, `messages.map(…)` and loops of your own. Called in the handler of the very same message, it is a part
 * of that attempt. What the function returns and throws stays the same.
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
  const arrive = createHandling(handler, options)
  if (arrive === undefined) return handler
  return function (this: unknown, message, ...rest) {
    const { tracing, delivery, outcomeOf } = arrive(message)
    const call = (): Result => handler.call(this, message, ...rest)
    return delivery === undefined ? call() : tracing.process(delivery, call, outcomeOf)
  }
}

/** A message as it comes to a handler. */
interface Handled {
  readonly tracing: AdapterTracing
  /** `undefined`: it could not be described. */
  readonly delivery: Delivery | undefined
  readonly queueUrl: string | undefined
  readonly outcomeOf: OutcomeOf | undefined
}

/** Reads the options of a handler. `undefined`: it is none. */
function createHandling(
  handler: unknown,
  options: HandlerOptions | undefined,
  verb: 'traceHandler' | 'traceBatchHandler' | 'traceBatch' = 'traceHandler',
): ((message: ReceivedMessage) => Handled) | undefined {
  const told = tracingToldBy(options, HANDLER_OPTIONS, SCOPE)
  const otherwise = told ?? resolveTracing(undefined, SCOPE)
  if (!isFor(otherwise, handler, verb, TAKES)) return undefined
  const { queueUrl, maxReceiveCount, outcomeOf } = ownOptions(options, HANDLER_OPTIONS, otherwise)
  return (message) => {
    const arrival = arrivalOf(message)
    const tracing = told ?? arrival?.tracing ?? otherwise
    const delivery = tracing.guard(() => {
      const known = arrival?.tracing === tracing ? arrival.delivery : undefined
      // Handled again, the attempts of an arrival count on.
      if (known !== undefined && (maxReceiveCount ?? known.maxAttempts) === known.maxAttempts) return known
      const queue = arrival?.queue ?? queueOfUrl(queueUrl)
      const own = toDelivery(message, queue, arrival?.delivery.deliveredAt, maxReceiveCount)
      arrivals.note(message, { tracing, delivery: own, queue })
      return own
    })
    return { tracing, delivery, queueUrl: arrival?.queue.facts.queueUrl ?? queueUrl, outcomeOf }
  }
}

/** What {@link forEachMessage} gives for a message: the handler's result, or the message where that is `undefined`. */
export type HandledMessage<Message, Result> = undefined extends Result
  ? Message | Exclude<Result, undefined | void>
  : Result

/**
 * Handles messages one after the other, each in its own span and active context, like a `for` loop with `await`: when
 * the handler throws, the rest is not handled and the error is thrown on. Use {@link traceHandler} with
 * `Promise.allSettled` to handle them side by side, each by itself.
 *
 * @returns what the handler returned, in order, and the message itself in place of `undefined`: sqs-consumer deletes the
 * messages that a batch handler gives, and knows nothing else by
 */
export async function forEachMessage<Message extends ReceivedMessage, Result>(
  messages: readonly Message[] | undefined,
  handler: (message: Message) => Result,
  options?: HandlerOptions,
): Promise<HandledMessage<Message, Awaited<Result>>[]> {
  const refusal = refusalOf(
    'forEachMessage',
    [messages, Array.isArray(messages ?? []), 'a list of messages'],
    [handler, typeof handler === 'function', 'a function second'],
  )
  if (refusal !== undefined) return refusal
  const handle = createHandler(handler, options)
  const results: HandledMessage<Message, Awaited<Result>>[] = []
  for (const message of messages ?? []) {
    // oxlint-disable-next-line no-await-in-loop
    const result = await handle(message)
    results.push((result === undefined ? message : result) as HandledMessage<Message, Awaited<Result>>)
  }
  return results
}

/** What a result says by `outcomeOf` of a message that is not to be deleted. */
const GIVEN_BACK: ReadonlySet<Outcome> = new Set(['requeued', 'rejected', 'abandoned'])

/**
 * Makes a batch handler, as sqs-consumer and @ssut/nestjs-sqs take it, of a function that handles one message. The messages
 * are handled one after the other, each as by {@link traceHandler}. One that fails does not keep the others from being
 * handled, except for those after it in its group on a FIFO queue.
 *
 * @returns gives the messages that were handled, which are then deleted; the others come again, those too of which
 * `outcomeOf` says so. If none was handled, it rejects with the first error
 */
export function traceBatchHandler<Message extends ReceivedMessage>(
  handler: (message: Message) => unknown,
  options?: HandlerOptions,
): (messages: Message[]) => Promise<Message[]> {
  const arrive = createHandling(handler, options, 'traceBatchHandler')
  // What is no function is given back, as `traceHandler` does.
  if (arrive === undefined) return handler as never
  const handleAll = async (messages: Message[]): Promise<Message[]> => {
    const handled: Message[] = []
    const failures: unknown[] = []
    const groups = new Set<string | undefined>()
    for (const message of messages) {
      const arrival = arrive(message)
      const group = arrival.tracing.guard(() => message.Attributes?.['MessageGroupId'])
      if (isFifo(arrival.queueUrl) && groups.has(group)) continue
      try {
        // oxlint-disable-next-line no-await-in-loop
        if (await isTaken(arrival, () => handler(message))) handled.push(message)
        else groups.add(group)
      } catch (error) {
        failures.push(error)
        groups.add(group)
      }
    }
    if (handled.length === 0 && failures.length > 0) throw failures[0]
    return handled
  }
  batchHandlers.add(handleAll)
  return functionLike(handleAll, handler)
}

/** Batch handlers that are traced already. */
const batchHandlers = processWide('tracebaton.sqs.batch-handlers.1', () => new WeakSet<object>())

/**
 * Wraps a function that handles a batch as a whole, as sqs-consumer calls `handleMessageBatch`: each call is one span, which
 * links every message. Messages that it handles by {@link forEachMessage} or {@link traceHandler} have spans of their own
 * inside, and only then are their attempts known. What the function returns and throws stays the same. A handler of
 * {@link traceBatchHandler} is given back as it is. Never throws.
 */
export function traceBatch<Message extends ReceivedMessage, Rest extends unknown[], Result>(
  handler: (messages: Message[], ...rest: Rest) => Result,
  options?: HandlerOptions,
): (messages: Message[], ...rest: Rest) => Result {
  if (batchHandlers.has(handler)) return handler
  const arrive = createHandling(handler, options, 'traceBatch')
  if (arrive === undefined) return handler
  const handleAll = function (this: unknown, messages: Message[], ...rest: Rest): Result {
    const call = (): Result => handler.call(this, messages, ...rest)
    const handled = Array.isArray(messages) ? messages.map(arrive) : []
    const deliveries = handled.flatMap(({ delivery }) => delivery ?? [])
    return handled[0] === undefined ? call() : handled[0].tracing.processBatch(deliveries, call)
  }
  batchHandlers.add(handleAll)
  return functionLike(handleAll, handler)
}

/** Handles a message, and gives whether it is to be deleted. `outcomeOf` is asked once, also where nothing is recorded. */
async function isTaken({ tracing, delivery, outcomeOf }: Handled, call: () => unknown): Promise<boolean> {
  const ask = outcomeOf ?? tracing.options.outcomeOf
  let outcome: Outcome | undefined
  const work = async (): Promise<void> => {
    const result = await call()
    outcome = ask && tracing.guard(() => ask(result))
  }
  await (delivery === undefined ? work() : tracing.process(delivery, work, ask && (() => outcome)))
  return outcome === undefined || !GIVEN_BACK.has(outcome)
}
