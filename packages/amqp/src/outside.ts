import { inspect } from 'node:util'

/** ms between two looks at a promise, as long as there are few. */
const LONGEST = 1_000

/** Looks in one turn of the event loop, at most: each takes some microseconds, and the host has other work. */
const MOST_LOOKS = 200

/** ms between two such turns. Of 20,000 promises each is looked at once in a second. */
const PAUSE = 10

/** Formats the state of a promise and as little as possible of its value, without a call of the user's code. */
const BRIEFLY = {
  depth: 0,
  maxArrayLength: 0,
  maxStringLength: 0,
  customInspect: false,
  // A program may have changed these for all its calls.
  colors: false,
  getters: false,
  showHidden: false,
} as const

/** Stands for a value that is not looked at. */
export const UNSEEN: unique symbol = Symbol('unseen')

/** A promise of the application's, seen from outside. */
export interface Seen {
  /**
   * Settled soon after the promise is: rejected with `undefined`, because the reason cannot be seen, or fulfilled with
   * its value where that is asked for, else with {@link UNSEEN}.
   */
  readonly settled: Promise<unknown>
  /** Looks in the next turn of the event loop, and often from then on. */
  readonly lookSoon: () => void
}

/** `unknown`: it cannot be looked at. */
type State = 'pending' | 'fulfilled' | 'rejected' | 'unknown'

interface Watched {
  readonly promise: Promise<unknown>
  readonly tell: (state: State) => void
  /** The position of the lane that it waits in next. */
  next: number
  /** When to look, as `performance.now()` tells the time. */
  due: number
  /** What it waits in. `undefined`: it is settled. */
  place: Set<Watched> | undefined
}

/** Those that wait equally long stand in a lane, in the order in which they are due. */
interface Lane {
  readonly wait: number
  readonly waiting: Set<Watched>
}

/** From one look to the next the wait grows by an eighth, and by 1 ms at least. */
const lanes: readonly Lane[] = (() => {
  const made: Lane[] = []
  for (let wait = 1; wait < LONGEST; wait = Math.max(wait + 1, Math.floor(wait * 1.125))) {
    made.push({ wait, waiting: new Set() })
  }
  return [...made, { wait: LONGEST, waiting: new Set() }]
})()

/** Those to look at in the next turn of the event loop. */
const soon = new Set<Watched>()

/**
 * Looks at a promise without a subscription: at most an eighth of its time late, and at most a second, unless there are
 * thousands. A subscription would make its rejection count as handled, and a promise that is derived from it and dropped
 * would count as unhandled, although the application handles its own. All promises share one timer.
 *
 * @param wait ms between the first look, in the next turn of the event loop, and the second
 * @param asked whether its value is asked for. Only then, and only once it is fulfilled, there is a subscription
 */
export function seeFromOutside(promise: Promise<unknown>, wait: number, asked: boolean): Seen {
  let watched!: Watched
  const settled = new Promise<unknown>((resolve, reject) => {
    const tell = (state: State): void => {
      if (state === 'rejected') return reject(undefined)
      if (!asked || state !== 'fulfilled') return resolve(UNSEEN)
      try {
        void Promise.prototype.then.call(promise, resolve, reject)
      } catch {
        // The constructor of a subclass may take something else than other promises.
        resolve(UNSEEN)
      }
    }
    const next = wait < LONGEST ? lanes.findIndex((lane) => lane.wait >= wait) : lanes.length - 1
    watched = { promise, tell, next, due: 0, place: soon }
  })
  addToSoon(watched)
  return {
    settled,
    lookSoon() {
      if (watched.place === undefined) return
      watched.next = 0
      if (watched.place === soon) return
      watched.place.delete(watched)
      addToSoon(watched)
    },
  }
}

function addToSoon(watched: Watched): void {
  if (soon.size === 0) setImmediate(lookAtSoon)
  watched.place = soon
  soon.add(watched)
}

function lookAtSoon(): void {
  let left = MOST_LOOKS
  let due = Infinity
  for (const watched of soon) {
    if (left === 0) break
    left -= 1
    soon.delete(watched)
    due = Math.min(due, look(watched))
  }
  if (soon.size > 0) setImmediate(lookAtSoon)
  wakeFor(due)
}

/** The lane that the next sweep begins with: where there is more to do than it does, each has its turn. */
let first = 0

function sweep(): void {
  timer = undefined
  const now = performance.now()
  let left = MOST_LOOKS
  for (let lane = 0; lane < lanes.length && left > 0; lane += 1) {
    for (const watched of lanes[(first + lane) % lanes.length]!.waiting) {
      if (watched.due > now || left === 0) break
      left -= 1
      watched.place?.delete(watched)
      look(watched)
    }
  }
  first = (first + 1) % lanes.length
  if (left === 0) rest = now + PAUSE
  wakeFor(nextDue())
}

/** Gives when to look again; `Infinity`: never. */
function look(watched: Watched): number {
  const state = stateOf(watched.promise)
  if (state !== 'pending') {
    watched.place = undefined
    watched.tell(state)
    return Infinity
  }
  const { wait, waiting } = lanes[watched.next]!
  watched.next = Math.min(watched.next + 1, lanes.length - 1)
  watched.due = performance.now() + wait
  watched.place = waiting
  waiting.add(watched)
  return watched.due
}

function nextDue(): number {
  let next = Infinity
  for (const { waiting } of lanes) {
    const [oldest] = waiting
    if (oldest !== undefined && oldest.due < next) next = oldest.due
  }
  return next
}

let timer: NodeJS.Timeout | undefined
/** When the timer comes. */
let wakes = 0
/** It does not come before. */
let rest = 0

function wakeFor(next: number): void {
  const due = Math.max(next, rest)
  if (due === Infinity || (timer !== undefined && wakes <= due)) return
  clearTimeout(timer)
  wakes = due
  timer = setTimeout(sweep, Math.max(1, due - performance.now())).unref()
}

function stateOf(promise: Promise<unknown>): State {
  try {
    const [, state = 'fulfilled'] = /^[^{]*\{\s*<(pending|rejected)>/.exec(inspect(promise, BRIEFLY)) ?? []
    return state as State
  } catch {
    return 'unknown'
  }
}
