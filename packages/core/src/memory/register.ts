import { processWide, SHARED } from '../base/shared-state.ts'

/** More than this are never kept at a time: the one that began first makes room. */
export const MOST_OPEN = 5_000

/**
 * ms. An attempt that was not settled for so long will not be settled: RabbitMQ closes the channel of a consumer that
 * keeps a delivery for 30 minutes.
 *
 * @see https://www.rabbitmq.com/docs/consumers#acknowledgement-timeout
 */
export const LONGEST_OPEN: number = 30 * 60_000

/** Something that waits for an answer that may never come. */
export interface Waiting {
  /** Ends it, although there is no answer. */
  expire(): void
}

/** A place in a register, in the order in which they were kept. */
export interface Place {
  /** `undefined`: it is released. */
  waiting: Waiting | undefined
  readonly since: number
  before: Place | undefined
  after: Place | undefined
}

/** What of a process waits. Bounded by number and by time. */
export interface Register {
  /** Keeps something until it is released, at most {@link LONGEST_OPEN} and among at most {@link MOST_OPEN}; then it ends. */
  keep(waiting: Waiting): Place
  /** Releasing a place again does nothing. */
  release(place: Place): void
  /** How many are kept. */
  size(): number
}

/** A released place leaves at once: garbage that something old still names would take its message with it. */
interface Places {
  oldest: Place | undefined
  newest: Place | undefined
  size: number
  timer: NodeJS.Timeout | undefined
}

/**
 * A register that there is one of in a process.
 *
 * @param name with a version of its shape, see {@link processWide}
 */
export function createRegister(name: string): Register {
  const places = processWide<Places>(name, () => ({ oldest: undefined, newest: undefined, size: 0, timer: undefined }))

  function release(place: Place): void {
    if (place.waiting === undefined) return
    const { before, after } = place
    if (before === undefined) places.oldest = after
    else before.after = after
    if (after === undefined) places.newest = before
    else after.before = before
    place.waiting = place.before = place.after = undefined
    places.size -= 1
  }

  function expire(place: Place): void {
    const { waiting } = place
    release(place)
    waiting?.expire()
  }

  /** One timer for all, which does not keep the process alive. */
  function watch(): void {
    const next = places.oldest
    if (next === undefined || places.timer !== undefined) return
    places.timer = setTimeout(
      () => {
        places.timer = undefined
        const limit = Date.now() - LONGEST_OPEN
        while (places.oldest !== undefined && places.oldest.since <= limit) expire(places.oldest)
        watch()
      },
      Math.max(0, next.since + LONGEST_OPEN - Date.now()),
    )
    places.timer.unref()
  }

  return {
    keep(waiting) {
      const before = places.newest
      const place: Place = { waiting, since: Date.now(), before, after: undefined }
      places.newest = place
      if (before === undefined) places.oldest = place
      else before.after = place
      places.size += 1
      if (places.size > MOST_OPEN) expire(places.oldest ?? place)
      watch()
      return place
    },
    release,
    size: () => places.size,
  }
}

/** The attempts of this process that wait to be settled. */
export const openAttempts: Register = createRegister(SHARED.openAttempts)
