import type { Context } from '@opentelemetry/api'

/** A context with values of its own over one that is asked for the others as late as they are looked at. */
export class DerivedContext implements Context {
  readonly #base: Context
  readonly #values: ReadonlyMap<symbol, unknown>

  constructor(base: Context, values: ReadonlyMap<symbol, unknown>) {
    this.#base = base
    this.#values = values
  }

  getValue(key: symbol): unknown {
    return this.#values.has(key) ? this.#values.get(key) : this.#base.getValue(key)
  }

  setValue(key: symbol, value: unknown): Context {
    return new DerivedContext(this.#base, new Map([...this.#values, [key, value]]))
  }

  deleteValue(key: symbol): Context {
    return this.setValue(key, undefined)
  }
}
