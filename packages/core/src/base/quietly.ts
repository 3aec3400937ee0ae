import { types } from 'node:util'

/** Calls something foreign whose result nobody waits for: neither its error nor its rejection may reach the host. */
export function quietly(work: () => unknown, failed?: (error: unknown) => void): void {
  try {
    const result = work()
    if (types.isPromise(result)) result.catch((error: unknown) => failed?.(error))
  } catch (error) {
    failed?.(error)
  }
}
