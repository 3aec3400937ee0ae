import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { failedMemory } from '../../src/memory/attempts.ts'
import type { BrokerHistory, Delivery, DeliveryCount } from '../../src/verdict/delivery.ts'
import { firstField, movedField } from '../field.ts'
import { delivery, TRACEPARENT } from '../messages.ts'
import { createTraced, useContexts } from '../traced.ts'

beforeAll(useContexts)

const ONCE: DeliveryCount = { deliveries: 1, exact: true }
const AT_LEAST_ONCE: DeliveryCount = { deliveries: 1, exact: false }

/** Came back to its queue after so many deaths there. */
const back = (deaths: number): BrokerHistory => ({
  count: AT_LEAST_ONCE,
  kind: 'delayed',
  deaths,
  before: { queue: 'orders', deaths: deaths - 1 },
})

/** Attempts at the copies of one message, each of which is rejected: number, source, kind, and the attempt that it links. */
function attemptsAt(copies: readonly { readonly field: string; readonly history: BrokerHistory | undefined }[]) {
  const { tracing, spans } = createTraced()
  const messageId = randomUUID()
  for (const { field, history } of copies) {
    const arrived: Partial<Delivery> = {
      carrier: { traceparent: TRACEPARENT, tracebaton: field },
      facts: { messageId },
      memory: failedMemory,
      queue: 'orders',
      count: ONCE,
      history: history && (() => history),
    }
    const attempt = tracing.open(delivery(arrived))
    attempt.run(() => {})
    attempt.settle('rejected')
  }
  const numbers = new Map(spans.map((span, index) => [span.spanContext().spanId, index]))
  return spans.map(({ attributes, links }) => {
    const previous = links.find((link) => link.attributes?.['tracebaton.link.role'] === 'previous_attempt')
    return [
      attributes['tracebaton.delivery.attempt'],
      attributes['tracebaton.delivery.attempt_source'],
      attributes['tracebaton.delivery.kind'],
      previous && numbers.get(previous.context.spanId),
    ]
  })
}

describe('a copy that the broker dead-letters and brings back', () => {
  const field = firstField(TRACEPARENT)

  test('counts its deaths, and links the attempt before', () => {
    const copies = [undefined, back(1), back(2)].map((history) => ({ field, history }))
    expect(attemptsAt(copies)).toEqual([
      [1, 'broker', 'first', undefined],
      [2, 'broker', 'delayed', 0],
      [3, 'broker', 'delayed', 1],
    ])
  })

  test('counts on from the attempts that this process made where the broker begins anew', () => {
    // After the second attempt a client sent it again with its headers, and the broker forgot what they say.
    const copies = [undefined, back(1), back(1), back(2)].map((history) => ({ field, history }))
    expect(attemptsAt(copies)).toEqual([
      [1, 'broker', 'first', undefined],
      [2, 'broker', 'delayed', 0],
      [3, 'memory', 'redelivery', 1],
      [4, 'memory', 'delayed', 2],
    ])
  })
})

describe('a copy that was sent with the deaths of an earlier one', () => {
  const field = movedField(TRACEPARENT, { attempt: 3, kind: 'immediate', deaths: '0a1b2c3d' })
  /** What the broker says reads as it did when the copy was sent. */
  const same: BrokerHistory = { count: AT_LEAST_ONCE, deaths: 0 }

  test('counts from its own attempt', () => {
    expect(attemptsAt([same, back(1), back(2)].map((history) => ({ field, history })))).toEqual([
      [3, 'field', 'immediate', undefined],
      [4, 'broker', 'delayed', 0],
      [5, 'broker', 'delayed', 1],
    ])
  })

  test('has died since where this process has rejected it, although its headers read the same', () => {
    expect(attemptsAt([same, same, back(2)].map((history) => ({ field, history })))).toEqual([
      [3, 'field', 'immediate', undefined],
      [4, 'memory', 'redelivery', 0],
      [5, 'broker', 'delayed', 1],
    ])
    expect(attemptsAt([same, back(1), same].map((history) => ({ field, history })))).toEqual([
      [3, 'field', 'immediate', undefined],
      [4, 'broker', 'delayed', 0],
      [5, 'memory', 'redelivery', 1],
    ])
  })
})

describe('moves of the broker before a copy was sent', () => {
  const NOW = 1_795_639_092_500
  const sinceFor = (facts: Parameters<typeof firstField>[1]): unknown => {
    let told: unknown
    const { tracing } = createTraced()
    const carrier = { traceparent: TRACEPARENT, tracebaton: firstField(TRACEPARENT, facts) }
    const history: Delivery['history'] = (own) => {
      told = own
      return undefined
    }
    tracing.process(delivery({ carrier, history, deliveredAt: NOW }), () => {})
    return told
  }

  test('are those that were earlier by more than the clocks and the whole seconds of the broker allow', () => {
    expect(sinceFor({ sent: NOW - 60_000 })).toEqual({ fingerprint: undefined, since: NOW - 63_000 })
  })

  test('are no later than its delivery, however far the clock of the sender is ahead', () => {
    expect(sinceFor({ sent: NOW + 10_000 })).toEqual({ fingerprint: undefined, since: NOW - 3_000 })
  })

  test('are known by their fingerprint where the sender has written one', () => {
    expect(sinceFor({ sent: NOW, deaths: '0a1b2c3d' })).toEqual({ fingerprint: '0a1b2c3d', since: undefined })
  })
})
