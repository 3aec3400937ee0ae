import type { ConsumeMessage } from 'amqplib'
import { beforeAll, describe, expect, test } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { movedField } from '../../core/test/field.ts'
import { createRecording } from '../../testing/test/recording.ts'
import { deadLetter, redrive, retryLater, traceChannel } from '../src/index.ts'
import { createHollow, type Part } from './hollow.ts'

beforeAll(useContexts)

const CONTEXT = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
const noStock = new TypeError('no stock')

/** A traced consumer of `orders` whose handler leaves the message to the test. */
async function receive(part: Part = {}) {
  const hollow = createHollow()
  const recording = createRecording()
  const channel = traceChannel(hollow.channel, recording.options)
  const messages: ConsumeMessage[] = []
  await channel.consume('orders', (message) => {
    if (message !== null) messages.push(message)
  })
  hollow.deliver({ headers: { traceparent: CONTEXT, tenant: '7' }, ...part })
  return { ...recording, hollow, channel, message: messages[0]! }
}

describe('a message that is moved', () => {
  test('goes on with its content, its own headers and its context, and says where it was', async () => {
    const { channel, hollow, message, span } = await receive()
    await deadLetter(channel, message, { to: 'dead', error: noStock })
    channel.ack(message)
    const [copy] = hollow.published
    const attempt = span('process orders')
    expect(copy).toMatchObject({ exchange: '', routingKey: 'dead', content: message.content })
    expect(copy!.headers).toMatchObject({
      tenant: '7',
      traceparent: CONTEXT,
      'tracebaton-original-destination': 'orders',
      'tracebaton-original-position': 'm-1',
      'tracebaton-original-consumer': 'orders',
      'tracebaton-attempts': '1',
      'tracebaton-error-type': 'TypeError',
    })
    expect(copy!.headers['tracebaton']).toContain(attempt.spanId)
    expect(attempt).toMatchObject({ status: 'error', attributes: { 'tracebaton.delivery.outcome': 'dead_lettered' } })
    expect(span('publish dead')).toMatchObject({ parentSpanId: attempt.spanId, kind: 'client' })
  })

  test('leaves behind what the broker wrote, and what would bring it to other queues', async () => {
    const broker = { 'x-death': [], 'x-first-death-queue': 'a', 'x-last-death-reason': 'b', 'x-delay': -5 }
    const { channel, hollow, message } = await receive({ headers: { traceparent: CONTEXT, ...broker, CC: ['copies'] } })
    await deadLetter(channel, message, { to: 'dead' })
    expect(Object.keys(hollow.published[0]!.headers).filter((name) => /^x-|CC/.test(name))).toEqual([])
  })

  test('goes back to its own queue, where no delay can be kept, which is said', async () => {
    const { channel, hollow, message, failures } = await receive({ properties: { expiration: '5' } })
    await retryLater(channel, message, { delay: 500 })
    await retryLater(channel, message, { to: 'orders', delay: 500 })
    const said: unknown = expect.stringContaining('RabbitMQ delays no message by itself')
    expect(failures).toMatchObject([{ message: said }, { message: said }])
    expect(hollow.published[0]).toMatchObject({ routingKey: 'orders', properties: { expiration: undefined } })
    expect(hollow.published[0]!.headers['tracebaton']).toMatch(/;a=2;.*;d=dw;.*k=delayed/)
  })

  test('expires where it is to wait in another queue', async () => {
    const { channel, hollow, message, failures } = await receive()
    await retryLater(channel, message, { to: 'wait', delay: 500.4 })
    expect(hollow.published[0]).toMatchObject({ routingKey: 'wait', properties: { expiration: '500' } })
    expect(failures).toEqual([])
  })

  test.each([-500, Number.NaN])('and is due already (%s ms) leaves the queue where it waits at once', async (delay) => {
    const { channel, hollow, message } = await receive()
    await retryLater(channel, message, { to: 'wait', delay })
    expect(hollow.published[0]).toMatchObject({ routingKey: 'wait', properties: { expiration: '0' } })
  })

  test.each([0, null])('without a delay (%s) expires nowhere', async (delay) => {
    const { channel, hollow, message } = await receive()
    await retryLater(channel, message, { to: 'retries', delay: delay as number })
    expect(hollow.published[0]).toMatchObject({ routingKey: 'retries', properties: { expiration: undefined } })
  })

  test('as often as it may is not published again, and says so', async () => {
    const { channel, hollow, message } = await receive()
    expect(await retryLater(channel, message, { maxAttempts: 2 })).toBe('retried')
    expect(await retryLater(channel, message, { maxAttempts: 1 })).toBe('exhausted')
    expect(hollow.published).toHaveLength(1)
  })

  test('by a channel with confirms has moved when the broker says so', async () => {
    const { message, options } = await receive()
    const confirms = createHollow('promise', 'confirm')
    const moved = [1, 2].map(() => deadLetter(traceChannel(confirms.channel, options), message, { to: 'dead' }))
    confirms.confirm(1, true)
    confirms.confirm(2, false)
    expect(await Promise.allSettled(moved)).toEqual([
      { status: 'fulfilled', value: undefined },
      { status: 'rejected', reason: new Error('message nacked') },
    ])
  })

  test('by a channel that is not traced keeps its history all the same', async () => {
    const { message, channel, span } = await receive()
    const plain = createHollow()
    await redrive(plain.channel, message, { to: 'other' })
    channel.ack(message)
    expect(plain.published[0]!.headers['tracebaton']).toContain(span('process orders').spanId)
    expect(span('publish other').parentSpanId).toBe(span('process orders').spanId)
  })

  test('by a channel that is closed rejects with the client’s own error', async () => {
    const { message } = await receive()
    const closed = createHollow()
    closed.loseConnection()
    await expect(deadLetter(closed.channel, message, { to: 'dead' })).rejects.toThrow(/clos/)
  })
})

test('a message that no traced channel received is moved with what it says itself', async () => {
  const { message, options } = await receive()
  const stranger = {
    ...message,
    fields: { ...message.fields },
    properties: { headers: { tracebaton: movedField(CONTEXT, { redrives: 1 }), traceparent: CONTEXT } },
  }
  const hollow = createHollow()
  await redrive(traceChannel(hollow.channel, options), stranger, { to: 'orders' })
  expect(hollow.published[0]!.headers['tracebaton']).toMatch(/k=redrive;n=2$/)
})

const UNKNOWN = 'ERR_TRACEBATON_DESTINATION'

test('a dead letter goes back to the queue where it says it was handled at first, and nowhere without', async () => {
  const { hollow, message, options } = await receive()
  const publisher = traceChannel(hollow.channel, options)
  await deadLetter(publisher, message, { to: 'orders-dead' })
  const [letter] = hollow.published
  const stranger = { ...message, fields: { ...message.fields }, properties: { headers: letter!.headers } }
  await redrive(publisher, stranger)
  expect(hollow.published[1]).toMatchObject({ routingKey: message.fields.routingKey })
  await expect(redrive(publisher, message)).rejects.toMatchObject({ name: 'TypeError', code: UNKNOWN })
  const untrusted = traceChannel(hollow.channel, { ...options, trust: 'link-only' })
  await expect(redrive(untrusted, stranger)).rejects.toMatchObject({ code: UNKNOWN })
  await expect(deadLetter(publisher, message, {} as { to: string })).rejects.toMatchObject({ code: UNKNOWN })
  expect(hollow.published).toHaveLength(2)
})

test('a message whose queue nobody knows is not sent to none, where the broker would drop it', async () => {
  const { channel, hollow, message } = await receive()
  const stranger = { ...message, fields: { ...message.fields, deliveryTag: 7 } }
  for (const options of [{}, { to: '' }]) {
    await expect(retryLater(channel, stranger, options)).rejects.toMatchObject({ code: UNKNOWN })
  }
  expect(hollow.published).toEqual([])
})
