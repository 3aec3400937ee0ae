import { trace, type TextMapPropagator } from '@opentelemetry/api'
import { beforeAll, describe, expect, test } from 'vitest'
import { delivery, publication } from '../messages.ts'
import { createTraced, useContexts } from '../traced.ts'

beforeAll(useContexts)

/** Counts how often the id of a context and the bytes of baggage are looked at. */
const steps = { taken: 0 }

const propagator: TextMapPropagator = {
  fields: () => ['context'],
  inject: () => {},
  extract(context, carrier, getter) {
    const id = getter.get(carrier, 'context')
    if (typeof id !== 'string') return context
    return trace.setSpanContext(context, {
      traceId: 'a'.repeat(32),
      get spanId() {
        steps.taken += 1
        return id
      },
      traceFlags: 1,
      isRemote: true,
    })
  },
}

const contextOf = (index: number): string => index.toString(16).padStart(16, '1')

function baggageOf(text: string): Buffer {
  const bytes = Buffer.from(text)
  const decode = bytes.toString.bind(bytes)
  bytes.toString = (...given) => {
    steps.taken += 1
    return decode(...given)
  }
  return bytes
}

type Headers = (index: number) => object

/** What it costs to send as many messages as a batch has, while it is handled. */
function cost(size: number, received: Headers, sent: Headers, atOnce: boolean): number {
  const { tracing } = createTraced({ propagator })
  const indexes = [...Array(size).keys()]
  const messages = indexes.map((index) => ({ carrier: sent(index) }))
  tracing.processBatch(
    indexes.map((index) => delivery({ carrier: received(index), key: index })),
    () => {
      steps.taken = 0
      for (const call of atOnce ? [messages] : messages.map((one) => [one])) tracing.send(publication(call), () => {})
    },
  )
  return steps.taken
}

const CASES: readonly (readonly [what: string, received: Headers, sent: Headers])[] = [
  ['its contexts', (index) => ({ context: contextOf(index) }), (index) => ({ context: contextOf(index) })],
  ['other contexts', (index) => ({ context: contextOf(index) }), (index) => ({ context: contextOf(index + 1_000) })],
  ['its baggage', (index) => ({ baggage: baggageOf(`a=${index}`) }), (index) => ({ baggage: `a=${index}` })],
  ['other baggage', (index) => ({ baggage: baggageOf(`a=${index}`) }), (index) => ({ baggage: `b=${index}` })],
]

describe.each([
  ['in one call', true],
  ['one by one', false],
])('what a batch sends %s', (_, atOnce) => {
  test.each(CASES)('costs twice as much for twice as many messages with %s', (_what, received, sent) => {
    const [once, twice] = [200, 400].map((size) => cost(size, received, sent, atOnce)) as [number, number]
    expect(once).toBeGreaterThan(0)
    expect(twice).toBeLessThan(2.2 * once)
  })
})
