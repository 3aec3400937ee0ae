import { beforeAll, describe, expect, test } from 'vitest'
import type { Delivery } from '../../src/verdict/delivery.ts'
import { OURS } from '../../src/base/names.ts'
import { delivery, lineage, publication, SPAN, TRACEPARENT } from '../messages.ts'
import { createTraced, useContexts, type Traced } from '../traced.ts'

beforeAll(useContexts)

const CARRIER = { traceparent: TRACEPARENT }
const DEAD = { name: 'dead' }

/** Handles a message, and gives what its copy carries that the handler sends, by a helper or by hand. */
function retry(traced: Traced, received: Delivery, delay?: number, asked = true): Readonly<Record<string, unknown>> {
  const move = asked ? ({ kind: 'retry', delivery: received } as const) : undefined
  const call = { destination: DEAD, move }
  return traced.tracing.process(received, () =>
    traced.tracing.send(publication([{ carrier: received.carrier, delay }], call), ([one]) => ({ ...one?.fields })),
  )
}

/** How the application, and how a broker, makes a dead letter. */
const LETTERS: readonly (readonly [string, () => Delivery])[] = [
  [
    'of the application',
    () =>
      delivery({
        destination: DEAD,
        carrier: {
          ...CARRIER,
          tracebaton: lineage({ attempt: 1, kind: 'dead_letter' }),
          'tracebaton-attempts': '3',
          'tracebaton-original-destination': 'orders',
        },
      }),
  ],
  ['of the broker', () => delivery({ destination: DEAD, kind: 'dead_letter', deadLetter: { source: 'orders' } })],
]

describe.each(LETTERS)('a dead letter %s that is tried again', (_, letter) => {
  test.each([
    ['at once', undefined, true, 'immediate'],
    ['later', 500, true, 'delayed'],
    ['by hand', undefined, false, 'immediate'],
  ] as const)('%s stays one: a root with links, whose attempts count on', (_when, delay, asked, kind) => {
    const traced = createTraced()
    const carrier = retry(traced, letter(), delay, asked)
    traced.tracing.process(delivery({ destination: DEAD, carrier }), () => {})
    const [first, second] = traced.spans.filter(({ name }) => name === 'process dead')
    expect(second?.parentSpanContext).toBeUndefined()
    expect(second?.links.map(({ context }) => context.spanId)).toEqual([first?.spanContext().spanId, SPAN])
    expect(second?.attributes).toMatchObject({
      [OURS.attempt]: 2,
      [OURS.kind]: kind,
      [OURS.deadLetterSource]: 'orders',
    })
  })

  test('and then put back by hand is a redrive, whose attempts count from one', () => {
    const traced = createTraced()
    const carrier = retry(traced, letter(), 500)
    traced.tracing.process(delivery({ carrier, maxAttempts: 5 }), () => {})
    const { attributes, parentSpanContext } = traced.span('process orders')
    expect(parentSpanContext?.spanId).toBe(SPAN)
    expect(attributes).toMatchObject({ [OURS.attempt]: 1, [OURS.kind]: 'redrive', [OURS.redrives]: 1 })
    expect(attributes).toMatchObject({ [OURS.maxAttempts]: 5 })
    expect(attributes).not.toHaveProperty(OURS.deadLetterSource)
  })

  test('has the relation of its source, each time', () => {
    const traced = createTraced({ relation: ({ deadLetter }) => (deadLetter?.source === 'orders' ? 'child' : 'link') })
    traced.tracing.process(delivery({ destination: DEAD, carrier: retry(traced, letter()) }), () => {})
    const parents = traced.spans
      .filter(({ name }) => name === 'process dead')
      .map(({ parentSpanContext }) => parentSpanContext?.spanId)
    expect(parents).toEqual([SPAN, SPAN])
  })
})

test('the source of a dead letter is called by its template, on the send and on the attempt', () => {
  const traced = createTraced({ destinationTemplate: ({ name }) => (name === 'orders' ? 'order-{n}' : undefined) })
  const from = delivery()
  const move = { kind: 'dead_letter', delivery: from, error: undefined } as const
  traced.tracing.send(publication([{ carrier: from.carrier }], { destination: DEAD, move }), () => {})
  const letter = { destination: DEAD, kind: 'dead_letter', deadLetter: { source: 'orders' } } as const
  traced.tracing.process(delivery(letter), () => {})
  expect(traced.spans.map(({ attributes }) => attributes[OURS.deadLetterSource])).toEqual(['order-{n}', 'order-{n}'])
})

test('a dead letter that the broker moves on after a retry counts from one there', () => {
  const carrier = { ...CARRIER, tracebaton: lineage({ attempt: 2, kind: 'dead_letter' }) }
  const traced = createTraced()
  traced.tracing.process(delivery({ carrier, kind: 'dead_letter', deadLetter: { source: 'dead' } }), () => {})
  expect(traced.span('process orders').attributes).toMatchObject({
    [OURS.attempt]: 1,
    [OURS.kind]: 'dead_letter',
    [OURS.deadLetterSource]: 'dead',
  })
})
