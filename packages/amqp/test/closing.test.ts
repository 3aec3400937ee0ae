import type { Channel, ConsumeMessage } from 'amqplib'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { attemptOf, createRecording } from '../../testing/test/recording.ts'
import { traceChannel } from '../src/index.ts'
import { createHollow } from './hollow.ts'

beforeAll(useContexts)

/** A traced channel on which some deliveries wait to be settled. */
async function setUp(unsettled = 3) {
  const hollow = createHollow()
  const recording = createRecording()
  const channel = traceChannel(hollow.channel, recording.options)
  const messages: ConsumeMessage[] = []
  await channel.consume('orders', (message) => void messages.push(message!))
  for (let count = 0; count < unsettled; count++) hollow.deliver()
  const endings = (): unknown[] =>
    recording.spans('process orders').map((span) => [attemptOf(span)['outcome'], span.status])
  return { ...recording, hollow, channel, messages, endings }
}

const ABANDONED = ['abandoned', 'unset']

describe('deliveries that nobody has settled are abandoned, which is no error', () => {
  test('when the channel is closed', async () => {
    const { channel, endings, recorder } = await setUp()
    const closing = channel.close()
    expect(endings()).toEqual([ABANDONED, ABANDONED, ABANDONED])
    await closing
    expect(recorder.open).toEqual([])
  })

  test('when a settlement finds the connection gone', async () => {
    const { channel, hollow, messages, endings } = await setUp()
    hollow.loseConnection()
    expect(() => channel.ack(messages[0]!)).toThrow('Channel closed')
    expect(endings()).toEqual([ABANDONED, ABANDONED, ABANDONED])
  })

  test('soon after the broker closed the channel, although nobody calls anything', async () => {
    const { channel, hollow, endings } = await setUp()
    channel.on('error', () => {})
    hollow.closeByBroker()
    await vi.waitFor(() => expect(endings()).toEqual([ABANDONED, ABANDONED, ABANDONED]), { timeout: 8_000 })
  })

  test('at the end of their handler, where that still runs', async () => {
    const { channel, hollow, recorder, span } = await setUp(0)
    let finish!: () => void
    const work = new Promise<void>((resolve) => {
      finish = resolve
    })
    await channel.consume('mails', async () => work)
    hollow.deliver({ queue: 'mails' })
    await channel.close()
    expect(recorder.open).toHaveLength(1)
    finish()
    await new Promise((resolve) => setImmediate(resolve))
    expect(attemptOf(span('process mails'))).toMatchObject({ outcome: 'abandoned', status: 'unset' })
  })
})

test('a message that comes again while its handlers still run counts on, and each attempt links the one before', async () => {
  const recording = createRecording()
  let finish!: () => void
  const work = new Promise<void>((resolve) => {
    finish = resolve
  })
  for (const redelivered of [false, true, true]) {
    const hollow = createHollow()
    const channel = traceChannel(hollow.channel, recording.options)
    // oxlint-disable-next-line no-await-in-loop -- one connection after the other
    await channel.consume('orders', async () => work)
    hollow.deliver({ fields: { redelivered }, properties: { messageId: 'again' } })
    hollow.loseConnection()
  }
  finish()
  await vi.waitFor(() => expect(recording.spans('process orders')).toHaveLength(3), { timeout: 8_000 })
  const attempts = recording.spans('process orders')
  expect(attempts.map((span) => attemptOf(span)['attempt'])).toEqual([1, 2, 3])
  expect(attempts.map(({ links }) => links.map(({ spanId }) => spanId))).toEqual([
    [],
    [attempts[0]!.spanId],
    [attempts[1]!.spanId],
  ])
})

describe('errors of the channel', () => {
  test('reach the caller’s own listener', async () => {
    const { channel, hollow } = await setUp()
    const errors: unknown[] = []
    channel.on('error', (error) => errors.push(error))
    hollow.closeByBroker()
    expect(errors.map(String)).toEqual([expect.stringContaining('PRECONDITION_FAILED')])
  })

  test('are thrown where nobody listens, which ends the process', async () => {
    const { hollow } = await setUp()
    expect(() => hollow.closeByBroker()).toThrow('PRECONDITION_FAILED')
  })
})

const counts = (channel: Channel): unknown[] => channel.eventNames().map((name) => [name, channel.listenerCount(name)])

const keys = (object: object): readonly PropertyKey[] => Reflect.ownKeys(object)

test('nobody of ours listens to the channel', async () => {
  const expected = counts(createHollow().channel)
  const { channel, hollow } = await setUp()
  expect(counts(hollow.channel)).toEqual(expected)
  expect(counts(channel)).toEqual(expected)
})

test('nothing of ours is put onto the channel or its messages', async () => {
  const plain = createHollow()
  await plain.channel.consume('orders', () => {})
  const { hollow, messages } = await setUp(1)
  expect(keys(hollow.channel)).toEqual(keys(plain.channel))
  expect(keys(messages[0]!)).toEqual(['fields', 'properties', 'content'])
  expect(keys(messages[0]!.properties)).toEqual(['messageId', 'headers'])
})
