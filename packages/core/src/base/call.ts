import { types } from 'node:util'
import { context as contexts, type Context } from '@opentelemetry/api'
import type { Ending } from './errors.ts'
import type { Report } from './report.ts'

/**
 * Calls `work` exactly once, in the given context, whatever the context manager does. Gives what it gives, throws what it
 * throws, and watches nothing.
 */
export function runIn<Result>(context: Context, work: () => Result, report: Report): Result {
  let called = false
  let failed = false
  let value: Result | undefined
  let thrown: unknown
  const call = (): void => {
    if (called) return
    called = true
    try {
      value = work()
    } catch (error) {
      failed = true
      thrown = error
    }
  }
  try {
    contexts.with(context, call)
  } catch (error) {
    report.failed('span', error)
  }
  // A context manager may fail before it calls.
  call()
  if (failed) throw thrown
  return value as Result
}

/**
 * Calls `work` exactly once, in the given context, and tells how it ended, exactly once.
 *
 * A value comes back as it is, and at once. A promise comes back as one that settles the same way: ours, because a
 * second branch on the caller's would make an unhandled rejection count as handled. A foreign thenable is adopted, so
 * that a lazy one runs once. What `work` throws is thrown on, the same object.
 *
 * @param context `undefined`: the active one
 */
export function callIn<Result>(
  context: Context | undefined,
  work: () => Result,
  report: Report,
  ended: (ending: Ending) => void,
): Result {
  let value: Result
  try {
    value = context === undefined ? work() : runIn(context, work, report)
  } catch (error) {
    tell(ended, { failed: true, error }, report)
    throw error
  }
  if (isThenable(value)) return watch(value, report, ended)
  tell(ended, { failed: false, value }, report)
  return value
}

function tell(ended: (ending: Ending) => void, how: Ending, report: Report): void {
  try {
    ended(how)
  } catch (error) {
    report.failed('span', error)
  }
}

/** A function of its own: what is there at once makes none of these closures. */
function watch<Result>(value: Result, report: Report, ended: (ending: Ending) => void): Result {
  let told = false
  const tellOnce = (how: Ending): void => {
    if (told) return
    told = true
    tell(ended, how, report)
  }
  const promise: Promise<unknown> = types.isPromise(value) ? value : Promise.resolve(value)
  const fulfilled = (result: unknown): unknown => {
    tellOnce({ failed: false, value: result })
    return result
  }
  const rejected = (reason: unknown): never => {
    tellOnce({ failed: true, error: reason })
    throw reason
  }
  try {
    // Like `await`, this does not look at a `then` that a plain promise has of its own.
    const heard =
      promise.constructor === Promise
        ? Promise.prototype.then.call(promise, fulfilled, rejected)
        : promise.then(fulfilled, rejected)
    return heard as Result
  } catch (error) {
    // The `then` of a subclass: the caller meets the same error where the promise is awaited.
    tellOnce({ failed: true, error })
    return value
  }
}

function isThenable(value: unknown): boolean {
  if (types.isPromise(value)) return true
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  try {
    return typeof (value as { then?: unknown }).then === 'function'
  } catch {
    return false
  }
}
