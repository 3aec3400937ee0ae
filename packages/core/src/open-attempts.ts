import { processWide } from './process-wide.ts'

/** More attempts than this are never open at a time in one process: the one that began first makes room. */
export const MOST_OPEN = 5_000

/**
 * ms. An attempt that nobody settled for so long will not be settled: RabbitMQ closes the channel of a consumer that
 * keeps a delivery for 30 minutes.
 *
 * @see https://www.rabbitmq.com/docs/consumers#acknowledgement-timeout
 */
export const LONGEST_OPEN: number = 30 * 60_000

/** One attempt that waits to be settled, as a member of a list that is ordered by age. */
export interface Waiting {
  /** Ends the attempt, although nobody has settled it. */
  readonly expire: () => void
  readonly since: number
  older: Waiting | undefined
  newer: Waiting | undefined
}

/** All of a process. A linked list: a `Set` that loses its first member again and again gets slow. */
interface Register {
  oldest: Waiting | undefined
  newest: Waiting | undefined
  size: number
  timer: NodeJS.Timeout | undefined
}

/** One per process, even where this package is loaded both as an ES module and as CommonJS. */
const register: Register = processWide('tracebaton.open-attempts.0', () => ({
  oldest: undefined,
  newest: undefined,
  size: 0,
  timer: undefined,
}))

/**
 * Keeps an attempt until it is taken out, at most {@link LONGEST_OPEN} and among at most {@link MOST_OPEN}; then it is
 * told to end.
 *
 * @returns what takes it out; calling that again does nothing
 */
export function keepOpen(expire: () => void): () => void {
  const waiting: Waiting = { expire, since: Date.now(), older: register.newest, newer: undefined }
  if (register.newest === undefined) register.oldest = waiting
  else register.newest.newer = waiting
  register.newest = waiting
  register.size += 1
  if (register.size > MOST_OPEN) expireOldest()
  watch()
  let kept = true
  return () => {
    if (kept) takeOut(waiting)
    kept = false
  }
}

/** How many attempts of this process are open. */
export function openAttempts(): number {
  return register.size
}

function takeOut(waiting: Waiting): void {
  const { older, newer } = waiting
  if (older === undefined ? register.oldest !== waiting : older.newer !== waiting) return
  if (older === undefined) register.oldest = newer
  else older.newer = newer
  if (newer === undefined) register.newest = older
  else newer.older = older
  register.size -= 1
  waiting.older = undefined
  waiting.newer = undefined
}

function expireOldest(): void {
  const { oldest } = register
  if (oldest === undefined) return
  takeOut(oldest)
  oldest.expire()
}

/** One timer for all, which does not keep the process alive. */
function watch(): void {
  if (register.timer !== undefined || register.oldest === undefined) return
  const wait = Math.max(0, register.oldest.since + LONGEST_OPEN - Date.now())
  register.timer = setTimeout(() => {
    register.timer = undefined
    const limit = Date.now() - LONGEST_OPEN
    while (register.oldest !== undefined && register.oldest.since <= limit) expireOldest()
    watch()
  }, wait)
  register.timer.unref()
}
