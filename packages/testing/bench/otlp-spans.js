// What the generators of files have in common: spans, links and requests as OTLP JSON, and numbers by a seed.

/**
 * A small generator of numbers from 0 to 1 that gives the same ones every time (mulberry32).
 *
 * @param {number} seed
 */
export function createRandom(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** An id of so many hex digits, a multiple of 8. */
export function hexId(random, length) {
  const word = () =>
    Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0')
  return Array.from({ length: length / 8 }, word).join('')
}

/** @param {string} role why the link is there */
export function linkTo(role, traceId, spanId, more = {}) {
  return { traceId, spanId, attributes: keyValues({ 'tracebaton.link.role': role, ...more }), flags: 769 }
}

/** A span that began `at` (ms since the epoch) and took `duration` (ms). It failed if it says an error type. */
export function spanWith({ name, kind, trace, own, parent, at, duration, attributes, links = [] }) {
  const failed = attributes['error.type'] !== undefined
  return {
    traceId: trace,
    spanId: own,
    parentSpanId: parent,
    flags: 257,
    name,
    kind,
    startTimeUnixNano: `${Math.round(at * 1000)}000`,
    endTimeUnixNano: `${Math.round((at + duration) * 1000)}000`,
    attributes: keyValues(attributes),
    links,
    status: failed ? { message: 'no answer within 30 ms', code: 2 } : {},
  }
}

/** A request with these spans, every service a resource of its own. */
export function requestOf(items) {
  const byService = new Map()
  for (const { service, span } of items) {
    const known = byService.get(service)
    if (known) known.push(span)
    else byService.set(service, [span])
  }
  return {
    resourceSpans: [...byService].map(([service, spans]) => ({
      resource: {
        attributes: keyValues({ 'service.name': service, 'service.version': '1.4.2', 'host.name': `${service}-7f9c` }),
      },
      scopeSpans: [{ scope: { name: '@tracebaton/core', version: '0.1.0' }, spans }],
    })),
  }
}

function keyValues(attributes) {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }))
}

function anyValue(value) {
  if (typeof value === 'string') return { stringValue: value }
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
}
