import { context, diag, metrics, propagation, trace } from '@opentelemetry/api'

/** What a method gives whose own calls count, too. */
const RESULTS = {
  getTracerProvider: 'tracerProvider',
  getTracer: 'tracer',
  startSpan: 'span',
  wrapSpanContext: 'span',
  getSpan: 'span',
  active: 'activeContext',
  getMeterProvider: 'meterProvider',
  getMeter: 'meter',
  createCounter: 'counter',
  createUpDownCounter: 'upDownCounter',
  createGauge: 'gauge',
  createHistogram: 'histogram',
}

/** A context may be an object of ours, with more methods than the API knows. */
const METHODS = { activeContext: ['getValue', 'setValue', 'deleteValue'] }

/** Methods that run a function of their caller. */
const RUNNERS = new Set(['with', 'bind', 'startActiveSpan'])

/**
 * Counts the calls of methods of the API and of what an SDK registers. Only the outermost call counts: what the API and
 * the SDK call themselves does not.
 */
export function createCounting() {
  let counts = new Map()
  let inside = false
  const known = new WeakSet()

  /** Replaces the methods of an object by some that count and do the same. */
  function count(object, noun) {
    if (typeof object !== 'object' || object === null || known.has(object)) return object
    known.add(object)
    for (const name of METHODS[noun] ?? methodsOf(object)) {
      const method = object[name]
      Object.defineProperty(object, name, {
        configurable: true,
        writable: true,
        value(...given) {
          if (inside) return Reflect.apply(method, this, given)
          const label = `${noun}.${name}`
          counts.set(label, (counts.get(label) ?? 0) + 1)
          const passed = RUNNERS.has(name)
            ? given.map((each) => (typeof each === 'function' ? outside(each) : each))
            : given
          return counted(run(true, method, this, passed), name)
        },
      })
    }
    return object
  }

  function counted(result, name) {
    return name in RESULTS ? count(result, RESULTS[name]) : result
  }

  function outside(work) {
    return function (...given) {
      return run(false, work, this, given)
    }
  }

  function run(isInside, work, self, given) {
    const before = inside
    inside = isInside
    try {
      return Reflect.apply(work, self, given)
    } finally {
      inside = before
    }
  }

  return {
    count,
    countApi() {
      for (const [noun, api] of Object.entries({ context, diag, metrics, propagation, trace })) count(api, noun)
    },
    /** Calls by method since the last time. */
    take() {
      const taken = counts
      counts = new Map()
      return taken
    },
  }
}

function methodsOf(object) {
  const names = new Set()
  for (let at = object; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value === 'function' && name !== 'constructor' && !name.startsWith('_')) names.add(name)
    }
  }
  return names
}
