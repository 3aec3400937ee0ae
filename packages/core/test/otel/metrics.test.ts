import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { AlwaysOffSampler, AlwaysOnSampler } from '@opentelemetry/sdk-trace-base'
import { beforeEach, describe, expect, it } from 'vitest'
import type { TracingOptions } from '../../src/options.ts'
import { createAdapterTracing } from '../../src/tracing.ts'
import { OnDemandReader } from '../counting.ts'
import { measure } from '../measure.ts'
import { OK, T } from '../sample.ts'
import { createSdk, only, registerContextManager, resetGlobals } from '../sdk.ts'

resetGlobals()
beforeEach(registerContextManager)

/** The broker refused two of three messages. */
const results = () => ({ messages: [undefined, { error: 'Throttled' }, { error: 'Throttled' }] })

const orders = { name: 'orders' }
const process = {
  'messaging.system.name': 'kafka',
  'messaging.system': 'kafka',
  'messaging.operation.name': 'process',
  'messaging.operation.type': 'process',
  'messaging.destination.name': 'orders',
  'messaging.consumer.group.name': 'billing',
}
const { 'messaging.consumer.group.name': _, ...withoutGroup } = process
const send = { ...withoutGroup, 'messaging.operation.name': 'send', 'messaging.operation.type': 'send' }
const delivery = (more: object = {}) => ({
  system: 'kafka',
  destination: orders,
  carrier: { traceparent: OK },
  facts: { messageId: 'secret-id', partition: '3', offset: 42, consumerGroup: 'billing', messageKey: 'secret-key' },
  ...more,
})
const publication = {
  system: 'kafka',
  operation: 'send',
  destination: orders,
  batch: false,
  messages: [{ carrier: {}, facts: { messageId: 'secret-id' } }],
}

class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
}
const fail = () => {
  throw new TimeoutError('no answer')
}
const attempt = (work: () => unknown) => {
  try {
    work()
  } catch {
    // Measured below.
  }
}

describe('an attempt', () => {
  it('is counted, timed, and in flight while it lasts', async () => {
    const { tracing, points } = measure()
    await tracing.process(delivery(), async () => {
      expect((await points())['tracebaton.in_flight']).toMatchObject([{ labels: process, value: 1 }])
    })
    attempt(() => tracing.process(delivery(), fail))
    const all = await points()
    expect(all['tracebaton.in_flight']).toMatchObject([{ labels: process, value: 0 }])
    expect(all['messaging.client.consumed.messages']).toMatchObject([{ labels: process, value: 2 }])
    expect(all['messaging.process.duration']).toMatchObject([
      { labels: process, value: 1 },
      { labels: { ...process, 'error.type': 'TimeoutError' }, value: 1 },
    ])
    expect(all['tracebaton.deliveries']).toMatchObject([
      { labels: { ...process, 'tracebaton.delivery.outcome': 'acked', 'tracebaton.delivery.kind': 'first' }, value: 1 },
      {
        labels: { ...process, 'tracebaton.delivery.outcome': 'requeued', 'tracebaton.delivery.kind': 'first' },
        value: 1,
      },
    ])
  })

  it('is timed in seconds, for the handler alone', async () => {
    const { tracing, points } = measure()
    tracing.process(delivery(), () => {
      const until = performance.now() + 20
      while (performance.now() < until);
    })
    const { sum } = only((await points())['messaging.process.duration'] ?? [])
    expect(sum).toBeGreaterThanOrEqual(0.02)
    expect(sum).toBeLessThan(5)
  })

  it('is not counted as consumed again when the receive call was', async () => {
    const { tracing, points } = measure()
    const received = delivery({ received: true })
    tracing.receive(
      { system: 'kafka', operation: 'receive', destination: orders, batch: true, startedAt: Date.now() },
      [received, received],
    )
    tracing.process(received, () => undefined)
    expect((await points())['messaging.client.consumed.messages']?.map(({ value }) => value)).toEqual([2])
  })

  it('of a whole batch counts its messages', async () => {
    const { tracing, points } = measure()
    tracing.processBatch([delivery(), delivery(), delivery()], () => undefined)
    const all = await points()
    expect(all['messaging.client.consumed.messages']).toMatchObject([{ labels: process, value: 3 }])
    expect(all['messaging.process.duration']).toMatchObject([{ value: 1 }])
    expect(all['tracebaton.in_flight']).toMatchObject([{ value: 0 }])
  })
})

describe('the time in the queue', () => {
  it('is recorded in seconds for the first delivery of a copy', async () => {
    const { tracing, points } = measure()
    tracing.process(delivery({ sentAt: 1_000, deliveredAt: 3_500 }), () => undefined)
    tracing.process(
      delivery({ sentAt: 1_000, deliveredAt: 9_000, count: { deliveries: 2, exact: true } }),
      () => undefined,
    )
    const { labels, value, sum, boundaries } = only((await points())['tracebaton.queue.time'] ?? [])
    expect([labels, value, sum]).toEqual([process, 1, 2.5])
    expect(boundaries).toEqual([0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600])
  })

  it('is zero where the clocks disagree, and nothing where nobody knows', async () => {
    const { tracing, points } = measure()
    tracing.process(delivery({ sentAt: 9_000, deliveredAt: 1_000 }), () => undefined)
    tracing.process(delivery(), () => undefined)
    tracing.process(delivery({ sentAt: 1_000, queuedAt: null }), () => undefined)
    expect((await points())['tracebaton.queue.time']).toMatchObject([{ value: 1, sum: 0 }])
  })
})

describe('a send', () => {
  it('is timed, and its messages are counted', async () => {
    const { tracing, points } = measure()
    tracing.send({ ...publication, batch: true, messages: [{ carrier: {} }, { carrier: {} }] }, () => undefined)
    attempt(() => tracing.send(publication, fail))
    const all = await points()
    const failed = { ...send, 'error.type': 'TimeoutError' }
    expect(all['messaging.client.sent.messages']).toMatchObject([
      { labels: send, value: 2 },
      { labels: failed, value: 1 },
    ])
    expect(all['messaging.client.operation.duration']).toMatchObject([
      {
        labels: send,
        value: 1,
        boundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
      },
      { labels: failed, value: 1 },
    ])
  })

  it('counts what the broker refused by its error', async () => {
    const { tracing, points } = measure()
    tracing.send(
      { ...publication, batch: true, messages: [{ carrier: {} }, { carrier: {} }, { carrier: {} }], results },
      () => undefined,
    )
    expect((await points())['messaging.client.sent.messages']).toMatchObject([
      { labels: { ...send, 'error.type': 'Throttled' }, value: 2 },
      { labels: send, value: 1 },
    ])
  })

  it.each([
    ['essential_only', (fields: object) => Object.keys(fields).length === 1, false],
    ['broker_slot', () => false, true],
    ['no_room', () => false, false],
  ])('counts a message without room for everything as %s', async (reason, fits, slot) => {
    const { tracing, points } = measure()
    tracing.send({ ...publication, messages: [{ carrier: {}, stampTime: true, fits, slot }] }, () => undefined)
    expect((await points())['tracebaton.propagation.skipped']).toMatchObject([
      { labels: { ...send, 'tracebaton.reason': reason }, value: 1 },
    ])
  })
})

/** One of each, and what was measured. */
const everything = async (options: TracingOptions) => {
  const { tracing, points } = measure(options)
  tracing.send(publication, () => undefined)
  tracing.process(delivery({ sentAt: 1_000, deliveredAt: 2_000 }), () => undefined)
  tracing.settle(
    {
      system: 'kafka',
      operation: 'commit',
      destination: orders,
      outcome: 'acked',
      keys: ['secret-receipt'],
      batch: false,
    },
    () => undefined,
  )
  attempt(() => tracing.process(delivery(), fail))
  tracing.extract({ traceparent: OK, tracebaton: 'malformed' })
  return points()
}

const withoutTimes = (all: Awaited<ReturnType<typeof everything>>) =>
  Object.entries(all).map(([name, points]) => [name, points.map(({ labels, value }) => ({ labels, value }))])

describe('metrics', () => {
  it('do not depend on sampling', async () => {
    const sampled = await everything({ tracerProvider: createSdk(new AlwaysOnSampler()).tracerProvider })
    const dropped = await everything({ tracerProvider: createSdk(new AlwaysOffSampler()).tracerProvider })
    expect(Object.keys(sampled).toSorted()).toEqual([
      'messaging.client.consumed.messages',
      'messaging.client.operation.duration',
      'messaging.client.sent.messages',
      'messaging.process.duration',
      'tracebaton.deliveries',
      'tracebaton.errors',
      'tracebaton.in_flight',
      'tracebaton.queue.oldest_age',
      'tracebaton.queue.time',
    ])
    expect(withoutTimes(dropped)).toEqual(withoutTimes(sampled))
  })

  it('have no label with an id, a key or a position', async () => {
    const text = JSON.stringify(await everything({}))
    for (const value of ['secret', T, 'partition', 'offset', 'message.id']) expect(text).not.toContain(value)
  })

  it('have no label for a destination with many names', async () => {
    const { tracing, points } = measure()
    const temporary = delivery({ destination: { name: 'amq.gen-1', temporary: true } })
    tracing.process(temporary, () => undefined)
    tracing.send({ ...publication, destination: { name: 'user-2', template: 'user-{id}' } }, () => undefined)
    tracing.process(delivery({ destination: { name: 'user-1', template: 'user-{id}' } }), () => undefined)
    const text = JSON.stringify(await points())
    expect(text).not.toMatch(/amq\.gen-1|user-[12]/)
    expect(text).toContain('user-{id}')
  })

  it('count our own contained failures by stage', async () => {
    const { tracing, points } = measure()
    tracing.extract({ traceparent: OK, tracebaton: 'malformed' })
    tracing.guard(fail)
    tracing.guard(fail)
    expect((await points())['tracebaton.errors']).toMatchObject([
      { labels: { 'tracebaton.stage': 'headers' }, value: 1 },
      { labels: { 'tracebaton.stage': 'describe' }, value: 2 },
    ])
  })

  it('lack only the instrument that cannot be had', async () => {
    const reader = new OnDemandReader()
    const meterProvider = new MeterProvider({ readers: [reader] })
    const meter = meterProvider.getMeter('broken')
    const broken = {
      getMeter: () =>
        new Proxy(meter, {
          get: (target, key) => (key === 'createHistogram' ? fail : Reflect.get(target, key)),
        }),
    }
    const tracing = createAdapterTracing({ meterProvider: broken, onError: () => undefined })
    tracing.send(publication, () => undefined)
    const { resourceMetrics } = await reader.collect()
    const names = resourceMetrics.scopeMetrics.flatMap(({ metrics }) =>
      metrics.map(({ descriptor }) => descriptor.name),
    )
    expect(names.toSorted()).toEqual(['messaging.client.sent.messages', 'tracebaton.errors'])
  })
})
