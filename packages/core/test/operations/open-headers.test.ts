import { beforeAll, expect, test } from 'vitest'
import { OURS } from '../../src/base/names.ts'
import { movedField } from '../field.ts'
import { delivery, TRACEPARENT } from '../messages.ts'
import { createTraced, useContexts } from '../traced.ts'

beforeAll(useContexts)

/** The headers of a message, and what tells whether they are still held. */
function largeHeaders() {
  const headers = { traceparent: TRACEPARENT, large: 'x'.repeat(1_000) }
  return { headers, held: new WeakRef(headers) }
}

test('an attempt that waits for its settlement forgets the headers of its message, and what reads them', async () => {
  const { tracing, span } = createTraced()
  const { headers, held } = largeHeaders()
  const arrived = delivery({ carrier: headers, history: () => (headers.large === '' ? undefined : { deaths: 0 }) })
  const attempt = tracing.open(arrived)
  attempt.run(() => {
    expect(arrived.carrier).toBe(held.deref())
  })
  expect(arrived).toMatchObject({ carrier: undefined, history: undefined })
  attempt.settle('acked')
  expect(span('process orders').links).toHaveLength(1)
})

test('a message that is moved meanwhile is moved with what it said', () => {
  const { tracing } = createTraced()
  const carrier = {
    traceparent: TRACEPARENT,
    tracebaton: movedField(TRACEPARENT, { attempt: 2, kind: 'immediate' }),
    'tracebaton-attempts': '1',
    'tracebaton-original-destination': 'orders',
  }
  const arrived = delivery({ carrier })
  const attempt = tracing.open(arrived)
  attempt.run(() => {})
  expect(tracing.moveFacts(arrived)?.originalDestination).toBe('orders')
  const written = tracing.send(
    {
      system: 'rabbitmq',
      operation: 'publish',
      destination: { name: 'orders' },
      batch: false,
      messages: [{ carrier: {} }],
      move: { kind: 'retry', delivery: arrived },
    },
    ([injection]) => injection?.fields,
  )
  expect(written).toMatchObject({ traceparent: TRACEPARENT, tracebaton: expect.stringContaining(';a=3;') })
  attempt.settle('acked')
})

test('an attempt on it after that one counts on', () => {
  const { tracing, spans } = createTraced()
  const arrived = delivery({ carrier: { traceparent: TRACEPARENT } })
  for (let count = 0; count < 2; count++) {
    const attempt = tracing.open(arrived)
    attempt.run(() => {})
    attempt.settle('acked')
  }
  expect(spans.map(({ attributes, links }) => [attributes[OURS.attempt], links.length])).toEqual([
    [1, 1],
    [2, 2],
  ])
})
