import type { Channel, ConsumeMessage } from 'amqplib'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { attemptOf, createRecording } from '../../testing/test/recording.ts'
import { traceChannel } from '../src/index.ts'
import { createHollow, type Kinds } from './hollow.ts'

beforeAll(useContexts)

/** A traced channel with a consumer that keeps its messages. */
async function setUp(options = {}) {
  const hollow = createHollow()
  const recording = createRecording(options)
  const channel = traceChannel(hollow.channel, recording.options)
  const messages: ConsumeMessage[] = []
  await channel.consume('orders', (message) => void messages.push(message!))
  const outcomes = (): unknown[] => recording.spans('process orders').map((span) => attemptOf(span)['outcome'])
  return { ...recording, hollow, channel, messages, outcomes }
}

describe('a message that is settled', () => {
  test('ten seconds after its handler returned has its span end then, and no earlier', async () => {
    const { channel, hollow, messages, recorder, span } = await setUp()
    hollow.deliver()
    const now = performance.now.bind(performance)
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + 10_000)
    expect(recorder.open).toHaveLength(1)
    expect(recorder.spans).toEqual([])
    channel.ack(messages[0]!)
    clock.mockRestore()
    expect(recorder.open).toEqual([])
    const { startTime, endTime = 0 } = span('process orders')
    expect(endTime - startTime).toBeGreaterThanOrEqual(10_000)
    expect(attemptOf(span('process orders'))).toMatchObject({ outcome: 'acked', status: 'unset' })
  })

  test('inside its handler has its span end with the handler', async () => {
    const { channel, hollow, recorder, span } = await setUp()
    let finish!: () => void
    const work = new Promise<void>((resolve) => {
      finish = resolve
    })
    await channel.consume('mails', async (message) => {
      channel.ack(message!)
      await work
    })
    hollow.deliver({ queue: 'mails' })
    expect(recorder.open).toHaveLength(1)
    finish()
    await new Promise((resolve) => setImmediate(resolve))
    expect(attemptOf(span('process mails'))).toMatchObject({ outcome: 'acked' })
  })

  test('by the channel of a library that manages it is settled where it came by', async () => {
    const { hollow, messages, options, outcomes, recorder } = await setUp()
    const managed = traceChannel(
      {
        publish: async () => true,
        sendToQueue: async () => true,
        consume: async () => {},
        ack: hollow.channel.ack.bind(hollow.channel),
        nack: hollow.channel.nack.bind(hollow.channel),
      } as never as Channel,
      options,
    )
    for (let count = 0; count < 4; count++) hollow.deliver()
    managed.nack(messages[0]!, false, false)
    managed.ack(messages[2]!, true)
    expect(outcomes()).toEqual(['rejected', 'acked', 'acked'])
    expect(recorder.open).toHaveLength(1)
  })

  test('by an equal but different object is known by its delivery tag', async () => {
    const { channel, hollow, outcomes, recorder } = await setUp()
    for (let count = 0; count < 3; count++) hollow.deliver()
    channel.ack({ fields: { deliveryTag: 2 } } as ConsumeMessage)
    channel.nack({ fields: { deliveryTag: 3 } } as ConsumeMessage, false, false)
    expect(outcomes()).toEqual(['acked', 'rejected'])
    expect(recorder.open).toHaveLength(1)
    channel.ackAll()
  })

  test('twice ends its span once, and both calls go out', async () => {
    const { channel, hollow, messages, outcomes } = await setUp()
    hollow.deliver()
    channel.ack(messages[0]!)
    channel.reject(messages[0]!, false)
    expect(outcomes()).toEqual(['acked'])
    expect(hollow.settled.map(({ verb }) => verb)).toEqual(['ack', 'reject'])
  })

  test('by nothing that is a message gets the client’s own error', async () => {
    const { channel, hollow, failures } = await setUp()
    for (const garbage of [undefined, null, {}] as never[]) {
      for (const verb of ['ack', 'nack', 'reject'] as const) {
        const call = (target: typeof channel) => (): void => target[verb](garbage)
        expect(call(channel)).toThrow(TypeError)
        expect(call(hollow.channel)).toThrow(TypeError)
      }
    }
    expect(failures).toEqual([])
  })
})

describe('what a settlement says', () => {
  const MESSAGE = 'the first of two'
  const calls: readonly (readonly [
    string,
    (channel: Kinds['promise']['plain'], message: ConsumeMessage) => unknown,
    unknown[],
  ])[] = [
    ['ack', (channel, message) => channel.ack(message), ['acked']],
    ['ack, all up to', (channel, message) => channel.ack(message, true), ['acked']],
    ['nack', (channel, message) => channel.nack(message), ['requeued']],
    ['nack, requeue', (channel, message) => channel.nack(message, false, true), ['requeued']],
    ['nack, no requeue', (channel, message) => channel.nack(message, false, false), ['rejected']],
    ['nack, all up to', (channel, message) => channel.nack(message, true, false), ['rejected']],
    ['reject', (channel, message) => channel.reject(message), ['requeued']],
    ['reject, no requeue', (channel, message) => channel.reject(message, false), ['rejected']],
    ['ackAll', (channel) => channel.ackAll(), ['acked', 'acked']],
    ['nackAll', (channel) => channel.nackAll(), ['requeued', 'requeued']],
    ['nackAll, no requeue', (channel) => channel.nackAll(false), ['rejected', 'rejected']],
    ['recover', (channel) => channel.recover(), ['requeued', 'requeued']],
  ]

  test.each(calls)(`${MESSAGE}: %s`, async (_, call, expected) => {
    const { channel, hollow, messages, outcomes, recorder } = await setUp()
    hollow.deliver()
    hollow.deliver()
    await call(channel, messages[0]!)
    expect(outcomes()).toEqual(expected)
    expect(recorder.open).toHaveLength(2 - expected.length)
    channel.ackAll()
  })

  test('recover tells its deliveries at once: they are handed out again before the broker answers', async () => {
    const { channel, hollow, outcomes } = await setUp()
    hollow.deliver()
    const recovered = channel.recover()
    expect(outcomes()).toEqual(['requeued'])
    await recovered
  })

  test('a message that is given back is a failed attempt, an acknowledged one is not', async () => {
    const { channel, hollow, messages, spans } = await setUp()
    for (let count = 0; count < 3; count++) hollow.deliver()
    channel.ack(messages[0]!)
    channel.nack(messages[1]!)
    channel.reject(messages[2]!, false)
    expect(spans('process orders').map(({ status, attributes }) => [status, attributes['error.type']])).toEqual([
      ['unset', undefined],
      ['error', 'requeued'],
      ['error', 'rejected'],
    ])
  })
})

test('ackAll over fifty deliveries, of several queues and a few that are settled, ends each span once', async () => {
  const { channel, hollow, messages, recorder } = await setUp()
  await channel.consume('mails', () => {})
  for (let count = 0; count < 25; count++) {
    hollow.deliver()
    hollow.deliver({ queue: 'mails' })
  }
  for (const message of messages.slice(5, 10)) channel.nack(message)
  channel.ackAll()
  expect(recorder.open).toEqual([])
  const outcomes = recorder.spans.map((span) => attemptOf(span)['outcome'])
  expect(outcomes.filter((outcome) => outcome === 'requeued')).toHaveLength(5)
  expect(outcomes.filter((outcome) => outcome === 'acked')).toHaveLength(45)
})

test('all up to a message are those before it and itself, and no later ones', async () => {
  const { channel, hollow, messages, outcomes, recorder } = await setUp()
  for (let count = 0; count < 5; count++) hollow.deliver()
  channel.ack(messages[1]!)
  channel.ack(messages[3]!, true)
  expect(outcomes()).toEqual(['acked', 'acked', 'acked', 'acked'])
  expect(recorder.open).toHaveLength(1)
  channel.ack({ fields: { deliveryTag: 0 } } as ConsumeMessage, true)
  expect(recorder.open).toEqual([])
})

test('a channel does not settle the deliveries of another one that have the same tags', async () => {
  const [one, other] = [await setUp(), await setUp()]
  one.hollow.deliver()
  other.hollow.deliver()
  one.channel.ack(one.messages[0]!)
  expect([one.outcomes(), other.outcomes()]).toEqual([['acked'], []])
  other.channel.ackAll()
})

describe('a span of a settlement', () => {
  test('is made where it is asked for, as a child of the attempt', async () => {
    const { channel, hollow, messages, span } = await setUp({ spans: { settle: true } })
    await channel.consume('mails', (message) => channel.ack(message!))
    hollow.deliver({ queue: 'mails' })
    hollow.deliver()
    channel.nack(messages[0]!, false, false)
    expect(span('ack mails')).toMatchObject({
      kind: 'client',
      parentSpanId: span('process mails').spanId,
      attributes: { 'rabbitmq.message.delivery_tag': 1, 'messaging.operation.type': 'settle' },
    })
    expect(span('nack orders').parentSpanId).toBeUndefined()
  })

  test('twice for one message changes nothing: what its attempt was settled with first stays', async () => {
    const { channel, hollow, span } = await setUp({ spans: { settle: true } })
    await channel.consume('mails', (message) => {
      channel.nack(message!)
      channel.ack(message!)
    })
    hollow.deliver({ queue: 'mails' })
    expect(attemptOf(span('process mails'))).toMatchObject({ outcome: 'requeued' })
  })

  test('of several messages counts them, and names the queue only where it is one', async () => {
    const { channel, hollow, span } = await setUp({ spans: { settle: true } })
    await channel.consume('mails', () => {})
    for (const queue of ['orders', 'orders']) hollow.deliver({ queue })
    channel.ackAll()
    for (const queue of ['orders', 'mails', 'mails']) hollow.deliver({ queue })
    channel.nackAll(false)
    expect(span('ackAll orders').attributes).toMatchObject({ 'messaging.batch.message_count': 2 })
    expect(span('nackAll').attributes).toMatchObject({ 'messaging.batch.message_count': 3 })
    expect(span('nackAll').attributes).not.toHaveProperty('rabbitmq.message.delivery_tag')
  })
})

test('acknowledging takes no longer when many deliveries wait', async () => {
  const { channel, hollow, messages, outcomes } = await setUp()
  for (let count = 0; count < 4_000; count++) hollow.deliver()
  // From the newest on, where a search from the oldest would take longest.
  for (const message of messages.toReversed()) channel.ack(message)
  expect(outcomes()).toHaveLength(4_000)
})
