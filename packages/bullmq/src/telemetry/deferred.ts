/** A promise, and what settles it. Nobody has to wait for it: its rejection never counts as unhandled. */
export interface Deferred {
  readonly promise: Promise<unknown>
  readonly resolve: (value?: unknown) => void
  readonly reject: (error: unknown) => void
}

/** Makes a promise that somebody else settles. */
export function deferred(): Deferred {
  let resolve!: Deferred['resolve']
  let reject!: Deferred['reject']
  const promise = new Promise<unknown>((resolved, rejected) => {
    resolve = resolved
    reject = rejected
  })
  disregard(promise)
  return { promise, resolve, reject }
}

/** Makes the rejection of a promise nobody's business. */
export function disregard(promise: Promise<unknown>): void {
  promise.catch(() => {})
}
