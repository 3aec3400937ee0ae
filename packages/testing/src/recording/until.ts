import { failureIn, TraceAssertionError } from '../assertions/assertion-error.ts'
import type { RecordedSpan } from '../spans/span.ts'
import { StepError } from '../journeys/step-grammar.ts'
import { waterfall } from '../pictures/waterfall.ts'

/** Asked with the spans that ended and the spans that are open. Truthy means reached. It must answer at once. */
export type UntilCondition<T> = (spans: readonly RecordedSpan[], open: readonly RecordedSpan[]) => T | Falsy

/** What a condition returns as long as it does not hold. */
export type Falsy = undefined | null | false | 0 | ''

/** How long to wait, and for what. */
export interface UntilOptions {
  /**
   * ms after which the wait is given up.
   *
   * @default 4000, less than the 5 s that test runners give a test
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
  /** @param caller the function that a user calls: the error is made where that is */
  until<T>(condition: UntilCondition<T>, options: UntilOptions | undefined, caller: Function): Promise<T>
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

  function until<T>(
    condition: UntilCondition<T>,
    { timeout = 4000, describe = 'the condition' }: UntilOptions = {},
    caller: Function,
  ): Promise<T> {
    const place: { stack?: string } = {}
    Error.captureStackTrace(place, caller)
    const began = performance.now()
    return new Promise<T>((resolve, reject) => {
      let found: TraceAssertionError | undefined
      let also = ''
      const timer = setTimeout(() => wait.fail(`not reached within ${timeout} ms`), timeout)
      const settle = (): void => {
        clearTimeout(timer)
        waits.delete(wait)
      }
      const refuse = (error: Error): void => {
        settle()
        error.stack = `${error.name}: ${error.message}\n${framesOf(place.stack)}`
        reject(error)
      }
      const wait: Wait = {
        check() {
          let value: T | Falsy
          found = undefined
          try {
            value = condition(spans(), open())
            also = value === undefined ? '; the condition last returned undefined' : ''
          } catch (error) {
            also = `; the condition last threw ${textOf(error)}`
            found = failureIn(error)
            if (error instanceof StepError) {
              settle()
              reject(error)
            }
            const final = found?.findings.filter((finding) => finding.final) ?? []
            if (final.length === 0) return
            found = new TraceAssertionError(final, [])
            wait.fail(`given up after ${Math.round(performance.now() - began)} ms, because no later span can mend it`)
            return
          }
          if (isPromise(value)) {
            // A rejection that nothing handles ends the process of a test runner.
            value.then(undefined, () => {})
            refuse(new TypeError('until() needs a condition that answers at once, not a promise'))
          } else if (value) {
            settle()
            resolve(value)
          }
        },
        fail(reason) {
          const [waited, recorded] = [`Waited for ${describe}: ${reason}`, [...spans(), ...open()]]
          // An assertion says what is missing, and that comes first; any other error is probably a mistake in the condition.
          refuse(
            found
              ? new TraceAssertionError(found.findings, recorded, `${waited}.\nRecorded so far:`)
              : new Error(`${waited}${also}.\nRecorded so far:\n${waterfall(recorded, { width: 100, colors: false })}`),
          )
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

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

function textOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : 'something that is no error'
}

function framesOf(stack = ''): string {
  return stack.split('\n').slice(1).join('\n')
}
