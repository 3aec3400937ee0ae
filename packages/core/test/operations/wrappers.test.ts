import { AsyncLocalStorage } from 'node:async_hooks'
import { EventEmitter, once } from 'node:events'
import { context } from '@opentelemetry/api'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { METRICS, OURS } from '../../src/base/names.ts'
import { identityMemory } from '../../src/memory/attempts.ts'
import { getWork } from '../../src/verdict/verdict.ts'
import type { AttemptMemory, Delivery } from '../../src/verdict/delivery.ts'
import { delivery, lineage, SPAN, TRACEPARENT } from '../messages.ts'
import { createTraced, useContexts, type Traced } from '../traced.ts'

beforeAll(useContexts)

const channel = {}
/** Another message for each test. */
let message = 0
beforeEach(() => void (message += 1))

/** A description of one arrival. Two of them are of the same one: by their key, or as the same object. */
const keyed = (part: Partial<Delivery> = {}): Delivery =>
  delivery({ source: channel, key: 7, identity: `wrapped-${message}`, ...part })

/** The inner wrapper around a handler. */
const inner = ({ tracing }: Traced, arrival: Delivery, handler: () => unknown = () => {}): unknown =>
  tracing.process(arrival, handler)

const factsOf = ({ spans }: Traced): unknown[] =>
  spans.map(({ attributes }) => [attributes[OURS.attempt], attributes[OURS.outcome]])

describe('a wrapper inside another one of the same arrival', () => {
  test.each<[string, (traced: Traced, arrival: Delivery) => unknown]>([
    ['once', (traced, arrival) => inner(traced, arrival)],
    [
      'three times in sequence',
      async (traced, arrival) => {
        inner(traced, arrival)
        await inner(traced, arrival, async () => {})
        inner(traced, arrival)
      },
    ],
    [
      'twice at once',
      (traced, arrival) => Promise.all([1, 2].map(() => inner(traced, arrival, async () => Promise.resolve()))),
    ],
    ['by another description of the same key', (traced) => inner(traced, keyed())],
    ['deeper inside', (traced, arrival) => inner(traced, arrival, () => inner(traced, keyed()))],
  ])('called %s makes no span, and no number', async (_, handler) => {
    const traced = createTraced()
    const arrival = keyed()
    await traced.tracing.process(arrival, async () => handler(traced, arrival))
    expect(factsOf(traced)).toEqual([[1, 'acked']])
    expect(await traced.counted(METRICS.consumed[0])).toBe(1)
    expect(await traced.counted(METRICS.processDuration[0])).toBe(1)
    expect(await traced.counted(METRICS.deliveries[0])).toBe(1)
    expect(traced.ledger.unbalanced()).toBe(0)
  })

  test('runs in the outer one’s context, gives what it gives and throws what it throws', () => {
    const traced = createTraced()
    const arrival = keyed()
    const error = new Error('no stock')
    traced.tracing.process(arrival, () => {
      const around = getWork(context.active())
      expect(inner(traced, arrival, () => getWork(context.active()))).toBe(around)
      expect(() =>
        inner(traced, arrival, () => {
          throw error
        }),
      ).toThrow(error)
    })
    // The tries are the application's own.
    expect(factsOf(traced)).toEqual([[1, 'acked']])
  })

  test('makes an attempt of its own after the outer one has ended', async () => {
    const traced = createTraced()
    const arrival = keyed()
    const later = await traced.tracing.process(arrival, async () => AsyncLocalStorage.snapshot())
    later(() => inner(traced, arrival))
    expect(factsOf(traced)).toEqual([
      [1, 'acked'],
      [2, 'acked'],
    ])
    const [first, second] = traced.spans
    expect(second?.attributes).toMatchObject({ [OURS.kind]: 'redelivery', [OURS.attemptSource]: 'memory' })
    expect(second?.links.map((link) => link.context.spanId)).toEqual([first?.spanContext().spanId, SPAN])
    // A redelivery, as the message was counted when it arrived.
    expect(await traced.counted(METRICS.consumed[0])).toBe(1)
  })

  test('called by another description after that, too', async () => {
    const traced = createTraced()
    const later = await traced.tracing.process(keyed(), async () => AsyncLocalStorage.snapshot())
    later(() => inner(traced, keyed()))
    expect(factsOf(traced)).toEqual([
      [1, 'acked'],
      [2, 'acked'],
    ])
  })

  test.each<[string, Partial<Delivery>]>([
    ['another key', { key: 8 }],
    ['another source', { source: {} }],
    ['another system', { system: 'rabbitmq' }],
    ['no key', { key: undefined }],
  ])('is of another arrival with %s', (_, part) => {
    const traced = createTraced()
    traced.tracing.process(keyed({ identity: undefined }), () => inner(traced, keyed({ identity: undefined, ...part })))
    expect(traced.spans).toHaveLength(2)
  })

  test('without a key is of the same arrival by the very object alone', () => {
    const traced = createTraced()
    const arrival = delivery()
    traced.tracing.process(arrival, () => {
      inner(traced, arrival)
      expect(traced.ledger.started()).toBe(1)
      inner(traced, delivery())
    })
    expect(traced.spans).toHaveLength(2)
  })

  test('of a message of a batch makes the span of its attempt, once', () => {
    const traced = createTraced()
    const arrivals = [keyed({ key: 1, identity: '1' }), keyed({ key: 2, identity: '2' })]
    traced.tracing.processBatch(arrivals, () => {
      for (const arrival of arrivals) traced.tracing.process(arrival, () => inner(traced, arrival))
    })
    expect(traced.spans).toHaveLength(3)
  })

  test('runs inside an attempt that is open until it is settled', () => {
    const traced = createTraced()
    const arrival = keyed()
    const attempt = traced.tracing.open(arrival)
    attempt.run(() => inner(traced, keyed()))
    attempt.settle('rejected')
    expect(factsOf(traced)).toEqual([[1, 'rejected']])
  })
})

/** What the span says of an attempt whose outer and inner wrapper know this. */
const facts = (outer: Partial<Delivery>, known: Partial<Delivery>, fails = false) => {
  const traced = createTraced()
  const handler = (): void => {
    if (fails) throw new Error('no stock')
  }
  try {
    traced.tracing.process(keyed(outer), () => inner(traced, keyed(known), handler))
  } catch {
    // The outcome says so.
  }
  return traced.span('process orders').attributes
}

describe('facts that only the inner wrapper knows', () => {
  test('are set on the attempt: how many are allowed', () => {
    expect(facts({}, { maxAttempts: 3 })).toMatchObject({ [OURS.maxAttempts]: 3 })
  })

  test('do not take the place of what the outer one knows', () => {
    expect(facts({ maxAttempts: 5 }, { maxAttempts: 3 })).toMatchObject({ [OURS.maxAttempts]: 5 })
  })

  test('are left out where they count something else', () => {
    const attributes = facts({ count: { deliveries: 4, exact: true } }, { maxAttempts: 3 })
    expect(attributes).not.toHaveProperty([OURS.maxAttempts])
  })

  test('count this copy, after the attempts on the copies before', () => {
    const carrier = { traceparent: TRACEPARENT, tracebaton: lineage({ attempt: 3 }) }
    const copy = { carrier, count: { deliveries: 1, exact: true }, exhausted: 'dead_lettered' } as const
    expect(facts(copy, { maxAttempts: 3 }, true)).toMatchObject({
      [OURS.attempt]: 3,
      [OURS.maxAttempts]: 5,
      [OURS.outcome]: 'requeued',
    })
    expect(facts({ ...copy, count: { deliveries: 3, exact: true } }, { maxAttempts: 3 }, true)).toMatchObject({
      [OURS.attempt]: 5,
      [OURS.maxAttempts]: 5,
      [OURS.outcome]: 'dead_lettered',
    })
  })

  test('decide on the last attempt', () => {
    const third = { count: { deliveries: 3, exact: true }, exhausted: 'dead_lettered' } as const
    expect(facts(third, { maxAttempts: 3 }, true)).toMatchObject({ [OURS.outcome]: 'dead_lettered' })
    expect(facts(third, { maxAttempts: 4 }, true)).toMatchObject({ [OURS.outcome]: 'requeued' })
  })
})

const processed = ({ spans }: Traced) => spans.filter(({ name }) => name === 'process orders')

function receive({ tracing }: Traced, deliveries: readonly Delivery[]): void {
  const startedAt = Date.now()
  tracing.receive(
    { system: 'kafka', operation: 'receive', destination: { name: 'orders' }, batch: true, startedAt },
    deliveries,
  )
}

const second = (): Delivery => keyed({ key: 8, count: { deliveries: 2, exact: true } })

describe('a second delivery of a message', () => {
  test('received inside the handler of the first is an attempt of its own, and takes over', () => {
    const traced = createTraced()
    traced.tracing.process(keyed(), () => inner(traced, second()))
    expect(factsOf(traced)).toEqual([
      [2, 'acked'],
      [1, 'abandoned'],
    ])
    const [late, early] = traced.spans
    expect(late?.links[0]?.context.spanId).toBe(early?.spanContext().spanId)
    expect(late?.parentSpanContext?.spanId).toBe(SPAN)
  })

  test('while the first one is being handled elsewhere overtakes it: never two are acked', async () => {
    const traced = createTraced()
    const working = new EventEmitter()
    const early = traced.tracing.process(keyed(), () => once(working, 'finished'))
    traced.tracing.process(second(), () => {})
    working.emit('finished')
    await early
    expect(factsOf(traced)).toEqual([
      [2, 'acked'],
      [1, 'abandoned'],
    ])
    expect(await traced.counted(METRICS.deliveries[0], { [OURS.outcome]: 'acked' })).toBe(1)
  })

  test('makes no failure of the first one, even if that throws, but of what was thrown', () => {
    const traced = createTraced()
    expect(() =>
      traced.tracing.process(keyed(), () => {
        inner(traced, second())
        throw new TypeError('no stock')
      }),
    ).toThrow('no stock')
    expect(factsOf(traced)).toEqual([
      [2, 'acked'],
      [1, 'abandoned'],
    ])
    expect(traced.spans[1]?.attributes['error.type']).toBe('TypeError')
  })

  test('does not overrule what the first one has told the broker', () => {
    const traced = createTraced()
    traced.tracing.process(keyed(), () => {
      const settlement = { system: 'kafka', operation: 'nack', destination: { name: 'orders' }, batch: false } as const
      traced.tracing.settle({ ...settlement, outcome: 'rejected', keys: [7], source: channel }, () => {})
      inner(traced, second())
    })
    expect(factsOf(traced)).toEqual([
      [2, 'acked'],
      [1, 'rejected'],
    ])
  })

  test('received before the first is handled overtakes it, whichever of the two begins first', async () => {
    for (const order of [
      [keyed(), second()],
      [second(), keyed()],
    ]) {
      const traced = createTraced()
      receive(traced, order)
      const working = new EventEmitter()
      // oxlint-disable-next-line no-loop-func -- each order has its own
      const running = order.map((arrival) => traced.tracing.process(arrival, () => once(working, 'finished')))
      working.emit('finished')
      // oxlint-disable-next-line no-await-in-loop
      await Promise.all(running)
      const outcomes = processed(traced).map(({ attributes }) => attributes[OURS.outcome])
      expect(outcomes).toEqual(['abandoned', 'acked'])
      expect(await traced.counted(METRICS.deliveries[0], { [OURS.outcome]: 'acked' })).toBe(1)
      message += 1
    }
  })

  test('received before the first is handled links its attempt', () => {
    const traced = createTraced()
    const late = second()
    receive(traced, [late])
    inner(traced, keyed())
    inner(traced, late)
    const [first, again] = processed(traced)
    expect(again?.links[0]?.context.spanId).toBe(first?.spanContext().spanId)
    expect(again?.attributes[OURS.previousAttempt]).toBeUndefined()
  })

  test('is looked for when it begins, and that of a message that was handed out once is not', () => {
    const asked: string[] = []
    const memory: AttemptMemory = {
      ...identityMemory,
      latest: ({ key }) => void asked.push(`latest ${key}`),
    }
    const traced = createTraced()
    const arrivals = [keyed({ memory, count: { deliveries: 1, exact: true } }), { ...second(), memory }]
    receive(traced, arrivals)
    for (const arrival of arrivals) inner(traced, arrival)
    // Where it begins, and where it ends.
    expect(asked).toEqual(['latest 8', 'latest 8'])
  })

  test.each<[string, () => unknown]>([
    ['returns', () => undefined],
    ['fails', () => Promise.reject(new TypeError('no stock'))],
  ])('makes a first one that deletes late and then %s no second ack', async (_, end) => {
    const traced = createTraced()
    const settlement = { system: 'kafka', operation: 'ack', destination: { name: 'orders' }, batch: false } as const
    const first = traced.tracing.process(keyed(), () => {
      inner(traced, second())
      traced.tracing.settle({ ...settlement, outcome: 'acked', keys: [7], source: channel }, () => {})
      return end()
    })
    await Promise.allSettled([first])
    expect(factsOf(traced)).toEqual([
      [2, 'acked'],
      [1, 'abandoned'],
    ])
    expect(await traced.counted(METRICS.deliveries[0], { [OURS.outcome]: 'acked' })).toBe(1)
  })

  test('after the first one has ended overtakes nothing', () => {
    const traced = createTraced()
    inner(traced, keyed())
    // Nothing holds on to an attempt that has ended.
    const copy = { creation: undefined, lineage: undefined, deaths: 0, before: undefined }
    expect(identityMemory.latest(keyed(), copy)).toMatchObject({ attempt: 1, running: undefined })
    inner(traced, second())
    expect(factsOf(traced)).toEqual([
      [1, 'acked'],
      [2, 'acked'],
    ])
  })
})

describe('an arrival that the application hands to its handler several times', () => {
  test('after each failure makes an attempt of each call, linking the one before', () => {
    const traced = createTraced()
    const arrival = keyed({ maxAttempts: 2 })
    for (let call = 1; call <= 3; call++) inner(traced, arrival)
    expect(factsOf(traced)).toEqual([
      [1, 'acked'],
      [2, 'acked'],
      [3, 'acked'],
    ])
    expect(traced.spans.map(({ attributes }) => attributes[OURS.maxAttempts])).toEqual([2, 2, undefined])
    expect(traced.spans.slice(1).map(({ links }) => links[0]?.context.spanId)).toEqual(
      traced.spans.slice(0, 2).map((span) => span.spanContext().spanId),
    )
  })

  test('at once, outside of any attempt, makes the later one overtake the earlier one', async () => {
    const traced = createTraced()
    const arrival = keyed({ identity: undefined })
    await Promise.all([1, 2].map(() => inner(traced, arrival, async () => Promise.resolve())))
    expect(factsOf(traced)).toEqual([
      [1, 'abandoned'],
      [2, 'acked'],
    ])
  })
})

test('a settlement settles the delivery of its source and its system alone', () => {
  const traced = createTraced()
  const settlement = { operation: 'nack', destination: { name: 'orders' }, batch: false, outcome: 'rejected' } as const
  traced.tracing.process(keyed({ carrier: { traceparent: TRACEPARENT } }), () => {
    traced.tracing.settle({ ...settlement, system: 'kafka', keys: [7], source: {} }, () => {})
    traced.tracing.settle({ ...settlement, system: 'kafka', keys: [7] }, () => {})
    traced.tracing.settle({ ...settlement, system: 'rabbitmq', keys: [7], source: channel }, () => {})
    traced.tracing.settle({ ...settlement, system: 'kafka', keys: ['7'], source: channel }, () => {})
  })
  expect(factsOf(traced)).toEqual([[1, 'acked']])
})
