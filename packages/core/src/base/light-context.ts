import { createContextKey, ROOT_CONTEXT, trace, type Context, type Span } from '@opentelemetry/api'
import { SHARED } from './shared-state.ts'

/** The key under which the API keeps the active span; asked for once, by watching the API write it. */
const SPAN: symbol = (() => {
  let found: symbol | undefined
  const probe: Context = {
    getValue: () => undefined,
    setValue(key) {
      found = key
      return probe
    },
    deleteValue: () => probe,
  }
  trace.setSpan(probe, trace.wrapSpanContext({ traceId: '', spanId: '', traceFlags: 0 }))
  return found ?? createContextKey('OpenTelemetry Context Key SPAN')
})()

const WORK: symbol = createContextKey(SHARED.work)

/** A context with one more value, and a span, in one step: the API copies all values for each one it adds. */
class LightContext implements Context {
  readonly #base: Context
  readonly #key: symbol
  readonly #value: unknown
  /** Beside the value; `undefined`: that of the context below. */
  readonly #span: Span | undefined

  constructor(base: Context, key: symbol, value: unknown, span: Span | undefined) {
    this.#base = base
    this.#key = key
    this.#value = value
    this.#span = span
  }

  getValue(key: symbol): unknown {
    if (key === this.#key) return this.#value
    return key === SPAN && this.#span !== undefined ? this.#span : this.#base.getValue(key)
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#whole().setValue(key, value)
  }

  deleteValue(key: symbol): Context {
    if (key !== this.#key || this.#span !== undefined) return this.#whole().deleteValue(key)
    return this.#base.getValue(key) === undefined ? this.#base : this.#base.deleteValue(key)
  }

  #whole(): Context {
    const spanned = this.#span === undefined ? this.#base : this.#base.setValue(SPAN, this.#span)
    return spanned.setValue(this.#key, this.#value)
  }

  /** The context below, where nothing but the span is set above it. */
  static baseOf(context: Context): Context {
    return context instanceof LightContext && context.#key === SPAN ? context.#base : context
  }
}

/** The context with another active span. */
export function withSpan(context: Context, span: Span): Context {
  return new LightContext(LightContext.baseOf(context), SPAN, span, undefined)
}

/** The context with another value, as `context.setValue` gives it, and cheaper. */
export function withValue(context: Context, key: symbol, value: unknown): Context {
  return new LightContext(context, key, value, undefined)
}

/** The context with an active span and the work that it belongs to. `span` `undefined`: the span that is there stays. */
export function withWork(context: Context, span: Span | undefined, work: object): Context {
  const active = span ?? trace.getSpan(context)
  if (active === undefined) return withValue(context, WORK, work)
  return new LightContext(LightContext.baseOf(context), WORK, work, active)
}

/** The work that a context belongs to. */
export function workIn(context: Context): unknown {
  return context === ROOT_CONTEXT ? undefined : context.getValue(WORK)
}
