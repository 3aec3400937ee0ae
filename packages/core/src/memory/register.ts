import { processWide } from '../base/process-wide.ts'
import { SHARED } from '../base/shared-state.ts'

/** More than this are never kept at a time: the one that began first makes room. */
export const MOST_OPEN = 5_000

/**
 * ms. An attempt that nobody settled for so long will not be settled: RabbitMQ closes the channel of a consumer that
 * keeps a delivery for 30 minutes.
 *
 * @see https://www.rabbitmq.com/docs/consumers#acknowledgement-timeout
 */
export const LONGEST_OPEN: number = 30 * 60_000

/** Something that waits for somebody who may never come. */
export interface Waiting {
  /** Ends it, although nobody has come. */
  expire(): void
}

/** A place in a register. */
export interface Place {
  readonly waiting: Waiting
  readonly since: number
  older: Place | undefined
  newer: Place | undefined
}

/** What of a process waits. Bounded by number and by time. */
export interface Register {
  /**
   * Keeps something until it is released, at most {@link LONGEST_OPEN} and among at most {@link MOST_OPEN}; then it is
   * told to end.
   */
  keep(waiting: Waiting): Place
  /** Releasing it again does nothing. */
  release(place: Place): void
  /** How many are kept. */
  size(): number
}

/** In the order they came, as a linked list: a `Set` that loses its first member again and again gets slow. */
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
  const places = processWide<Places>(name, () => ({
    oldest: undefined,
    newest: undefined,
    size: 0,
    timer: undefined,
  }))
  return {
    keep(waiting) {
      const place: Place = { waiting, since: Date.now(), older: places.newest, newer: undefined }
      if (places.newest === undefined) places.oldest = place
      else places.newest.newer = place
      places.newest = place
      places.size += 1
      if (places.size > MOST_OPEN) expireOldest(places)
      watch(places)
      return place
    },
    release: (place) => takeOut(places, place),
    size: () => places.size,
  }
}

/** The attempts of this process that wait to be settled. */
export const openAttempts: Register = createRegister(SHARED.openAttempts)

function takeOut(places: Places, place: Place): void {
  const { older, newer } = place
  // It is out already where its neighbours do not know it.
  if (older === undefined ? places.oldest !== place : older.newer !== place) return
  if (older === undefined) places.oldest = newer
  else older.newer = newer
  if (newer === undefined) places.newest = older
  else newer.older = older
  places.size -= 1
  place.older = undefined
  place.newer = undefined
}

function expireOldest(places: Places): void {
  const { oldest } = places
  if (oldest === undefined) return
  takeOut(places, oldest)
  oldest.waiting.expire()
}

/** One timer for all, which does not keep the process alive. */
function watch(places: Places): void {
  if (places.timer !== undefined || places.oldest === undefined) return
  const wait = Math.max(0, places.oldest.since + LONGEST_OPEN - Date.now())
  places.timer = setTimeout(() => {
    places.timer = undefined
    const limit = Date.now() - LONGEST_OPEN
    while (places.oldest !== undefined && places.oldest.since <= limit) expireOldest(places)
    watch(places)
  }, wait)
  places.timer.unref()
}
