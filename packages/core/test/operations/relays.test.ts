import { beforeAll, describe, expect, test } from 'vitest'
import type { Delivery } from '../../src/verdict/delivery.ts'
import type { TracingOptions } from '../../src/options.ts'
import { delivery, publication, SPAN, TRACEPARENT } from '../messages.ts'
import { createTraced, useContexts, type Traced } from '../traced.ts'

beforeAll(useContexts)

const CARRIER = { traceparent: TRACEPARENT }
const OTHER = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` }

/** Relays a message that has a context already, and gives what is written onto it, and linked. */
function relay(traced: Traced, carrier: Record<string, string> = CARRIER) {
  const [injection] = traced.tracing.send(publication([{ carrier }]), (all) => all)
  const links = traced.span('send orders').links.map(({ context }) => [context.spanId, context.traceFlags])
  return { injection, links }
}

describe('a message that is relayed', () => {
  test.each<[TracingOptions['trust'], (readonly [string, number])[]]>([
    ['full', [[SPAN, 1]]],
    ['link-only', [[SPAN, 0]]],
    ['ignore', []],
  ])('by somebody whose trust is %s keeps its context, and is linked as far as that is believed', (trust, links) => {
    expect(relay(createTraced({ trust }))).toEqual({ injection: undefined, links })
  })

  test('inside the handler of another message is believed as it would be outside', () => {
    const traced = createTraced({ trust: 'link-only' })
    const relayed = traced.tracing.process(delivery(), () => relay(traced, OTHER))
    expect(relayed).toEqual({ injection: undefined, links: [['b'.repeat(16), 0]] })
  })

  test('is judged as it would be where it goes', () => {
    const asked: Delivery[] = []
    const trust = (one: Delivery) => {
      asked.push(one)
      return 'ignore' as const
    }
    expect(relay(createTraced({ trust })).links).toEqual([])
    expect(asked).toEqual([expect.objectContaining({ system: 'kafka', destination: { name: 'orders' } })])
    expect(asked[0]?.carrier).toBe(CARRIER)
  })
})

/** Two messages whose creation contexts have one span id, in two traces. */
const TWINS = ['a', 'c'].map((digit) => ({ traceparent: `00-${digit.repeat(32)}-${SPAN}-01` }))

test.each<[name: string, run: (traced: Traced) => void]>([
  ['relayed', ({ tracing }) => tracing.send(publication(TWINS.map((carrier) => ({ carrier }))), () => {})],
  [
    'handled as a batch',
    ({ tracing }) =>
      tracing.processBatch(
        TWINS.map((carrier) => delivery({ carrier })),
        () => {},
      ),
  ],
  [
    'received',
    ({ tracing }) =>
      tracing.receive(
        { system: 'kafka', operation: 'receive', destination: { name: 'orders' }, batch: true, startedAt: 1 },
        TWINS.map((carrier) => delivery({ carrier })),
      ),
  ],
])('two contexts with one span id, %s, have a link each', (_, run) => {
  const traced = createTraced()
  run(traced)
  const links = traced.spans[0]?.links.map(({ context }) => `${context.traceId[0]}-${context.spanId}`)
  expect(links).toEqual([`a-${SPAN}`, `c-${SPAN}`])
})
