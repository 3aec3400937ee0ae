import { SpanStatusCode, trace } from '@opentelemetry/api'
import { beforeAll, describe, expect, test } from 'vitest'
import { OURS } from '../../src/base/names.ts'
import { createDeliveries, type Deliveries } from '../../src/client/deliveries.ts'
import type { Arrival } from '../../src/instances.ts'
import { delivery } from '../messages.ts'
import { createTraced, useContexts, type Traced } from '../traced.ts'

beforeAll(useContexts)

interface Scene extends Traced {
  readonly deliveries: Deliveries<object>
  readonly arrival: Arrival
  /** The outcomes of the ended attempts. */
  readonly outcomes: () => unknown[]
}

const failing = (): never => {
  throw new RangeError('no stock')
}

let scenes = 0

function createScene(): Scene {
  const traced = createTraced()
  const deliveries = createDeliveries<object>(`settled-deliveries.${++scenes}`, () => false)
  const arrival = { tracing: traced.tracing, delivery: delivery({ source: {}, key: 7 }) }
  return {
    ...traced,
    deliveries,
    arrival,
    outcomes: () => traced.spans.map(({ attributes }) => attributes[OURS.outcome]),
  }
}

describe('a delivery that is settled by its tag', () => {
  test('ends its attempt when it is settled after its handler', () => {
    const { deliveries, arrival, outcomes } = createScene()
    expect(deliveries.handle(arrival, () => 'handled')).toBe('handled')
    expect(outcomes()).toEqual([])
    expect(deliveries.settle(arrival, 'nak', 'requeued', () => 'settled')).toBe('settled')
    expect(outcomes()).toEqual(['requeued'])
  })

  test.each<[string, string | undefined, string | undefined]>([
    ['texts', '1796075423514-0', '1796075423514-1'],
    ['no tags', undefined, undefined],
  ])('is the only one that is settled where there are %s', (_, key, otherKey) => {
    const { deliveries, arrival, tracing, outcomes } = createScene()
    const { source } = arrival.delivery
    const [one, other] = [key, otherKey].map((tag) => ({ tracing, delivery: delivery({ source, key: tag }) }))
    for (const each of [one!, other!]) deliveries.handle(each, () => {})
    deliveries.settle(one!, 'ack', 'acked', () => {})
    expect(outcomes()).toEqual(['acked'])
    deliveries.settle(other!, 'nak', 'requeued', () => {})
    expect(outcomes()).toEqual(['acked', 'requeued'])
  })

  test('ends its attempt with its handler when the handler settles it', () => {
    const { deliveries, arrival, outcomes } = createScene()
    deliveries.handle(arrival, () => {
      deliveries.settle(arrival, 'ack', 'acked', () => {})
      expect(outcomes()).toEqual([])
    })
    expect(outcomes()).toEqual(['acked'])
  })

  test('ends its attempt with its handler when it was settled before', () => {
    const { deliveries, arrival, outcomes } = createScene()
    deliveries.settle(arrival, 'term', 'rejected', () => {})
    deliveries.settle(arrival, 'ack', 'acked', () => {})
    deliveries.handle(arrival, () => {})
    expect(outcomes()).toEqual(['rejected'])
  })

  test('is settled by a promise when that resolves, and not when it rejects', async () => {
    const { deliveries, arrival, outcomes } = createScene()
    deliveries.handle(arrival, () => {})
    const lost = new Error('The connection is lost')
    await expect(deliveries.settle(arrival, 'ack', 'acked', () => Promise.reject(lost))).rejects.toBe(lost)
    expect(outcomes()).toEqual([])
    await deliveries.settle(arrival, 'ack', 'acked', () => Promise.resolve())
    expect(outcomes()).toEqual(['acked'])
  })

  test('has one attempt while it waits, whose last handler tells how it ended', () => {
    const { deliveries, arrival, spans } = createScene()
    expect(() => deliveries.handle(arrival, failing)).toThrow('no stock')
    deliveries.handle(arrival, () => {})
    deliveries.settle(arrival, 'ack', 'acked', () => {})
    expect(spans.map(({ status }) => status.code)).toEqual([SpanStatusCode.UNSET])
  })

  test('has another attempt when it is handled again after its settlement', () => {
    const { deliveries, arrival, spans } = createScene()
    for (const _ of [1, 2]) {
      deliveries.handle(arrival, () => deliveries.settle(arrival, 'ack', 'acked', () => {}))
    }
    expect(spans.map(({ attributes }) => attributes[OURS.attempt])).toEqual([1, 2])
  })

  test('that no traced client handed out is handled without a span', () => {
    const { deliveries, spans } = createScene()
    expect(deliveries.handle(undefined, () => trace.getActiveSpan())).toBeUndefined()
    expect(spans).toEqual([])
  })
})
