/** A promise, and what settles it. */
export interface Deferred<Value> {
  readonly promise: Promise<Value>
  readonly resolve: (value: Value) => void
}

/** Makes a promise that somebody else resolves. */
export function deferred<Value = void>(): Deferred<Value> {
  let resolve!: (value: Value) => void
  const promise = new Promise<Value>((resolved) => {
    resolve = resolved
  })
  return { promise, resolve }
}
