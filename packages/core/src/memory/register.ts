import { processWide, SHARED } from '../base/shared-state.ts'

/** More than this are never kept at a time: the one that began first makes room. */
export const MOST_OPEN = 5_000

/**
 * ms, unless told otherwise. A message that was not settled for so long will not be settled: RabbitMQ closes the channel of
 * a consumer that keeps a delivery for 30 minutes.
 *
 * @see https://www.rabbitmq.com/docs/consumers#acknowledgement-timeout
 */
export const LONGEST_OPEN: number = 30 * 60_000

/** Something that waits for an answer that may never come. */
export interface Waiting {
  /** Ends it, although there is no answer. */
  expire(): void
}

/**
 * A place in a register, in the order in which they were kept. No literal: once many objects of one literal have lived long,
 * as places of sends that wait for their confirmation do, V8 makes all of them in the old space. There those of deliveries,
 * which are settled at once, cost several times as much.
 */
export class Place {
  /** `undefined`: it is released. */
  waiting: Waiting | undefined
  /** ms since the epoch. */
  readonly until: number
  before: Place | undefined
  after: Place | undefined = undefined

  constructor(waiting: Waiting, until: number, before: Place | undefined) {
    this.waiting = waiting
    this.until = until
    this.before = before
  }
}

/** What of a process waits. Bounded by number and by time. */
export interface Register {
  /**
   * Keeps something until it is released, at most so long and among at most {@link MOST_OPEN}; then it ends.
   *
   * @param longest ms. @default 1_800_000, 30 minutes
   */
  keep(waiting: Waiting, longest?: number): Place
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
  /** When the timer comes, ms since the epoch. */
  wakes: number
}

/** ms, the longest that a timer can wait. */
const LONGEST_TIMER = 2 ** 31 - 1

/**
 * A register that there is one of in a process.
 *
 * @param name with a version of its shape, see {@link processWide}
 */
export function createRegister(name: string): Register {
  const places = processWide<Places>(name, () => ({
    oldest: undefined,
    newest: undefined,
    size: 0,
    timer: undefined,
    wakes: 0,
  }))

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

  /** One timer for all, set to the first of them. It does not keep the process alive. */
  function watch(until: number): void {
    if (places.timer !== undefined && places.wakes <= until) return
    clearTimeout(places.timer)
    places.wakes = until
    places.timer = setTimeout(look, Math.min(LONGEST_TIMER, Math.max(0, until - Date.now())))
    places.timer.unref()
  }

  function look(): void {
    places.timer = undefined
    const now = Date.now()
    const due: Place[] = []
    let next = Infinity
    for (let place = places.oldest; place !== undefined; place = place.after) {
      if (place.until <= now) due.push(place)
      else next = Math.min(next, place.until)
    }
    due.forEach(expire)
    if (places.size > 0) watch(next)
  }

  return {
    keep(waiting, longest = LONGEST_OPEN) {
      const before = places.newest
      const place = new Place(waiting, Date.now() + longest, before)
      places.newest = place
      if (before === undefined) places.oldest = place
      else before.after = place
      places.size += 1
      if (places.size > MOST_OPEN) expire(places.oldest ?? place)
      watch(place.until)
      return place
    },
    release,
    size: () => places.size,
  }
}

/** The attempts of this process that wait to be settled. */
export const openAttempts: Register = createRegister(SHARED.openAttempts)
