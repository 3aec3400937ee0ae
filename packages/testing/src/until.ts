import { TraceAssertionError } from './assertions/assertion-error.ts'
import type { RecordedSpan } from './span.ts'
import { waterfall } from './waterfall.ts'

/** Asked with the spans that ended and the spans that are open. Truthy means reached. It must answer at once. */
export type UntilCondition<T> = (spans: readonly RecordedSpan[], open: readonly RecordedSpan[]) => T | Falsy

/** What a condition returns as long as it does not hold. */
export type Falsy = undefined | null | false | 0 | ''

/** How long to wait, and for what. */
export interface UntilOptions {
  /**
   * ms after which the wait is given up.
   *
   * @default 5000
   */
  readonly timeout?: number
  /**
   * What is awaited, for the error message: `the dead letter to be handled`.
   *
   * @default 'the condition'
   */
  readonly describe?: string
}

/** All waits of one recorder. */
export interface Waiting {
  until<T>(condition: UntilCondition<T>, options?: UntilOptions): Promise<T>
  /** Asks every condition again. Never throws. */
  check(): void
  /** Rejects every wait. */
  end(reason: string): void
}

interface Wait {
  check(): void
  fail(reason: string): void
}

/** Creates the waits over two views of a recorder: the spans that ended, the spans that are open. */
export function createWaiting(spans: () => readonly RecordedSpan[], open: () => readonly RecordedSpan[]): Waiting {
  const waits = new Set<Wait>()
  let checking = false

  function until<T>(condition: UntilCondition<T>, options: UntilOptions = {}): Promise<T> {
    const { timeout = 5000, describe = 'the condition' } = options
    return new Promise<T>((resolve, reject) => {
      let threw: unknown
      const timer = setTimeout(() => wait.fail(`not reached within ${timeout} ms`), timeout)
      const settle = (): void => {
        clearTimeout(timer)
        waits.delete(wait)
      }
      const wait: Wait = {
        check() {
          let value: T | Falsy
          try {
            value = condition(spans(), open())
            threw = undefined
          } catch (error) {
            threw = error
            return
          }
          if (!value) return
          settle()
          if (isPromise(value)) reject(new TypeError('until() needs a condition that answers at once, not a promise'))
          else resolve(value)
        },
        fail(reason) {
          settle()
          const also = threw === undefined ? '.' : missingText(threw)
          const picture = waterfall([...spans(), ...open()], { width: 100, colors: false })
          reject(new Error(`Waited for ${describe}: ${reason}${also}\nRecorded so far:\n${picture}`))
        },
      }
      waits.add(wait)
      wait.check()
    })
  }

  return {
    until,
    check() {
      // A condition that itself makes spans must not be asked again because of them.
      if (checking) return
      checking = true
      try {
        for (const wait of waits) wait.check()
      } finally {
        checking = false
      }
    },
    end(reason) {
      for (const wait of waits) wait.fail(reason)
    },
  }
}

function isPromise(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

/** An assertion says what is missing; any other error is probably a mistake in the condition. */
function missingText(threw: unknown): string {
  if (threw instanceof TraceAssertionError) return `, because:\n${threw.summary}`
  const text = threw instanceof Error ? `${threw.name}: ${threw.message}` : 'something that is no error'
  return `; the condition last threw ${text}.`
}
