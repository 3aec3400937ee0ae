import { processWide } from './process-wide.ts'

/** More than this are never kept at a time: the one that began first makes room. */
export const MOST_OPEN = 5_000

/**
 * ms. An attempt that nobody settled for so long will not be settled: RabbitMQ closes the channel of a consumer that
 * keeps a delivery for 30 minutes.
 *
 * @see https://www.rabbitmq.com/docs/consumers#acknowledgement-timeout
 */
export const LONGEST_OPEN: number = 30 * 60_000

/** What of a process waits for somebody who may never come. Bounded by number and by time. */
export interface Register {
  /**
   * Keeps something until it is taken out, at most {@link LONGEST_OPEN} and among at most {@link MOST_OPEN}; then it is
   * told to end.
   *
   * @returns what takes it out; calling that again does nothing
   */
  readonly keep: (expire: () => void) => () => void
  /** How many are kept. */
  readonly size: () => number
}

/** One that waits, as a member of a list that is ordered by age. */
interface Waiting {
  /** Ends it, although nobody has come. */
  readonly expire: () => void
  readonly since: number
  older: Waiting | undefined
  newer: Waiting | undefined
}

/** A linked list: a `Set` that loses its first member again and again gets slow. */
interface Members {
  oldest: Waiting | undefined
  newest: Waiting | undefined
  size: number
  timer: NodeJS.Timeout | undefined
}

/**
 * A register that there is one of in a process.
 *
 * @param name with a version of its shape, see {@link processWide}
 */
export function createRegister(name: string): Register {
  const members = processWide<Members>(name, () => ({
    oldest: undefined,
    newest: undefined,
    size: 0,
    timer: undefined,
  }))
  return {
    keep(expire) {
      const waiting: Waiting = { expire, since: Date.now(), older: members.newest, newer: undefined }
      if (members.newest === undefined) members.oldest = waiting
      else members.newest.newer = waiting
      members.newest = waiting
      members.size += 1
      if (members.size > MOST_OPEN) expireOldest(members)
      watch(members)
      let kept = true
      return () => {
        if (kept) takeOut(members, waiting)
        kept = false
      }
    },
    size: () => members.size,
  }
}

/** The attempts of this process that wait to be settled. */
export const openAttempts: Register = createRegister('tracebaton.open-attempts.0')

function takeOut(members: Members, waiting: Waiting): void {
  const { older, newer } = waiting
  if (older === undefined ? members.oldest !== waiting : older.newer !== waiting) return
  if (older === undefined) members.oldest = newer
  else older.newer = newer
  if (newer === undefined) members.newest = older
  else newer.older = older
  members.size -= 1
  waiting.older = undefined
  waiting.newer = undefined
}

function expireOldest(members: Members): void {
  const { oldest } = members
  if (oldest === undefined) return
  takeOut(members, oldest)
  oldest.expire()
}

/** One timer for all, which does not keep the process alive. */
function watch(members: Members): void {
  if (members.timer !== undefined || members.oldest === undefined) return
  const wait = Math.max(0, members.oldest.since + LONGEST_OPEN - Date.now())
  members.timer = setTimeout(() => {
    members.timer = undefined
    const limit = Date.now() - LONGEST_OPEN
    while (members.oldest !== undefined && members.oldest.since <= limit) expireOldest(members)
    watch(members)
  }, wait)
  members.timer.unref()
}
