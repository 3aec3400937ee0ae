import { context, ProxyTracerProvider, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import type { Channel, ConsumeMessage, GetMessage } from 'amqplib'
import { beforeAll, describe, expect, test } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { attemptOf, createRecording } from '../../testing/test/recording.ts'
import { traceChannel, traceHandler } from '../src/index.ts'
import { createHollow } from './hollow.ts'

beforeAll(useContexts)

const TRACEPARENT = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`

function setUp(options = {}) {
  const hollow = createHollow()
  const recording = createRecording(options)
  return { ...recording, hollow, channel: traceChannel(hollow.channel, recording.options) }
}

describe('a message that was asked for', () => {
  test('has a span of its own for the asking, in the caller’s trace, that links its send', async () => {
    const { channel, hollow, provider, span, failures } = setUp()
    hollow.put({ headers: { traceparent: TRACEPARENT } })
    const outer = provider.getTracer('test').startSpan('poll')
    const message = await context.with(trace.setSpan(ROOT_CONTEXT, outer), () => channel.get('orders'))
    outer.end()
    expect(message).toMatchObject({ content: Buffer.from('hello') })
    const get = span('get orders')
    expect(get).toMatchObject({ kind: 'client', parentSpanId: outer.spanContext().spanId })
    expect(get.links.map(({ spanId }) => spanId)).toEqual(['b'.repeat(16)])
    expect(get.attributes).toMatchObject({
      'messaging.operation.type': 'receive',
      'messaging.message.id': 'm-1',
      'rabbitmq.message.delivery_tag': 1,
    })
    expect(get.attributes).not.toHaveProperty('messaging.batch.message_count')
    channel.ackAll()
    expect(failures).toEqual([])
  })

  test('of the callback API has the span in the caller’s trace, too, and reaches the callback as it is', async () => {
    const { options, provider, span } = createRecording()
    const hollow = createHollow('callback')
    const channel = traceChannel(hollow.channel, options)
    hollow.put()
    const outer = provider.getTracer('test').startSpan('poll')
    const answer = await new Promise<unknown[]>((resolve) => {
      context.with(trace.setSpan(ROOT_CONTEXT, outer), () => {
        expect(channel.get('orders', {}, (...given) => resolve(given))).toBe(channel)
      })
    })
    outer.end()
    expect(answer).toEqual([null, expect.objectContaining({ content: Buffer.from('hello') })])
    expect(span('get orders').parentSpanId).toBe(outer.spanContext().spanId)
  })

  test('and was not there has no span, unless that is asked for', async () => {
    const quiet = setUp()
    expect(await quiet.channel.get('orders')).toBe(false)
    expect(quiet.recorder.spans).toEqual([])
    const loud = setUp({ spans: { emptyReceive: true } })
    expect(await loud.channel.get('orders')).toBe(false)
    expect(loud.span('get orders').links).toEqual([])
  })

  test('on a channel that is closed gets the client’s own error', async () => {
    const { channel, hollow, failures } = setUp()
    hollow.loseConnection()
    await expect(channel.get('orders')).rejects.toThrow('Channel closed')
    expect(failures).toEqual([])
  })

  test('when the channel closes meanwhile is a failed call', async () => {
    const { channel, hollow, span } = setUp()
    channel.on('error', () => {})
    const asked = channel.get('orders')
    hollow.closeByBroker()
    await expect(asked).rejects.toThrow('PRECONDITION_FAILED')
    expect(span('get orders')).toMatchObject({ status: 'error' })
  })
})

describe('traceHandler', () => {
  test('makes an attempt of a message that was asked for, until it is settled', async () => {
    const { channel, hollow, span, spans } = setUp()
    hollow.put({ headers: { traceparent: TRACEPARENT } })
    const message = await channel.get('orders')
    const handle = traceHandler((one: GetMessage, more: string) => `${one.content.toString()}, ${more}`)
    expect(handle(message as GetMessage, 'more')).toBe('hello, more')
    expect(spans('process orders')).toEqual([])
    channel.ack(message as never)
    expect(attemptOf(span('process orders'))).toMatchObject({ attempt: 1, outcome: 'acked' })
    expect(span('process orders').parentSpanId).toBe('b'.repeat(16))
  })

  test('knows what became of a message that was settled before it was handled', async () => {
    const { channel, hollow, span, recorder } = setUp()
    hollow.put()
    const message = await channel.get('orders')
    channel.nack(message as never, false, false)
    traceHandler(() => {})(message as never)
    expect(recorder.open).toEqual([])
    expect(attemptOf(span('process orders'))).toMatchObject({ outcome: 'rejected' })
  })

  test('settles by its end what the broker has forgotten', async () => {
    const { channel, hollow, span } = setUp()
    hollow.put()
    const message = await channel.get('orders', { noAck: true })
    const failing = traceHandler(() => {
      throw new RangeError('no stock')
    })
    expect(() => failing(message as never)).toThrow('no stock')
    expect(attemptOf(span('process orders'))).toMatchObject({ outcome: 'discarded', status: 'error' })
  })

  test('inside a consumer is the same attempt, and its failure is the attempt’s, although somebody catches it', async () => {
    const { channel, hollow, span } = setUp()
    const handle = traceHandler(async () => {
      expect(trace.getActiveSpan()).toBeDefined()
      throw new RangeError('no stock')
    })
    await channel.consume('orders', async (message) => {
      try {
        await handle(message!)
      } catch {
        channel.nack(message!)
      }
    })
    hollow.deliver()
    await new Promise((resolve) => setImmediate(resolve))
    expect(attemptOf(span('process orders'))).toMatchObject({ attempt: 1, outcome: 'requeued', status: 'error' })
    expect(span('process orders').attributes['error.type']).toBe('RangeError')
  })

  test('later than the consumer goes on in the attempt', async () => {
    const { channel, hollow, span, recorder } = setUp()
    const taken: unknown[] = []
    await channel.consume('orders', (message) => void taken.push(message))
    hollow.deliver()
    const active = traceHandler(() => trace.getActiveSpan()?.spanContext().spanId)(taken[0] as never)
    expect(recorder.open.map(({ spanId }) => spanId)).toEqual([active])
    channel.ackAll()
    expect(span('process orders').spanId).toBe(active)
  })

  test.each([
    ['without acknowledgements', undefined, 'discarded'],
    ['that has acknowledged it', (channel: Channel, message: ConsumeMessage) => channel.ack(message), 'acked'],
    ['that has acknowledged all', (channel: Channel) => channel.ackAll(), 'acked'],
    ['that has acknowledged all up to it', (channel: Channel, one: ConsumeMessage) => channel.ack(one, true), 'acked'],
  ])('later than a consumer %s is the next attempt, which may fail', async (_, acknowledge, outcome) => {
    const { channel, hollow, spans, recorder } = setUp()
    const taken: unknown[] = []
    const take = (message: ConsumeMessage | null): void => {
      taken.push(message)
      acknowledge?.(channel, message!)
    }
    await channel.consume('orders', take, { noAck: acknowledge === undefined })
    hollow.deliver({ headers: { traceparent: TRACEPARENT } })
    const handle = traceHandler(async () => {
      throw new RangeError('no stock')
    })
    await expect(handle(taken[0] as never)).rejects.toThrow('no stock')
    const [handedOver, handled, ...others] = spans('process orders')
    expect(others).toEqual([])
    expect(attemptOf(handedOver!)).toMatchObject({ attempt: 1, outcome: 'acked', status: 'unset' })
    expect(attemptOf(handled!)).toMatchObject({ attempt: 2, kind: 'redelivery', outcome, status: 'error' })
    expect(handled!.parentSpanId).toBe('b'.repeat(16))
    expect(handled!.links.map(({ role, spanId }) => [role, spanId])).toEqual([
      ['previous_attempt', handedOver!.spanId],
      ['creation', 'b'.repeat(16)],
    ])
    expect(recorder.open).toEqual([])
  })

  test('again and again counts on, and each attempt links the one before, whether the message has an id or none', async () => {
    const { channel, hollow, spans } = setUp()
    const taken: unknown[] = []
    await channel.consume('orders', (message) => void taken.push(message), { noAck: true })
    for (const messageId of ['m-1', undefined]) hollow.deliver({ properties: { messageId } })
    const handle = traceHandler(() => {})
    for (const message of [...taken, ...taken]) handle(message as never)
    for (const tag of [1, 2]) {
      const attempts = spans('process orders').filter(
        ({ attributes }) => attributes['rabbitmq.message.delivery_tag'] === tag,
      )
      expect(attempts.map((span) => attemptOf(span)['attempt'])).toEqual([1, 2, 3])
      expect(attempts.map(({ links }) => links.map(({ spanId }) => spanId))).toEqual([
        [],
        [attempts[0]!.spanId],
        [attempts[1]!.spanId],
      ])
    }
  })

  test('later than a consumer that nobody recorded links no attempt', async () => {
    const hollow = createHollow()
    const late = createRecording()
    const tracer = new ProxyTracerProvider()
    const channel = traceChannel(hollow.channel, { ...late.options, tracerProvider: tracer })
    const taken: unknown[] = []
    await channel.consume('orders', (message) => void taken.push(message), { noAck: true })
    hollow.deliver({ headers: { traceparent: TRACEPARENT }, properties: { messageId: 'm-late' } })
    tracer.setDelegate(late.provider)
    traceHandler(() => {})(taken[0] as never)
    const { attributes, links } = late.span('process orders')
    expect(attributes).toMatchObject({ 'tracebaton.delivery.attempt': 2, 'tracebaton.previous_attempt': 'unknown' })
    expect(links.map(({ role }) => role)).toEqual(['creation'])
  })

  test('later than the end of the channel is no attempt: somebody else will make it', async () => {
    const { channel, hollow, spans } = setUp()
    const taken: unknown[] = []
    await channel.consume('orders', (message) => void taken.push(message))
    hollow.deliver()
    await channel.close()
    traceHandler(() => {})(taken[0] as never)
    expect(spans('process orders').map((span) => attemptOf(span)['outcome'])).toEqual(['abandoned'])
  })

  test('later than it was settled with others ends as they did', async () => {
    const { channel, hollow, spans } = setUp()
    const take = async (): Promise<GetMessage> => {
      hollow.put()
      return (await channel.get('orders')) as GetMessage
    }
    const before = [await take(), await take(), await take()] as const
    channel.nack(before[1], true, false)
    channel.ackAll()
    const after = await take()
    for (const message of [...before, after]) traceHandler(() => {})(message)
    const outcomes = (): unknown[] => spans('process orders').map((span) => attemptOf(span)['outcome'])
    expect(outcomes()).toEqual(['rejected', 'rejected', 'acked'])
    channel.nackAll()
    expect(outcomes()).toEqual(['rejected', 'rejected', 'acked', 'requeued'])
  })

  test('much later than it was settled with others does not guess how', async () => {
    const { channel, hollow, spans } = setUp()
    const take = async (): Promise<GetMessage> => {
      hollow.put()
      return (await channel.get('orders')) as GetMessage
    }
    const messages = [await take()]
    for (let calls = 0; calls < 9; calls += 1) {
      channel.ackAll()
      channel.nackAll()
      // oxlint-disable-next-line no-await-in-loop -- between one call and the next
      messages.push(await take())
    }
    for (const message of messages) traceHandler(() => {})(message)
    const outcomes = spans('process orders').map((span) => attemptOf(span)['outcome'])
    expect(outcomes).toEqual(Array.from({ length: 7 }, () => 'acked'))
  })

  test('keeps `this`, and the active context of whoever calls it', async () => {
    const { channel, hollow } = setUp()
    hollow.put()
    const message = await channel.get('orders')
    const worker = {
      name: 'worker',
      handle: traceHandler(function (this: unknown) {
        return (this as { name: string }).name
      }),
    }
    const before = context.active()
    expect(worker.handle(message as never)).toBe('worker')
    expect(context.active()).toBe(before)
    channel.ackAll()
  })

  test('handles a message of a channel without tracing without a span', () => {
    const { recorder } = setUp()
    const handle = traceHandler((message: GetMessage) => message.content.length)
    expect(handle({ content: Buffer.from('1') } as GetMessage)).toBe(1)
    expect(recorder.spans).toEqual([])
  })
})

describe('a message that no traced channel handed over', () => {
  test('is an attempt where there are options, as long as its handler runs, and has no span where there are none', async () => {
    const { options, span, recorder, failures } = createRecording()
    const hollow = createHollow()
    hollow.put({ headers: { traceparent: TRACEPARENT } })
    const message = (await hollow.channel.get('orders')) as GetMessage
    expect(traceHandler(() => trace.getActiveSpan())(message)).toBeUndefined()
    expect(recorder.spans).toEqual([])
    expect(traceHandler(() => 'done', { ...options, queue: 'orders' })(message)).toBe('done')
    const attempt = span('process orders')
    expect(attempt.traceId).toBe('a'.repeat(32))
    expect(attemptOf(attempt)).toMatchObject({ outcome: 'acked' })
    expect(failures).toEqual([])
  })
})
