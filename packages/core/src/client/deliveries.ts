import type { Outcome, OutcomeOf } from '../base/policy.ts'
import { processWide } from '../base/shared-state.ts'
import { createStamp } from '../base/stamp.ts'
import type { OpenAttempt, OpenOptions } from '../operations/open.ts'
import type { Delivery } from '../verdict/delivery.ts'
import type { Arrival } from '../instances.ts'

/** A delivery that waits for its settlement. */
export interface Unsettled {
  readonly delivery: Delivery
  readonly attempt: OpenAttempt
}

/** The deliveries that wait for their settlement, by the tag that their channel gave them. */
export interface Deliveries<Channel extends object> {
  /** Begins the attempt of a delivery, and keeps it until its span has ended. The delivery's `key` is its tag. */
  open(channel: Channel, delivery: Delivery, begin: (options: OpenOptions) => OpenAttempt): OpenAttempt
  /**
   * Runs a handler in the attempt that waits for the settlement of a delivery, else in a new one. The delivery's `source`
   * is the channel, its `key` the tag. Gives what the handler gives and throws what it throws.
   *
   * @param arrival `undefined`: the handler runs, and that is all
   * @param outcomeOf what the handler's result says of the message. Default: as the options say
   */
  handle<Result>(arrival: Arrival | undefined, handler: () => Result, outcomeOf?: OutcomeOf): Result
  /**
   * Runs a call that settles such a delivery, before, while or after it is handled. Its result and errors pass through.
   *
   * @param operation the client's verb
   */
  settle<Result>(arrival: Arrival, operation: string, outcome: Outcome, call: () => Result): Result
  /** The delivery of a tag. */
  find(channel: Channel, tag: string | number): Unsettled | undefined
  /** All deliveries up to a tag, that one included; tag 0: all there are. In no order. Only with numbers as tags. */
  findUpTo(channel: Channel, tag: number): readonly (readonly [tag: number, unsettled: Unsettled])[]
  /** Gives up what waits on a channel that takes no more settlements. */
  abandon(channel: Channel): void
  /** The same for every channel that is said to be so. */
  abandonWhere(isGone: (channel: Channel) => boolean): void
}

/** What a delivery is found by. One without a tag is found by itself. */
type Tag = string | number | Delivery

/** What waits on one channel. */
interface Waiting {
  /** The latest. Most are settled before the next one comes, and a map costs more than all else that is done with them. */
  newest: Unsettled | undefined
  readonly earlier: Map<Tag, Unsettled>
  /** Whether the channel is looked at. */
  isWatched: boolean
  /** The same for each of them. */
  readonly options: OpenOptions
}

/** ms between two looks at the channels on which something waits. */
const LOOK_AGAIN = 1_000

/**
 * For brokers whose settlements name a delivery by a tag of its channel. Core bounds how many attempts are open, and with
 * it this.
 *
 * @param name with a version of its shape, see {@link processWide}
 * @param isClosed looked at once a second while something waits, and never by a listener on the user's object
 */
export function createDeliveries<Channel extends object>(
  name: string,
  isClosed: (channel: Channel) => boolean,
): Deliveries<Channel> {
  const byChannel = processWide(name, () => new WeakMap<Channel, Waiting>())
  const channels = processWide(`${name}.channels`, () => new Set<Channel>())
  const outcomes = createStamp<Outcome>(`${name}.outcomes`)
  let timer: NodeJS.Timeout | undefined

  function waitingOn(channel: Channel): Waiting {
    const known = byChannel.get(channel)
    if (known !== undefined) return known
    const ended = (delivery: Delivery): void => {
      if (made.newest?.delivery === delivery) made.newest = undefined
      else made.earlier.delete(tagOf(delivery))
    }
    const made: Waiting = { newest: undefined, earlier: new Map(), isWatched: false, options: { ended } }
    byChannel.set(channel, made)
    return made
  }

  function allOn(channel: Channel): readonly (readonly [tag: Tag, unsettled: Unsettled])[] {
    const { newest, earlier } = byChannel.get(channel) ?? {}
    const all = [...(earlier ?? [])]
    return newest === undefined ? all : [...all, [tagOf(newest.delivery), newest]]
  }

  function findBy(channel: Channel, tag: Tag): Unsettled | undefined {
    const waiting = byChannel.get(channel)
    const newest = waiting?.newest
    return newest !== undefined && tagOf(newest.delivery) === tag ? newest : waiting?.earlier.get(tag)
  }

  const deliveries: Deliveries<Channel> = {
    open(channel, delivery, begin) {
      const waiting = waitingOn(channel)
      const attempt = begin(waiting.options)
      if (!attempt.isOpen()) return attempt
      if (waiting.newest !== undefined) waiting.earlier.set(tagOf(waiting.newest.delivery), waiting.newest)
      waiting.newest = { delivery, attempt }
      if (!waiting.isWatched) {
        waiting.isWatched = true
        channels.add(channel)
        watch()
      }
      return attempt
    },
    handle(arrival, handler, outcomeOf) {
      const attempt = arrival?.tracing.guard(() => attemptAt(arrival))
      return attempt === undefined ? handler() : attempt.run(handler, outcomeOf)
    },
    settle({ tracing, delivery }, operation, outcome, call) {
      const { system, destination, source, key = 0 } = delivery
      const settled = {
        settle(told: Outcome): void {
          findBy(source as Channel, tagOf(delivery))?.attempt.settle(told)
          if (outcomes.get(delivery) === undefined) outcomes.set(delivery, told)
        },
      }
      return tracing.settle(
        { system, operation, destination, outcome, source, keys: [key], attempts: [settled], batch: false },
        call,
      )
    },
    find: findBy,
    findUpTo: (channel, tag) =>
      allOn(channel).flatMap(([own, unsettled]) =>
        typeof own === 'number' && (tag === 0 || own <= tag) ? [[own, unsettled] as const] : [],
      ),
    abandon(channel) {
      for (const [, { attempt }] of allOn(channel)) attempt.abandon()
    },
    abandonWhere(isGone) {
      for (const channel of channels) if (isGone(channel)) deliveries.abandon(channel)
    },
  }

  /** The attempt that waits, or a new one. One that begins after its settlement waits for its handler alone. */
  function attemptAt({ tracing, delivery }: Arrival): OpenAttempt {
    const channel = delivery.source as Channel
    const waiting = findBy(channel, tagOf(delivery))?.attempt
    if (waiting !== undefined) return waiting
    const attempt = deliveries.open(channel, delivery, (options) => tracing.open(delivery, options))
    const outcome = outcomes.get(delivery)
    if (outcome !== undefined) attempt.settle(outcome)
    return attempt
  }

  /** At the look and not when a delivery is settled: most are before the next one comes. */
  function leaveIfIdle(channel: Channel): void {
    const waiting = waitingOn(channel)
    if (waiting.newest !== undefined || waiting.earlier.size > 0) return
    waiting.isWatched = false
    channels.delete(channel)
  }

  /** Looks from time to time as long as there is something to look at. Does not keep the process alive. */
  function watch(): void {
    if (timer !== undefined || channels.size === 0) return
    timer = setTimeout(() => {
      timer = undefined
      deliveries.abandonWhere(isClosed)
      for (const channel of channels) leaveIfIdle(channel)
      watch()
    }, LOOK_AGAIN)
    timer.unref()
  }
  return deliveries
}

function tagOf(delivery: Delivery): Tag {
  return delivery.key ?? delivery
}
