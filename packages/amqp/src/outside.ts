import { inspect } from 'node:util'

/** ms between two looks, at most. */
const LONGEST = 1_000

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

/** A promise of the application's, seen from outside. */
export interface Seen {
  /** Fulfilled soon after the promise is settled; rejected with `undefined`, because the reason cannot be seen. */
  readonly settled: Promise<void>
  /** Looks in the next turn of the event loop, and often from then on. */
  readonly lookSoon: () => void
}

/**
 * Looks at a promise without a subscription: at most an eighth of its time late, and at most a second. A subscription would
 * make its rejection count as handled, and a promise that is derived from it and dropped would count as unhandled, although
 * the application handles its own.
 *
 * @param wait ms before the second look
 */
export function seeFromOutside(promise: Promise<unknown>, wait: number): Seen {
  let timer: NodeJS.Timeout | undefined
  let next = wait
  let look!: () => void
  const settled = new Promise<void>((resolve, reject) => {
    look = () => {
      clearTimeout(timer)
      const state = stateOf(promise)
      if (state === 'rejected') reject(undefined)
      else if (state !== 'pending') resolve()
      else timer = setTimeout(look, next).unref()
      next = Math.min(LONGEST, next * 1.125)
    }
  })
  look()
  const lookSoon = (): void => {
    next = 1
    setImmediate(look)
  }
  return { settled, lookSoon }
}

/** `undefined`: fulfilled, or it cannot be looked at. */
function stateOf(promise: Promise<unknown>): string | undefined {
  try {
    return /^[^{]*\{\s*<(pending|rejected)>/.exec(inspect(promise, BRIEFLY))?.[1]
  } catch {
    return undefined
  }
}
