import { createRegister } from '@tracebaton/core/adapter'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { createRecording } from '../../testing/test/recording.ts'
import { traceChannel } from '../src/index.ts'
import { createHollow, type Kinds } from './hollow.ts'

beforeAll(useContexts)

const CONTENT = Buffer.from('order 1042')

function setUp<Api extends keyof Kinds>(api: Api) {
  const hollow = createHollow(api, 'confirm')
  const recording = createRecording()
  return { ...recording, hollow, channel: traceChannel(hollow.channel, recording.options) }
}

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

describe.each(['promise', 'callback'] as const)('on a channel with confirms of the %s API', (api) => {
  test('the span of a message ends with the broker’s word, which reaches the caller as it is', async () => {
    const { channel, hollow, recorder, span } = setUp(api)
    const confirmed = vi.fn<(...answer: unknown[]) => void>()
    expect(channel.publish('shop', 'a', CONTENT, {}, confirmed)).toBe(true)
    await turn()
    expect(recorder.open).toHaveLength(1)
    hollow.confirm(1, true)
    expect(confirmed.mock.calls).toEqual([[null]])
    await turn()
    expect(span('publish shop:a').status).toBe('unset')
  })

  test('a message that the broker refuses fails its span, and the caller is told', async () => {
    const { channel, hollow, span } = setUp(api)
    const confirmed = vi.fn<(error: unknown) => void>()
    channel.sendToQueue('orders', CONTENT, undefined, confirmed)
    hollow.confirm(1, false)
    expect(confirmed.mock.calls).toEqual([[new Error('message nacked')]])
    await turn()
    expect(span('publish orders')).toMatchObject({ status: 'error' })
  })

  test('the callback may stand where there are no options, and there may be none', async () => {
    const { channel, hollow, spans } = setUp(api)
    const confirmed = vi.fn<() => void>()
    channel.sendToQueue('orders', CONTENT, undefined, confirmed)
    channel.sendToQueue('orders', CONTENT)
    channel.sendToQueue('orders', CONTENT, { persistent: true })
    hollow.confirm(3, true, true)
    await turn()
    expect(confirmed).toHaveBeenCalledTimes(1)
    expect(spans('publish orders')).toHaveLength(3)
  })

  test('messages that are not confirmed when the channel closes have failed', async () => {
    const { channel, hollow, span } = setUp(api)
    const confirmed = vi.fn<(error: unknown) => void>()
    channel.publish('shop', 'a', CONTENT, {}, confirmed)
    hollow.loseConnection()
    expect(confirmed.mock.calls).toEqual([[new Error('channel closed')]])
    await turn()
    expect(span('publish shop:a').status).toBe('error')
  })

  test('a callback that throws does so in the client, as without us', () => {
    const { channel, hollow } = setUp(api)
    channel.publish('shop', 'a', CONTENT, {}, () => {
      throw new Error('of the host')
    })
    expect(() => hollow.confirm(1, true)).toThrow('of the host')
  })
})

describe('waitForConfirms', () => {
  test('resolves when everything is confirmed', async () => {
    const { channel, hollow, spans } = setUp('promise')
    for (let count = 0; count < 3; count++) channel.sendToQueue('orders', CONTENT)
    const waiting = channel.waitForConfirms()
    hollow.confirm(3, true, true)
    await waiting
    expect(spans('publish orders').map(({ status }) => status)).toEqual(['unset', 'unset', 'unset'])
  })

  test('rejects when the broker refuses one, whose span has failed', async () => {
    const { channel, hollow, spans } = setUp('promise')
    for (let count = 0; count < 2; count++) channel.sendToQueue('orders', CONTENT)
    const waiting = channel.waitForConfirms()
    hollow.confirm(1, true)
    hollow.confirm(2, false)
    await expect(waiting).rejects.toThrow('message nacked')
    expect(spans('publish orders').map(({ status }) => status)).toEqual(['unset', 'error'])
  })

  test('of the callback API calls back', async () => {
    const { channel, hollow } = setUp('callback')
    channel.sendToQueue('orders', CONTENT)
    const waiting = new Promise((resolve) => channel.waitForConfirms(resolve))
    hollow.confirm(1, true)
    expect(await waiting).toBeUndefined()
  })
})

describe('of more than five thousand messages that are not confirmed', () => {
  const MANY = 5_100

  test('the oldest are unknown, if the caller does not wait for each', () => {
    const { channel, hollow, recorder, spans } = setUp('promise')
    for (let count = 0; count < MANY; count++) channel.sendToQueue('orders', CONTENT)
    expect(recorder.open).toHaveLength(5_000)
    const unknown = spans('publish orders')
    expect(unknown).toHaveLength(100)
    for (const { status, attributes } of unknown) {
      expect([status, attributes['tracebaton.confirm']]).toEqual(['unset', 'unknown'])
    }
    hollow.confirm(MANY, true, true)
    expect(recorder.open).toHaveLength(0)
    expect(spans('publish orders').filter(({ attributes }) => 'tracebaton.confirm' in attributes)).toHaveLength(100)
  })

  test('each is as its callback says, if the caller gives one', () => {
    const { channel, hollow, spans } = setUp('promise')
    let failed = 0
    for (let count = 0; count < MANY; count++) channel.sendToQueue('orders', CONTENT, {}, () => (failed += 1))
    hollow.loseConnection()
    expect(failed).toBe(MANY)
    expect(spans('publish orders').filter(({ status }) => status === 'error')).toHaveLength(MANY)
  })
}, 60_000)

test('an acknowledgement in the callback of a republish comes after the move', async () => {
  const { hollow, channel, span } = setUp('promise')
  await channel.consume('orders', (message) => {
    const { content, properties } = message!
    channel.publish('', 'orders', content, { headers: properties.headers }, () => channel.ack(message!))
  })
  hollow.deliver({ headers: { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` } })
  hollow.confirm(1, true)
  expect(span('process orders').attributes['tracebaton.delivery.outcome']).toBe('retry_scheduled')
})

test('a message that the client refuses does not wait for its confirmation', () => {
  const { channel, hollow } = setUp('promise')
  const unconfirmed = createRegister('tracebaton.amqp.unconfirmed.3')
  const before = unconfirmed.size()
  channel.sendToQueue('orders', CONTENT)
  expect(unconfirmed.size()).toBe(before + 1)
  hollow.loseConnection()
  expect(unconfirmed.size()).toBe(before)
  expect(() => channel.sendToQueue('orders', CONTENT)).toThrow('Channel closed')
  expect(unconfirmed.size()).toBe(before)
})

test('without an SDK nothing waits for the broker', () => {
  const hollow = createHollow('promise', 'confirm')
  const confirmed = vi.fn<(error: unknown) => void>()
  traceChannel(hollow.channel).sendToQueue('orders', CONTENT, {}, confirmed)
  expect(hollow.published[0]?.headers).toEqual({})
  hollow.confirm(1, true)
  expect(confirmed.mock.calls).toEqual([[null]])
})
