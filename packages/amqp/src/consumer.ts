import { types } from 'node:util'
import {
  createArrivals,
  createDeliveries,
  fromHere,
  functionLike,
  isFor,
  isObject,
  ownOptions,
  resolveTracing,
  tracingToldBy,
} from '@tracebaton/core/adapter'
import type {
  AdapterTracing,
  Deliveries,
  Delivery,
  HandledAttempt,
  OpenAttempt,
  Outcome,
  OutcomeOf,
  TracingInput,
} from '@tracebaton/core/adapter'
import {
  channelNow,
  invoke,
  invokeHere,
  isClosed,
  TAKES,
  type ChannelLike,
  type MessageLike,
  type Method,
} from './client.ts'
import { isOf, serverFacts, SYSTEM, toDelivery, wayOf } from './describe.ts'
import { seeFromOutside, UNSEEN, type Seen } from './outside.ts'
import { SCOPE } from './scope.ts'
import { sweepCount, sweptWith } from './sweeps.ts'

/** A message as it arrived on a traced channel, and what has become of it since. */
export interface Arrival {
  readonly tracing: AdapterTracing
  readonly channel: ChannelLike
  readonly delivery: Delivery
  /** Whether the broker waits for no settlement. */
  readonly noAck: boolean
  attempt: OpenAttempt | undefined
  /** What it was settled with. */
  outcome: Outcome | undefined
  /** How many calls had settled all deliveries up to some tag by then. */
  readonly sweeps: number
  /** The promise that its handler has returned, where that may be known to others. */
  seen: Seen | undefined
}

const arrivals = createArrivals<Arrival>('tracebaton.amqp.arrivals.5')

/** The handler may be about to end, or the message may be handled later. */
export function noteSettled(arrival: Arrival, outcome: Outcome): void {
  arrival.outcome ??= outcome
  arrival.seen?.lookSoon()
}

/** What a message was settled with, by itself or with others. */
function settledWith(arrival: Arrival): Outcome | undefined {
  const { channel, delivery, sweeps } = arrival
  arrival.outcome ??= sweptWith(channel, Number(delivery.key), sweeps)
  return arrival.outcome
}

/** The deliveries that wait for their settlement. */
export const deliveries: Deliveries<ChannelLike> = createDeliveries('tracebaton.amqp.deliveries.5', isClosed)

/**
 * How a message arrived; `undefined`: on a channel without tracing.
 *
 * @param channel where a clone may have arrived that is not at hand
 */
export function arrivalOf(message: MessageLike, channel?: ChannelLike): Arrival | undefined {
  const isSame = (delivery: Delivery): boolean => isOf(delivery, message)
  const known = arrivals.of(message, isSame)
  if (known !== undefined || channel === undefined) return known
  const delivery = deliveries.find(channel, message.fields.deliveryTag)?.delivery
  return delivery !== undefined && isSame(delivery) ? (delivery.arrival as Arrival) : undefined
}

/**
 * What is known of the attempt at a message, or at one that it is a clone of: its number, of how many, why, and when it is
 * due. `undefined`: it is not being handled. Never throws.
 */
export function attemptOf(message: MessageLike): HandledAttempt | undefined {
  return arrivals.attemptOf(message, (delivery) => isOf(delivery, message))
}

/**
 * The attempt at a message, begun when it is first asked for. A consumer whose message the broker has forgotten may have
 * handed it over, to be handled later: its own attempt is over by then, so that another one begins.
 *
 * @param told how to trace an attempt that begins now. Default: as its channel
 */
function attemptAt(arrival: Arrival, told: AdapterTracing): OpenAttempt {
  const { attempt, channel, delivery, noAck } = arrival
  const outcome = noAck ? undefined : settledWith(arrival)
  if (attempt !== undefined && (attempt.isOpen() || !(noAck || outcome !== undefined))) return attempt
  const begun = noAck
    ? told.open(delivery, { settledByHandler: true })
    : deliveries.open(channel, delivery, (options) => told.open(delivery, options))
  if (outcome !== undefined) begun.settle(outcome)
  return (arrival.attempt = begun)
}

/** Members of a channel that receive. `chained` gives the look-alike in place of the channel. */
export function receivers(
  tracing: AdapterTracing,
  channel: ChannelLike,
  chained: (result: unknown) => unknown,
): Pick<ChannelLike, 'consume' | 'get'> {
  const arrive = (message: MessageLike, queue: string | undefined, noAck: boolean, received: boolean): Arrival => {
    const own = channelNow(channel)
    // The channel of a managed one may be traced, too.
    const known = own === channel ? undefined : arrivals.of(message)
    if (known?.channel === own) return known
    // The attempt before may be one that its channel, closed meanwhile, cannot settle.
    if (message.fields.redelivered) deliveries.abandonWhere(isClosed)
    const delivery = toDelivery(tracing, own, own, message, queue, noAck, received)
    const one: Arrival = {
      tracing,
      channel: own,
      delivery,
      noAck,
      attempt: undefined,
      outcome: undefined,
      sweeps: sweepCount(),
      seen: undefined,
    }
    arrivals.note(message, one)
    return one
  }

  const consume: Method = (...args) => {
    const [queue, given, options] = args
    if (typeof given === 'function') {
      const [name, noAck] = [nameOf(queue), isNoAck(options)]
      const { handler = given, outcomeOf } = wrapped.get(given) ?? {}
      const owned = types.isAsyncFunction(handler)
      args[1] = function (this: unknown, ...parameters: [message: MessageLike | null]): unknown {
        const [message] = parameters
        const handle = (): unknown => Reflect.apply(handler, this, parameters)
        // The broker has cancelled the consumer: there is no message.
        if (message === null) return handle()
        const arrival = tracing.guard(() => {
          const own = arrive(message, name, noAck, false)
          attemptAt(own, tracing)
          return own
        })
        const attempt = arrival?.attempt
        if (attempt === undefined) return handle()
        return owned ? attempt.run(handle, outcomeOf) : runUnwatched(arrival!, attempt, handle, outcomeOf)
      }
    }
    if (typeof args[3] === 'function') args[3] = fromHere(tracing, args[3] as Method)
    return chained(invoke(channel, 'consume', args))
  }

  const get: Method = (...args) => {
    const [queue, noAck] = [nameOf(args[0]), isNoAck(args[1])]
    const startedAt = Date.now()
    const record = fromHere(tracing, (error, found) => {
      const delivery = found ? arrive(found as MessageLike, queue, noAck, true).delivery : undefined
      const destination = delivery?.destination ?? wayOf(channel, '', queue ?? '', queue).destination
      const facts = serverFacts(channel)
      const reception = { system: SYSTEM, operation: 'get', destination, batch: false, startedAt, facts }
      tracing.receive(error ? { ...reception, error } : reception, delivery === undefined ? [] : [delivery])
    })
    return chained(invokeHere(tracing, channel, 'get', args, (...answer) => tracing.guard(() => record(...answer))))
  }
  return { consume, get }
}

/** Options of {@link traceHandler}. How to trace is by default what the channel that handed the message over was told. */
export type HandlerOptions = TracingInput & {
  /** The queue of messages that no traced channel handed over. @default unknown */
  readonly queue?: string | undefined
}

const HANDLER_OPTIONS = { queue: 'string', outcomeOf: 'outcomeOf' } as const

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
  const told = tracingToldBy(options, HANDLER_OPTIONS, SCOPE)
  const otherwise = told ?? resolveTracing(undefined, SCOPE)
  if (!isFor(otherwise, handler, 'traceHandler', TAKES)) return handler
  const { queue, outcomeOf } = ownOptions(options, HANDLER_OPTIONS, otherwise)
  const traced = function (this: unknown, message: Message, ...rest: Rest): Result {
    const call = (): Result => handler.call(this, message, ...rest)
    const arrival = arrivalOf(message)
    if (arrival !== undefined) {
      const { tracing } = arrival
      const attempt = tracing.guard(() => attemptAt(arrival, told ?? tracing))
      return attempt === undefined ? call() : attempt.run(call, outcomeOf)
    }
    if (!options) return call()
    const describe = () => toDelivery(otherwise, NO_CHANNEL, message.fields, message, queue, false, false)
    const delivery = otherwise.guard(describe)
    return delivery === undefined ? call() : otherwise.process(delivery, call, outcomeOf)
  }
  const inner = wrapped.get(handler)
  const own: OutcomeOf | undefined = outcomeOf && ((result) => (result === UNSEEN ? undefined : outcomeOf(result)))
  wrapped.set(traced, {
    handler: inner?.handler ?? handler,
    // The innermost that says something is believed.
    outcomeOf:
      own && inner?.outcomeOf ? (result) => inner.outcomeOf!(result) ?? own(result) : (inner?.outcomeOf ?? own),
  })
  return functionLike(traced, handler)
}

/** What {@link traceHandler} wraps, where `consume` needs no wrapper around it. */
const wrapped = new WeakMap<object, { readonly handler: Function; readonly outcomeOf: OutcomeOf | undefined }>()

/** Stands for the channel of messages that no traced channel handed over. */
const NO_CHANNEL: ChannelLike = {} as ChannelLike

/**
 * The client drops the answer of a handler. Only we then have the promise of an `async` function, so that a promise derived
 * from it is unhandled exactly if that one is. The application may handle any other promise, so that one is left alone. A
 * thenable that is no promise may be lazy: calling its `then` would start it.
 */
function runUnwatched(
  arrival: Arrival,
  attempt: OpenAttempt,
  handle: () => unknown,
  outcomeOf: OutcomeOf | undefined,
): unknown {
  let answer: unknown
  const settled = attempt.run((): unknown => {
    answer = handle()
    if (types.isPromise(answer) && attempt.isOpen()) {
      // If the message has still to be settled, that is the time to look again.
      const wait = arrival.noAck || arrival.outcome !== undefined ? 1 : 1_000
      arrival.seen = seeFromOutside(answer, wait, outcomeOf !== undefined)
      return arrival.seen.settled
    }
    return outcomeOf !== undefined && arrival.tracing.guard(() => isSeen(answer)) === true ? answer : UNSEEN
  }, outcomeOf ?? sayNothing)
  if (types.isPromise(settled)) settled.catch(() => {})
  return answer
}

/** Whether a result is there at once. A thenable may be lazy, and is not looked into. */
function isSeen(answer: unknown): boolean {
  return isObject(answer) ? !('then' in answer) : typeof answer !== 'function'
}

/** The result of a callback says nothing of its message, unless it is a traced handler that was told what it says. */
function sayNothing(): undefined {}

function isNoAck(options: unknown): boolean {
  return Boolean((options as { readonly noAck?: unknown } | null | undefined)?.noAck)
}

/** Without a name the broker takes the queue that was declared last. */
function nameOf(queue: unknown): string | undefined {
  return typeof queue === 'string' && queue !== '' ? queue : undefined
}
