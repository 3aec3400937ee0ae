import { context, propagation, ROOT_CONTEXT } from '@opentelemetry/api'
import { IllegalOperationError, type Options } from 'amqplib'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { readField } from '../../core/test/field.ts'
import { useContexts } from '../../core/test/contexts.ts'
import { createRecording, idOf } from '../../testing/test/recording.ts'
import { traceChannel } from '../src/index.ts'
import { fingerprintOf } from '../src/history.ts'
import { createHollow } from './hollow.ts'

beforeAll(useContexts)

const CONTENT = Buffer.from('order 1042')
const TRACEPARENT = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`

/** A traced channel, what it sends, and what is recorded of it. */
function setUp(options = {}) {
  const hollow = createHollow()
  const recording = createRecording(options)
  return { ...recording, hollow, channel: traceChannel(hollow.channel, recording.options) }
}

describe('a message that is published', () => {
  test('carries the context of its span, which says where it goes', () => {
    const { channel, hollow, span, failures } = setUp({ capture: { bodySize: true } })
    channel.publish('shop', 'order.created', CONTENT, { messageId: 'm-1', correlationId: 'c-1' })
    const { kind, attributes, status, parentSpanId } = span('publish shop:order.created')
    expect({ kind, status, parentSpanId }).toEqual({ kind: 'producer', status: 'unset', parentSpanId: undefined })
    expect(attributes).toMatchObject({
      'messaging.system.name': 'rabbitmq',
      'messaging.operation.name': 'publish',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'shop:order.created',
      'rabbitmq.destination.routing_key': 'order.created',
      'messaging.message.id': 'm-1',
      'messaging.message.conversation_id': 'c-1',
      'messaging.message.body.size': 10,
    })
    const [message] = hollow.published
    expect(message).toMatchObject({ exchange: 'shop', routingKey: 'order.created', content: CONTENT })
    expect(idOf(message?.headers['traceparent'] as string)).toBe(idOf(span('publish shop:order.created')))
    expect(failures).toEqual([])
  })

  test('to a queue has one span, although the client sends it by publishing', () => {
    const { channel, hollow, recorder } = setUp()
    channel.sendToQueue('orders', CONTENT)
    expect(recorder.spans.map(({ name }) => name)).toEqual(['publish orders'])
    expect(hollow.published[0]).toMatchObject({ exchange: '', routingKey: 'orders' })
  })

  test.each([
    [1_000, ['traceparent', 'tracebaton']],
    // Ten bytes of content, four of the table, and 72 of the one field.
    [86, ['traceparent']],
    [85, []],
    // It is beyond the limit without us.
    [9, ['traceparent', 'tracebaton']],
  ])('has the fields that leave it within the limit of %i bytes that it is told', (maxMessageBytes, fields) => {
    const { channel, hollow } = setUp({ maxMessageBytes })
    channel.sendToQueue('orders', CONTENT)
    expect(Object.keys(hollow.published[0]?.headers ?? {})).toEqual(fields)
  })

  test('says in our field when it was sent, because the broker keeps no time', () => {
    const { channel, hollow } = setUp()
    const before = Date.now()
    channel.sendToQueue('orders', CONTENT)
    const field = readField(String(hollow.published[0]?.headers['tracebaton']))
    expect(Object.keys(field)).toEqual(['b', 's'])
    expect(field['s']).toBeGreaterThanOrEqual(before)
  })

  test('says which moves of the broker its headers tell of that were not its own', () => {
    const { channel, hollow } = setUp()
    const headers = { 'x-death': [{ queue: 'orders', reason: 'rejected', count: 2 }] }
    for (const sent of [headers, Object.create(headers) as object])
      channel.sendToQueue('orders', CONTENT, { headers: sent })
    for (const { headers: written } of hollow.published) {
      expect(readField(String(written['tracebaton']))['x']).toBe(fingerprintOf(headers))
    }
  })

  test.each([
    ['publish orders', undefined, 'orders'],
    ['publish shop', 'shop', undefined],
    ['publish amq.default', undefined, undefined],
  ])('is traced as %s if the client is given %s and %s', (name, exchange, routingKey) => {
    for (const kind of ['plain', 'confirm'] as const) {
      const hollow = createHollow('promise', kind)
      const { options, recorder } = createRecording()
      const channel = traceChannel(hollow.channel, options)
      expect(channel.publish(exchange as string, routingKey as string, CONTENT)).toBe(true)
      if (kind === 'confirm') hollow.confirm(1, true)
      expect(recorder.spans.map((span) => span.name)).toEqual([name])
      expect(hollow.published[0]?.headers['traceparent']).toContain(recorder.spans[0]?.spanId)
    }
  })

  test('is the next attempt if it goes back to its queue in this form', async () => {
    const { channel, hollow, spans } = setUp()
    await channel.consume('orders', (message) => {
      if (hollow.published.length === 0) {
        const { content, properties } = message!
        channel.publish(undefined as unknown as string, 'orders', content, properties)
      }
      channel.ack(message!)
    })
    hollow.deliver({ headers: { traceparent: TRACEPARENT } })
    hollow.deliver({ headers: hollow.published[0]!.headers })
    const attempts = spans('process orders').map(({ attributes }) => attributes['tracebaton.delivery.attempt'])
    expect(attempts).toEqual([1, 2])
  })

  test.each([
    [-5_000, 0.2, 'an exchange has delayed it'],
    [5_000, 5.2, 'its exchange delays nothing'],
  ])('with a delay of 5 s arrives with x-delay %d after %d s in the queue if %s', async (arriving, seconds) => {
    vi.useFakeTimers({ toFake: ['Date'] })
    try {
      const { channel, hollow, span } = setUp()
      await channel.consume('orders', (message) => channel.ack(message!))
      channel.publish('later', 'orders', CONTENT, { headers: { 'x-delay': 5_000 } })
      vi.setSystemTime(Date.now() + 5_200)
      const { headers } = hollow.published[0]!
      hollow.deliver({ headers: { ...headers, 'x-delay': arriving }, fields: { exchange: 'later' } })
      expect(span('process later:orders').attributes['tracebaton.queue.time']).toBe(seconds)
    } finally {
      vi.useRealTimers()
    }
  })

  test.each([0, -1, Number.NaN, 'soon', null, {}, Symbol('soon')])('has no delay if x-delay is %o', (delay) => {
    const { channel, hollow, failures } = setUp()
    channel.publish('later', 'orders', CONTENT, { headers: { 'x-delay': delay } })
    expect(String(hollow.published[0]?.headers['tracebaton'])).not.toMatch(/;d=/)
    expect(failures).toEqual([])
  })

  test.each([true, false])('is answered by the client: room in the buffer is %s', (room) => {
    const { channel, hollow } = setUp()
    hollow.full = !room
    expect(channel.publish('shop', 'a', CONTENT)).toBe(room)
    expect(channel.sendToQueue('orders', CONTENT)).toBe(room)
  })

  test('that the client refuses throws the client’s error, and its span says so', () => {
    const { channel, hollow, spans } = setUp()
    hollow.loseConnection()
    for (const target of [hollow.channel, channel]) {
      expect(() => target.sendToQueue('orders', CONTENT)).toThrow(IllegalOperationError)
      expect(() => target.sendToQueue('orders', CONTENT)).toThrow('Channel closed')
    }
    for (const { status, attributes } of spans('publish orders')) {
      expect([status, attributes['error.type']]).toEqual(['error', 'IllegalOperationError'])
    }
  })
})

describe('the caller’s options', () => {
  test('stay as they are, frozen with all that hangs on them', () => {
    const { channel, hollow, failures } = setUp()
    const headers = Object.freeze({ region: 'north', tracestate: 'of=another', bytes: Buffer.from('x') })
    const options = Object.freeze({ headers, persistent: true })
    channel.publish('shop', 'a', CONTENT, options)
    channel.sendToQueue('orders', CONTENT, options)
    expect(headers).toEqual({ region: 'north', tracestate: 'of=another', bytes: Buffer.from('x') })
    expect(options).toEqual({ headers, persistent: true })
    for (const { headers: written } of hollow.published) {
      expect(Object.keys(written).toSorted()).toEqual(['bytes', 'region', 'tracebaton', 'traceparent'])
      expect(written['bytes']).toBe(headers.bytes)
    }
    expect(failures).toEqual([])
  })

  test('may be shared and sent again: each message has a context of its own', () => {
    const { channel, hollow } = setUp()
    const options: Options.Publish = { headers: { region: 'north' } }
    channel.publish('shop', 'a', CONTENT, options)
    channel.publish('shop', 'a', CONTENT, options)
    const ids = hollow.published.map(({ headers }) => headers['traceparent'])
    expect(new Set(ids).size).toBe(2)
    expect(options).toEqual({ headers: { region: 'north' } })
  })

  test('may inherit their headers, which reach the broker as without us', () => {
    const { channel, hollow } = setUp()
    const headers = Object.create(Object.freeze({ region: 'north', TRACESTATE: 'of=another' })) as object
    channel.publish('shop', 'a', CONTENT, { headers, CC: ['copies'] })
    expect(hollow.published[0]?.headers).toMatchObject({ region: 'north', CC: ['copies'] })
    expect(Object.keys(hollow.published[0]?.headers ?? {}).map((name) => name.toLowerCase())).not.toContain(
      'tracestate',
    )
  })

  test('may be an object with values of its own behind private fields', () => {
    class Properties {
      readonly #id = 'm-7'
      get messageId(): string {
        return this.#id
      }
    }
    const { channel, hollow, span, failures } = setUp()
    channel.publish('shop', 'a', CONTENT, new Properties())
    expect(span('publish shop:a').attributes['messaging.message.id']).toBe('m-7')
    expect(hollow.published[0]?.headers).toHaveProperty('traceparent')
    expect(failures).toEqual([])
  })

  test('may be left out, or be nothing that has any', () => {
    const { channel, hollow } = setUp()
    const odd = [undefined, null, false, 'text', 7] as readonly unknown[] as readonly Options.Publish[]
    channel.publish('shop', 'a', CONTENT)
    for (const options of odd) channel.publish('shop', 'a', CONTENT, options)
    expect(hollow.published).toHaveLength(6)
    for (const { headers } of hollow.published) expect(headers).toHaveProperty('traceparent')
  })

  test.each([
    ['content that is no buffer', ['shop', 'a', 'text', {}]],
    ['headers that are none', ['shop', 'a', CONTENT, { headers: 'text' }]],
    ['nothing at all', []],
  ])('get the client’s own error, without a span: %s', (_, args) => {
    const { channel, hollow, recorder, failures } = setUp()
    const failure = (target: typeof channel): unknown => {
      try {
        return target.publish(...(args as Parameters<typeof channel.publish>))
      } catch (error) {
        return String(error)
      }
    }
    expect(failure(hollow.channel)).toContain('TypeError')
    expect(failure(channel)).toBe(failure(hollow.channel))
    expect(recorder.spans).toEqual([])
    expect(failures).toEqual([])
  })
})

describe('headers of the caller', () => {
  test('that hold somebody else’s context are kept as they are', () => {
    const { channel, hollow, span } = setUp()
    channel.publish('shop', 'a', CONTENT, { headers: { traceparent: TRACEPARENT, tracestate: 'v=1' } })
    expect(hollow.published[0]?.headers).toEqual({ traceparent: TRACEPARENT, tracestate: 'v=1' })
    expect(span('publish shop:a')).toMatchObject({ kind: 'client', links: [{ spanId: 'b'.repeat(16) }] })
  })

  test('are hidden where they are ours in another letter case, and nothing of them is left', () => {
    const { channel, hollow } = setUp()
    channel.publish('shop', 'a', CONTENT, {
      headers: { TraceParent: 'broken', TRACESTATE: 'a=1', TraceBaton: '0', Baggage: 'b=2', kept: 1 },
    })
    const [message] = hollow.published
    expect(Object.keys(message?.headers ?? {}).toSorted()).toEqual(['Baggage', 'kept', 'tracebaton', 'traceparent'])
  })

  test.each([
    [60_000, ['traceparent', 'tracebaton', 'big']],
    [62_430, ['traceparent', 'big']],
    [62_500, ['big']],
    [65_500, ['big']],
  ])('of %i bytes leave so much room: %j', (size, names) => {
    const { channel, hollow, failures } = setUp()
    channel.publish('shop', 'a', CONTENT, { headers: { big: 'x'.repeat(size) } })
    expect(Object.keys(hollow.published[0]?.headers ?? {}).toSorted()).toEqual(names.toSorted())
    expect(failures).toHaveLength(names.length === 3 ? 0 : 1)
  })

  test('that contain themselves are the client’s to refuse', () => {
    const { channel, hollow } = setUp()
    const headers: Record<string, unknown> = { region: 'north' }
    headers['self'] = headers
    channel.publish('shop', 'a', CONTENT, { headers })
    expect(hollow.published[0]?.headers).not.toHaveProperty('traceparent')
  })
})

test('baggage of the sender goes with the message', () => {
  const { channel, hollow } = setUp()
  const baggage = propagation.createBaggage({ customer: { value: '42' } })
  context.with(propagation.setBaggage(ROOT_CONTEXT, baggage), () => channel.sendToQueue('orders', CONTENT))
  expect(hollow.published[0]?.headers['baggage']).toBe('customer=42')
})

test('a channel that another instrumentation has patched too is told of, once', () => {
  const hollow = createHollow()
  Object.assign(hollow.channel, { publish: Object.assign(() => true, { __wrapped: true }) })
  const { options, failures } = createRecording()
  traceChannel(hollow.channel, options)
  traceChannel(hollow.channel, options)
  expect(failures.map(String)).toEqual([expect.stringContaining('instrumentation-amqplib')])
})
