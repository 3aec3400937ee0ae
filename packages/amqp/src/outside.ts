import { inspect } from 'node:util'

/** ms between two looks at a promise, as long as there are few. */
const LONGEST = 1_000

/** Looks at once, at most, and then in each {@link PAUSE}: each takes some microseconds, and the host has other work. */
const MOST_LOOKS = 200

/** ms. Of 20,000 promises each is looked at once in a second. */
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

/** When the next look may be that nothing has been promised to, as `performance.now()` tells the time. */
let free = 0

/**
 * Looks at a promise without a subscription: at most an eighth of its time late, and at most a second, unless there are
 * thousands. A subscription would make its rejection count as handled, and a promise that is derived from it and dropped
 * would count as unhandled, although the application handles its own.
 *
 * @param wait ms between the first look, in the next turn of the event loop, and the second
 * @param asked whether its value is asked for. Only then, and only once it is fulfilled, there is a subscription
 */
export function seeFromOutside(promise: Promise<unknown>, wait: number, asked: boolean): Seen {
  let tell!: (state: State) => void
  const settled = new Promise<unknown>((resolve, reject) => {
    tell = (state) => {
      if (state === 'rejected') return reject(undefined)
      if (!asked || state !== 'fulfilled') return resolve(UNSEEN)
      try {
        void Promise.prototype.then.call(promise, resolve, reject)
      } catch {
        // The constructor of a subclass may take something else than other promises.
        resolve(UNSEEN)
      }
    }
  })
  let next = wait
  /** `undefined`: the next look is soon, or there is none any more. */
  let timer: NodeJS.Timeout | undefined
  const look = (): void => {
    timer = undefined
    const state = stateOf(promise)
    if (state !== 'pending') return tell(state)
    timer = setTimeout(lookInTurn, next).unref()
    next = Math.min(Math.max(next + 1, Math.floor(next * 1.125)), LONGEST)
  }
  const lookInTurn = (): void => {
    const now = performance.now()
    free = Math.max(free, now) + PAUSE / MOST_LOOKS
    if (free - now <= PAUSE) return look()
    timer = setTimeout(look, free - now).unref()
  }
  setImmediate(lookInTurn)
  return {
    settled,
    lookSoon() {
      next = 1
      if (timer === undefined) return
      clearTimeout(timer)
      timer = undefined
      setImmediate(lookInTurn)
    },
  }
}

function stateOf(promise: Promise<unknown>): State {
  try {
    const [, state = 'fulfilled'] = /^[^{]*\{\s*<(pending|rejected)>/.exec(inspect(promise, BRIEFLY)) ?? []
    return state as State
  } catch {
    return 'unknown'
  }
}
