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

/** A place in a register. */
export interface Place {
  /** `undefined`: it is released. */
  waiting: Waiting | undefined
  readonly since: number
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

/** In the order they came. Released places stay in the list until the list is mostly of such. */
interface Places {
  list: Place[]
  /** Where the oldest stands that may still be kept. */
  first: number
  size: number
  timer: NodeJS.Timeout | undefined
}

/**
 * A register that there is one of in a process.
 *
 * @param name with a version of its shape, see {@link processWide}
 */
export function createRegister(name: string): Register {
  const places = processWide<Places>(name, () => ({ list: [], first: 0, size: 0, timer: undefined }))

  function oldest(): Place | undefined {
    while (places.first < places.list.length && places.list[places.first]?.waiting === undefined) places.first += 1
    return places.list[places.first]
  }

  function release(place: Place): void {
    if (place.waiting === undefined) return
    place.waiting = undefined
    places.size -= 1
    if (places.list.length <= 2 * places.size + MOST_OPEN) return
    places.list = places.list.filter(({ waiting }) => waiting !== undefined)
    places.first = 0
  }

  function expire(place: Place): void {
    const { waiting } = place
    release(place)
    waiting?.expire()
  }

  /** One timer for all, which does not keep the process alive. */
  function watch(): void {
    const next = places.timer === undefined ? oldest() : undefined
    if (next === undefined) return
    places.timer = setTimeout(
      () => {
        places.timer = undefined
        const limit = Date.now() - LONGEST_OPEN
        for (let place = oldest(); place !== undefined && place.since <= limit; place = oldest()) expire(place)
        watch()
      },
      Math.max(0, next.since + LONGEST_OPEN - Date.now()),
    )
    places.timer.unref()
  }

  return {
    keep(waiting) {
      const place: Place = { waiting, since: Date.now() }
      places.list.push(place)
      places.size += 1
      if (places.size > MOST_OPEN) expire(oldest() ?? place)
      watch()
      return place
    },
    release,
    size: () => places.size,
  }
}

/** The attempts of this process that wait to be settled. */
export const openAttempts: Register = createRegister(SHARED.openAttempts)
