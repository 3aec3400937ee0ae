import { types } from 'node:util'
import { context } from '@opentelemetry/api'
import {
  resolveTracing,
  tracingToldBy,
  type AdapterTracing,
  type OpenAttempt,
  type TracingInput,
} from '@tracebaton/core/adapter'
import { attemptAt, noteArrival } from './arrivals.ts'
import { invoke, invokeAndTell, type ChannelLike, type MessageLike, type Method } from './client.ts'
import { SYSTEM, serverFacts, toDelivery } from './describe.ts'
import { placeOf } from './destination.ts'
import { SCOPE } from './scope.ts'

/**
 * Members of a channel that receive.
 *
 * @param chained gives the look-alike in place of the channel
 */
export function receivers(
  tracing: AdapterTracing,
  channel: ChannelLike,
  chained: (result: unknown) => unknown,
): Pick<ChannelLike, 'consume' | 'get'> {
  const call = (args: unknown[]): unknown => chained(invoke(channel, 'consume', args))
  const consume: Method = (...args) => {
    const [queue, handler, options] = args
    if (typeof handler !== 'function') return call(args)
    const noAck = isNoAck(options)
    args[1] = function (this: unknown, ...given: [message: MessageLike | null]): unknown {
      const [message] = given
      const handle = (): unknown => Reflect.apply(handler, this, given)
      // The broker has cancelled the consumer: there is no message.
      if (message === null) return handle()
      tracing.guard(() => {
        noteArrival(tracing, channel, message, toDelivery(tracing, channel, message, nameOf(queue), noAck), noAck)
      })
      const attempt = attemptAt(message)
      return attempt === undefined ? handle() : runUnwatched(attempt, handle)
    }
    return call(args)
  }
  const get: Method = (...args) => {
    const [queue, options] = args
    const received = receptionOf(tracing, channel, nameOf(queue), isNoAck(options))
    return chained(invokeAndTell(channel, 'get', args, 2, received))
  }
  return { consume, get }
}

/** Records one `get`, as a call of the span that is active now. Told the answer as a callback is: error, message. */
function receptionOf(tracing: AdapterTracing, channel: ChannelLike, queue: string | undefined, noAck: boolean) {
  const startedAt = Date.now()
  const record = (answer: readonly unknown[]): void => {
    const [error, found] = answer
    const message = typeof found === 'object' && found !== null ? (found as MessageLike) : undefined
    const delivery = message && { ...toDelivery(tracing, channel, message, queue, noAck), received: true }
    if (message !== undefined && delivery !== undefined) noteArrival(tracing, channel, message, delivery, noAck)
    tracing.receive(
      {
        system: SYSTEM,
        operation: 'get',
        destination: delivery?.destination ?? placeOf(channel, '', queue ?? '', queue).destination,
        batch: false,
        startedAt,
        facts: serverFacts(channel),
        ...(error !== null && error !== undefined && { error }),
      },
      delivery === undefined ? [] : [delivery],
    )
  }
  const bound = tracing.guard(() => context.bind(context.active(), record)) ?? record
  return (answer: readonly unknown[]): void => tracing.guard(() => bound(answer))
}

/** Options of {@link traceHandler}. How to trace is by default what the channel that handed the message over was told. */
export type HandlerOptions = TracingInput & {
  /** The queue of messages that no traced channel handed over. @default unknown */
  readonly queue?: string | undefined
}

/**
 * Wraps a function that handles one message: each call is the attempt at that message, or a part of it, and when the
 * function fails, the attempt has failed. For messages of `get`, for handlers that catch their own errors to settle the
 * message, and for messages that are handled after `consume` has handed them over. Messages that no traced channel handed
 * over are handled without a span, unless there are options: then the attempt lasts as long as the function. What the
 * function returns and throws stays the same.
 */
export function traceHandler<Message extends MessageLike, Rest extends unknown[], Result>(
  handler: (message: Message, ...rest: Rest) => Result,
  options?: HandlerOptions,
): (message: Message, ...rest: Rest) => Result {
  const told = tracingToldBy(options, ['queue'], SCOPE)
  return function (this: unknown, message, ...rest) {
    const call = (): Result => handler.call(this, message, ...rest)
    const attempt = attemptAt(message, told)
    if (attempt !== undefined) return attempt.run(call)
    if (options === undefined) return call()
    const tracing = told ?? resolveTracing(undefined, SCOPE)
    const delivery = tracing.guard(() => toDelivery(tracing, NO_CHANNEL, message, options.queue, false))
    return delivery === undefined ? call() : tracing.process(delivery, call)
  }
}

/** Stands for the channel of messages that no traced channel handed over. */
const NO_CHANNEL: ChannelLike = {} as ChannelLike

/**
 * The client looks at no answer, so that nobody may find out that we do: a thenable which is no promise may be lazy, and
 * asking it would start it.
 */
function runUnwatched(attempt: OpenAttempt, handle: () => unknown): unknown {
  let answer: unknown
  const watched = attempt.run(() => {
    answer = handle()
    return types.isPromise(answer) ? answer : undefined
  })
  return watched ?? answer
}

function isNoAck(options: unknown): boolean {
  return Boolean((options as { readonly noAck?: unknown } | null | undefined)?.noAck)
}

/** Without a name the broker takes the queue that was declared last. */
function nameOf(queue: unknown): string | undefined {
  return typeof queue === 'string' && queue !== '' ? queue : undefined
}
