import { EventEmitter } from 'node:events'
import type { Channel, ChannelModel } from 'amqplib'
import type * as callback from 'amqplib/callback_api'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { attemptOf, createRecording } from '../../testing/test/recording.ts'
import { traceChannel, traceConnection } from '../src/index.ts'
import { createHollow } from './hollow.ts'

beforeAll(useContexts)

const CONTENT = Buffer.from('order 1042')

/** A connection of the promise API that makes hollow channels. */
function createConnection(close: () => Promise<void> = async () => {}) {
  const [plain, confirm] = [createHollow(), createHollow('promise', 'confirm')]
  const created: unknown[] = []
  const connection = Object.assign(new EventEmitter(), {
    connection: (plain.channel as { connection: object }).connection,
    createChannel: async (...args: unknown[]) => {
      created.push(args)
      return plain.channel
    },
    createConfirmChannel: async () => confirm.channel,
    close,
  }) as unknown as ChannelModel
  return { connection, plain, confirm, created }
}

/** A connection of the callback API. */
function createCallbackConnection() {
  const hollow = createHollow('callback')
  const connection = {
    connection: (hollow.channel as unknown as { connection: object }).connection,
    createChannel(...args: unknown[]) {
      setImmediate(() => (args.at(-1) as (...answer: unknown[]) => void)(null, hollow.channel))
      return hollow.channel
    },
    close: (done?: (error: unknown) => void) => done?.(null),
  } as unknown as callback.Connection
  return { hollow, connection }
}

describe('a connection of the promise API', () => {
  test('makes traced channels, with the options of the caller', async () => {
    const { connection, plain, confirm, created } = createConnection()
    const { options, recorder } = createRecording()
    const traced = traceConnection(connection, options)
    const channel = await traced.createChannel({ highWaterMark: 7 })
    const confirming = await traced.createConfirmChannel()
    expect(created).toEqual([[{ highWaterMark: 7 }]])
    channel.sendToQueue('orders', CONTENT)
    confirming.sendToQueue('mails', CONTENT)
    confirm.confirm(1, true)
    await confirming.waitForConfirms()
    expect(recorder.spans.map(({ name }) => name).toSorted()).toEqual(['publish mails', 'publish orders'])
    expect(plain.published).toHaveLength(1)
  })

  test('fails to make one as without us', async () => {
    const { connection } = createConnection()
    const refusal = new Error('No channels left to allocate')
    connection.createChannel = () => Promise.reject(refusal)
    await expect(traceConnection(connection).createChannel()).rejects.toBe(refusal)
  })

  test('gives up what is unsettled when it is closed', async () => {
    const { connection, plain } = createConnection()
    const { options, span } = createRecording()
    const traced = traceConnection(connection, options)
    const channel = await traced.createChannel()
    await channel.consume('orders', () => {})
    plain.deliver()
    await traced.close()
    expect(attemptOf(span('process orders'))).toMatchObject({ outcome: 'abandoned', status: 'unset' })
  })

  test('that reconnects by itself tells by its end that its channels are closed', async () => {
    const { connection, plain } = createConnection(async () => plain.loseConnection())
    const { options, span } = createRecording()
    Object.assign(connection, { connection: undefined })
    const traced = traceConnection(connection, options)
    await (await traced.createChannel()).consume('orders', () => {})
    plain.deliver()
    await traced.close()
    expect(attemptOf(span('process orders'))).toMatchObject({ outcome: 'abandoned' })
  })

  test('fails to close as without us', async () => {
    const failure = new Error('closed already')
    const { connection } = createConnection(() => Promise.reject(failure))
    await expect(traceConnection(connection).close()).rejects.toBe(failure)
  })

  test('stays an emitter, and is chained as one', () => {
    const { connection } = createConnection()
    const traced = traceConnection(connection)
    const blocked = vi.fn<(reason: string) => void>()
    expect(traced.on('blocked', blocked)).toBe(traced)
    connection.emit('blocked', 'memory')
    expect(blocked).toHaveBeenCalledWith('memory')
    expect(traced).toBeInstanceOf(EventEmitter)
  })
})

describe('a connection of the callback API', () => {
  test('gives one and the same traced channel at once and when it is open', async () => {
    const { hollow, connection } = createCallbackConnection()
    const { options, span } = createRecording()
    const traced = traceConnection(connection, options)
    let atOnce: unknown
    const [error, channel] = await new Promise<readonly [unknown, callback.Channel]>((resolve) => {
      atOnce = traced.createChannel((failure, opened) => resolve([failure, opened]))
    })
    expect(error).toBeNull()
    expect(channel).toBe(atOnce)
    expect(channel).not.toBe(hollow.channel)
    expect(channel.consume('orders', () => {})).toBe(channel)
    channel.sendToQueue('orders', CONTENT)
    expect(span('publish orders').kind).toBe('producer')
  })

  test('tells the callback of its end, and gives up what is unsettled', async () => {
    const { hollow, connection } = createCallbackConnection()
    const { options, span } = createRecording()
    const traced = traceConnection(connection, options)
    const channel = traced.createChannel(() => {})
    channel.consume('orders', () => {})
    await new Promise((resolve) => setImmediate(resolve))
    hollow.deliver()
    const closed = vi.fn<(error: unknown) => void>()
    traced.close(closed)
    expect(closed).toHaveBeenCalledWith(null)
    expect(attemptOf(span('process orders'))).toMatchObject({ outcome: 'abandoned' })
  })
})

describe('a traced channel', () => {
  test('returns itself where the client’s returns itself', async () => {
    const hollow = createHollow('callback')
    const { options } = createRecording()
    const channel = traceChannel(hollow.channel, options)
    const results = [channel.on('drain', () => {}), channel.consume('orders', () => {}), channel.assertQueue('orders')]
    await new Promise((resolve) => setImmediate(resolve))
    hollow.deliver()
    results.push(channel.ack({ fields: { deliveryTag: 1 } } as never), channel.prefetch(1), channel.recover())
    for (const result of results) expect(result).toBe(channel)
  })

  test('passes events on, `drain` among them', () => {
    const hollow = createHollow()
    const channel = traceChannel(hollow.channel)
    const drained = vi.fn<() => void>()
    channel.on('drain', drained)
    ;(hollow.channel as unknown as { onBufferDrain(): void }).onBufferDrain()
    expect(drained).toHaveBeenCalledTimes(1)
  })

  test('that is wrapped again has the latest options, and settles what it had before', async () => {
    const hollow = createHollow()
    const [older, newer] = [createRecording(), createRecording()]
    const first = traceChannel(hollow.channel, older.options)
    await first.consume('orders', () => {})
    hollow.deliver()
    const second = traceChannel(first, newer.options)
    second.sendToQueue('mails', CONTENT)
    second.ackAll()
    expect(older.recorder.spans.map(({ name }) => name)).toEqual(['process orders'])
    expect(newer.recorder.spans.map(({ name }) => name)).toEqual(['publish mails'])
  })

  test('keeps queues that end with their connection out of names', async () => {
    const hollow = createHollow()
    const { options, recorder } = createRecording()
    const channel: Channel = traceChannel(hollow.channel, options)
    await channel.assertQueue('replies-7', { exclusive: true })
    channel.sendToQueue('replies-7', CONTENT)
    expect(recorder.spans.map(({ name, attributes }) => [name, attributes['messaging.destination.name']])).toEqual([
      ['publish', 'replies-7'],
    ])
    expect(recorder.spans[0]?.attributes['messaging.destination.temporary']).toBe(true)
  })
})
