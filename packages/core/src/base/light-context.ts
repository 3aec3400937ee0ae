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

/** A context with a span, and with what we know about it, in one step: the API copies all values for each one it adds. */
class LightContext implements Context {
  readonly #base: Context
  readonly #span: Span
  readonly #work: object | undefined

  constructor(base: Context, span: Span, work: object | undefined) {
    this.#base = base
    this.#span = span
    this.#work = work
  }

  getValue(key: symbol): unknown {
    if (key === SPAN) return this.#span
    return key === WORK && this.#work !== undefined ? this.#work : this.#base.getValue(key)
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#whole().setValue(key, value)
  }

  deleteValue(key: symbol): Context {
    if (key !== SPAN || this.#work !== undefined) return this.#whole().deleteValue(key)
    return this.#base.getValue(SPAN) === undefined ? this.#base : this.#base.deleteValue(SPAN)
  }

  #whole(): Context {
    const spanned = this.#base.setValue(SPAN, this.#span)
    return this.#work === undefined ? spanned : spanned.setValue(WORK, this.#work)
  }

  /** The context below, where nothing of the span's or ours is needed any more. */
  static baseOf(context: Context): Context {
    return context instanceof LightContext && context.#work === undefined ? context.#base : context
  }
}

/** The context with another active span. */
export function withSpan(context: Context, span: Span): Context {
  return new LightContext(LightContext.baseOf(context), span, undefined)
}

/** The context with an active span and the work that it belongs to. `span` `undefined`: the span that is there stays. */
export function withWork(context: Context, span: Span | undefined, work: object): Context {
  const active = span ?? trace.getSpan(context)
  if (active === undefined) return context.setValue(WORK, work)
  return new LightContext(LightContext.baseOf(context), active, work)
}

/** The work that a context belongs to. */
export function workIn(context: Context): unknown {
  return context === ROOT_CONTEXT ? undefined : context.getValue(WORK)
}
