import { inspect } from 'node:util'
import { context, propagation, trace } from '@opentelemetry/api'
import { resolveTracing } from '@tracebaton/core/adapter'
import type { Channel, ConsumeMessage } from 'amqplib'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { attemptOf, createRecording } from '../../testing/test/recording.ts'
import { toDelivery } from '../src/describe.ts'
import { SCOPE } from '../src/scope.ts'
import { traceChannel, traceHandler } from '../src/index.ts'
import { createHollow } from './hollow.ts'

beforeAll(useContexts)

const TRACEPARENT = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`

function setUp(options = {}) {
  const hollow = createHollow()
  const recording = createRecording(options)
  return { ...recording, hollow, channel: traceChannel(hollow.channel, recording.options) }
}

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

describe('a message that is consumed', () => {
  test('is handled in a child of its send, which it links and which says all about it', async () => {
    const { channel, hollow, span, failures } = setUp({ capture: { bodySize: true } })
    await channel.consume('billing', (message) => channel.ack(message!))
    hollow.deliver({
      queue: 'billing',
      headers: { traceparent: TRACEPARENT },
      properties: { messageId: 'm-1', correlationId: 'c-1' },
      fields: { exchange: 'shop', routingKey: 'order.created' },
    })
    const { kind, traceId, parentSpanId, links, attributes } = span('process shop:order.created:billing')
    expect({ kind, traceId, parentSpanId }).toEqual({
      kind: 'consumer',
      traceId: 'a'.repeat(32),
      parentSpanId: 'b'.repeat(16),
    })
    expect(links.map(({ role, spanId }) => [role, spanId])).toEqual([['creation', 'b'.repeat(16)]])
    expect(attributes).toMatchObject({
      'messaging.system.name': 'rabbitmq',
      'messaging.operation.name': 'process',
      'messaging.destination.name': 'shop:order.created:billing',
      'rabbitmq.destination.routing_key': 'order.created',
      'rabbitmq.message.delivery_tag': 1,
      'messaging.message.id': 'm-1',
      'messaging.message.conversation_id': 'c-1',
      'messaging.message.body.size': 5,
      'tracebaton.delivery.attempt': 1,
      'tracebaton.delivery.attempt_source': 'broker',
    })
    expect(failures).toEqual([])
  })

  test('reaches the handler as it is, which gets nothing else', async () => {
    const { channel, hollow } = setUp()
    const handler = vi.fn<(...given: unknown[]) => void>()
    await channel.consume('orders', handler)
    hollow.deliver({ headers: { region: 'north' } })
    const [[message, ...others] = []] = handler.mock.calls
    expect(others).toEqual([])
    expect(message).toMatchObject({ fields: { deliveryTag: 1 }, properties: { headers: { region: 'north' } } })
    expect(Object.keys(message as object)).toEqual(['fields', 'properties', 'content'])
  })

  test.each(['auto', 'link'] as const)(
    'has no part in the span that the consumer was started in: %s',
    async (relation) => {
      const { channel, hollow, provider, recorder, span } = setUp({ relation })
      const seen: unknown[] = []
      await provider.getTracer('test').startActiveSpan('start-up', async (outer) => {
        await channel.consume('orders', (message) => {
          seen.push(propagation.getActiveBaggage()?.getEntry('customer')?.value)
          channel.ack(message!)
        })
        hollow.deliver()
        hollow.deliver({ headers: { traceparent: TRACEPARENT, baggage: 'customer=42' } })
        outer.end()
      })
      const [without, having] = recorder.spans.filter(({ name }) => name === 'process orders')
      expect(without?.parentSpanId).toBeUndefined()
      expect(without?.links).toEqual([])
      expect(having?.parentSpanId).toBe(relation === 'link' ? undefined : 'b'.repeat(16))
      expect(having?.links.map(({ spanId }) => spanId)).toEqual(['b'.repeat(16)])
      for (const one of [without, having]) expect(one?.traceId).not.toBe(span('start-up').traceId)
      expect(seen).toEqual([undefined, '42'])
    },
  )

  test('whose queue has an unknown name is known by where it was published', async () => {
    const { channel, hollow, span } = setUp()
    await channel.consume('', (message) => channel.ack(message!))
    hollow.deliver({ queue: '', fields: { exchange: 'shop', routingKey: 'a' } })
    expect(span('process shop:a').attributes).not.toHaveProperty('tracebaton.previous_attempt')
  })

  test('is handed over without a span where it makes no sense', async () => {
    const { channel, hollow, recorder, failures } = setUp()
    const handler = vi.fn<(message: ConsumeMessage | null) => void>()
    await channel.consume('orders', handler)
    hollow.channel.emit('delivery', { fields: { consumerTag: 'orders' } })
    expect(handler).toHaveBeenCalledTimes(1)
    expect(recorder.spans).toEqual([])
    expect(failures).toHaveLength(1)
  })
})

describe('what the broker wrote into the headers', () => {
  const moved = { 'x-death': [{ queue: 'orders', reason: 'rejected', count: 2 }] }

  test('counts attempts, if the producer is trusted', async () => {
    for (const [trust, attempt] of [
      ['full', 3],
      ['link-only', 1],
      ['ignore', 1],
    ] as const) {
      const { channel, hollow, span } = setUp({ trust })
      await channel.consume('orders', (message) => channel.ack(message!))
      hollow.deliver({ headers: moved })
      expect(attemptOf(span('process orders'))).toMatchObject({ attempt })
    }
  })

  const death = { queue: 'orders', reason: 'rejected', count: 2 ** 53 - 1, time: { '!': 'timestamp', value: 1 } }

  test.each([
    { 'x-death': Array.from({ length: 400 }, () => death) },
    { 'x-death': [{ ...death, queue: 'payroll\r\n\u001b[31m' }] },
    { 'x-death': [{ ...death, count: -5 }] },
    { 'x-death': 'x' },
    { 'x-death': [1, 'two', null, [[]]] },
    { 'x-death': { queue: 'orders', reason: 'rejected' } },
    { 'x-last-death-queue': 'payroll', 'x-last-death-reason': 'rejected' },
    { 'x-delivery-count': 1e15 },
  ])('%j of a producer decides nothing without trust, and is bounded with it', async (headers) => {
    for (const trust of ['ignore', 'link-only', 'full'] as const) {
      const { channel, hollow, span, failures } = setUp({ trust })
      await channel.consume('orders', (message) => channel.ack(message!))
      hollow.deliver({ headers })
      const { attributes } = span('process orders')
      const { attempt, kind } = attemptOf(span('process orders'))
      const source = attributes['tracebaton.dead_letter.source']
      expect(attempt).toBeLessThanOrEqual(2 ** 53)
      expect(String(source)).not.toMatch(/\p{Cc}/u)
      expect(failures).toEqual([])
      if (trust === 'full') continue
      expect([attempt, kind, source]).toEqual([1, 'first', undefined])
    }
  })

  test('is asked for only where it is there', () => {
    const { channel } = createHollow()
    const tracing = resolveTracing(undefined, SCOPE)
    const historyOf = (headers: unknown, redelivered = false) => {
      const fields = { deliveryTag: 1, redelivered, exchange: '', routingKey: 'orders' }
      const message = { content: Buffer.alloc(0), fields, properties: { headers } }
      return toDelivery(tracing, channel, channel, message, 'orders', false, false).history
    }
    for (const headers of [undefined, null, 'text', {}, { traceparent: TRACEPARENT }, { 'x-delivery-count': 2 }]) {
      expect(historyOf(headers)).toBeUndefined()
    }
    expect(historyOf({ 'x-delivery-count': 2 }, true)).toBeDefined()
    for (const name of ['x-death', 'x-first-death-queue', 'x-last-death-queue']) {
      expect(historyOf({ [name]: 'orders' })).toBeDefined()
    }
  })
})

test('a cancelled consumer gets its null, and there is no span for it', async () => {
  const { channel, hollow, recorder, failures } = setUp()
  const handler = vi.fn<(message: ConsumeMessage | null) => void>()
  await channel.consume('orders', handler)
  hollow.cancel()
  expect(handler.mock.calls).toEqual([[null]])
  expect(recorder.spans).toEqual([])
  expect(failures).toEqual([])
})

describe('a consumer without acknowledgements', () => {
  test('has its handler awaited: the span ends with it', async () => {
    const { channel, hollow, recorder, span } = setUp()
    let finish!: () => void
    const work = new Promise<void>((resolve) => {
      finish = resolve
    })
    await channel.consume('orders', async () => work, { noAck: true })
    hollow.deliver()
    await turn()
    expect(recorder.open).toHaveLength(1)
    finish()
    await turn()
    expect(attemptOf(span('process orders'))).toMatchObject({ outcome: 'acked', status: 'unset' })
  })

  test('loses the message when the handler fails', async () => {
    const { channel, hollow, span } = setUp()
    const rejections: unknown[] = []
    const keep = (error: unknown): void => void rejections.push(error)
    process.on('unhandledRejection', keep)
    await channel.consume('orders', async () => Promise.reject(new RangeError('no stock')), { noAck: true })
    hollow.deliver()
    await turn()
    process.off('unhandledRejection', keep)
    expect(attemptOf(span('process orders'))).toMatchObject({ outcome: 'discarded', status: 'error' })
    expect(span('process orders').attributes['error.type']).toBe('RangeError')
    // As without us, nobody handles it.
    expect(rejections).toEqual([new RangeError('no stock')])
  })

  test('is not touched by acknowledgements of others, nor by the end of the channel', async () => {
    const { channel, hollow, span } = setUp()
    let finish!: () => void
    const work = new Promise<void>((resolve) => {
      finish = resolve
    })
    await channel.consume('orders', async () => work, { noAck: true })
    hollow.deliver()
    channel.ackAll()
    hollow.loseConnection()
    finish()
    await turn()
    expect(attemptOf(span('process orders'))).toMatchObject({ outcome: 'acked' })
  })
})

describe('what a handler throws', () => {
  test.each([
    ['an error', new RangeError('no stock'), 'RangeError'],
    ['null', null, '_OTHER'],
    ['undefined', undefined, '_OTHER'],
    ['a text', 'no stock', 'string'],
  ])('reaches the client, whatever it is: %s', async (_, error, type) => {
    const { channel, hollow, span, failures } = setUp()
    const reported: unknown[] = []
    channel.on('handler-error', (reason) => reported.push(reason))
    await channel.consume('orders', () => {
      throw error
    })
    hollow.deliver()
    await turn()
    expect(reported).toEqual([error])
    channel.nackAll()
    expect(span('process orders').attributes['error.type']).toBe(type)
    expect(attemptOf(span('process orders'))).toMatchObject({ outcome: 'requeued', status: 'error' })
    expect(failures).toEqual([])
  })

  test('closes the channel where nobody wants to know, as without us', async () => {
    const { channel, hollow, span } = setUp()
    const errors: unknown[] = []
    channel.on('error', (error) => errors.push(error))
    await channel.consume('orders', () => {
      throw new RangeError('no stock')
    })
    hollow.deliver()
    await turn()
    expect(errors.map(String)).toEqual(['RangeError: no stock'])
    // Nobody has called anything since: the channel itself is looked at.
    await vi.waitFor(() => expect(span('process orders')).toMatchObject({ status: 'error' }), 5_000)
  })

  test('leaves the active context as it was', async () => {
    const { channel, hollow } = setUp()
    channel.on('handler-error', () => {})
    const before = context.active()
    await channel.consume('orders', () => {
      throw new RangeError('no stock')
    })
    hollow.deliver({ headers: { traceparent: TRACEPARENT } })
    expect(context.active()).toBe(before)
    expect(trace.getActiveSpan()).toBeUndefined()
    channel.nackAll()
  })
})

/** A promise that others may know, and what settles it. */
function known() {
  let settle!: (error?: Error) => void
  const promise = new Promise<void>((resolve, reject) => {
    settle = (error) => (error === undefined ? resolve() : reject(error))
  })
  return { promise, settle }
}

describe('a promise that a plain function returns', () => {
  test('reaches the client as it is', async () => {
    const { channel, hollow } = setUp()
    const { promise, settle } = known()
    await channel.consume('orders', () => promise)
    const consumers = (hollow.channel as unknown as { readonly consumers: Map<string, (message: object) => unknown> })
      .consumers
    const fields = { deliveryTag: 1, redelivered: false, exchange: '', routingKey: 'orders' }
    const given = consumers.get('orders')?.({ fields, properties: {}, content: Buffer.alloc(0) })
    expect(given).toBe(promise)
    settle()
    channel.ackAll()
  })

  test.each<[how: string, acknowledge: (channel: Channel, message: ConsumeMessage) => void, later: boolean]>([
    ['itself', (channel, message) => channel.ack(message), false],
    ['with others', (channel) => channel.ackAll(), false],
    ['with others after its handler returned', (channel, message) => channel.ack(message, true), true],
  ])('ends the attempt soon after it is settled, if the message was acknowledged %s', async (_, acknowledge, later) => {
    const { channel, hollow, recorder } = setUp()
    const { promise, settle } = known()
    const given: (() => void)[] = []
    await channel.consume('orders', (message) => {
      given.push(() => acknowledge(channel, message!))
      if (!later) given[0]!()
      return promise
    })
    hollow.deliver()
    await turn()
    if (later) given[0]!()
    expect(recorder.open).toHaveLength(1)
    const began = performance.now()
    settle()
    await vi.waitFor(() => expect(recorder.open).toEqual([]), { timeout: 5_000, interval: 1 })
    expect(performance.now() - began).toBeLessThan(900)
  })

  test('is seen in a program that changed how values are formatted', async () => {
    const { channel, hollow, recorder } = setUp()
    const { promise, settle } = known()
    const usual = { ...inspect.defaultOptions }
    Object.assign(inspect.defaultOptions, { colors: true, showHidden: true, compact: false, sorted: true })
    await channel.consume('orders', () => promise, { noAck: true })
    hollow.deliver()
    await turn()
    expect(recorder.open).toHaveLength(1)
    settle()
    await vi.waitFor(() => expect(recorder.open).toEqual([]), 5_000)
    Object.assign(inspect.defaultOptions, usual)
  })

  test.each([
    [{ noAck: true }, 'acked'],
    [{}, 'rejected'],
  ])('ends the attempt soon after it is settled: %j', async (options, outcome) => {
    const { channel, hollow, recorder, span } = setUp()
    const { promise, settle } = known()
    let message: ConsumeMessage | null = null
    await channel.consume('orders', (given) => ((message = given), promise), options)
    hollow.deliver()
    if (outcome === 'rejected') channel.reject(message!, false)
    await turn()
    expect(recorder.open).toHaveLength(1)
    settle()
    await vi.waitFor(() => expect(attemptOf(span('process orders'))).toMatchObject({ outcome }), 5_000)
  })

  test('ends the attempt with the acknowledgement that is its last act', async () => {
    const { channel, hollow, span } = setUp()
    const work = async (message: ConsumeMessage): Promise<void> => {
      await turn()
      channel.ack(message)
    }
    await channel.consume('orders', (message) => work(message!))
    hollow.deliver()
    await turn()
    await turn()
    await turn()
    expect(attemptOf(span('process orders'))).toMatchObject({ outcome: 'acked', status: 'unset' })
  })

  test('has failed if it is rejected, for an unknown reason, and only its owner handles that', async () => {
    const { channel, hollow, span } = setUp()
    const { promise, settle } = known()
    const caught: unknown[] = []
    promise.catch((error: unknown) => caught.push(error))
    await channel.consume('orders', () => promise, { noAck: true })
    hollow.deliver()
    settle(new RangeError('no stock'))
    await vi.waitFor(() => {
      expect(attemptOf(span('process orders'))).toMatchObject({ outcome: 'discarded', status: 'error' })
    }, 5_000)
    expect(span('process orders').attributes['error.type']).toBe('_OTHER')
    expect(caught).toEqual([new RangeError('no stock')])
  })

  test('is left alone inside a function given to traceHandler, too', async () => {
    const { channel, hollow, span } = setUp()
    const { promise, settle } = known()
    promise.catch(() => {})
    await channel.consume('orders', traceHandler(() => promise) as () => unknown, { noAck: true })
    hollow.deliver()
    settle(new RangeError('no stock'))
    await vi.waitFor(() => expect(span('process orders').status).toBe('error'), 5_000)
  })
})

test('what a handler gives and nobody awaits is not started by us', async () => {
  const hollow = createHollow()
  const { options } = createRecording()
  let started = 0
  const lazy = {
    // oxlint-disable-next-line unicorn/no-thenable -- that is what this is about
    then: () => {
      started += 1
    },
  }
  await traceChannel(hollow.channel, options).consume('orders', () => lazy)
  hollow.deliver()
  await Promise.resolve()
  expect(started).toBe(0)
})

test('without an SDK the handler has the message’s context, and nothing is kept of it', async () => {
  const hollow = createHollow()
  const channel = traceChannel(hollow.channel)
  const seen: unknown[] = []
  await channel.consume('orders', () => void seen.push(trace.getSpanContext(context.active())?.spanId))
  hollow.deliver({ headers: { traceparent: TRACEPARENT } })
  hollow.deliver()
  channel.ackAll()
  expect(seen).toEqual(['b'.repeat(16), undefined])
  expect(hollow.settled).toEqual([expect.objectContaining({ verb: 'ack', deliveryTag: 0, multiple: true })])
})
