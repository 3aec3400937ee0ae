import type { OnError } from '@tracebaton/core'
import { describe, expect, test, vi } from 'vitest'
import { expectGivenBack, expectRefusal, type Wrap } from '../../testing/test/misfits.ts'
import { traceHandler } from '../src/consumer.ts'
import { deadLetter, redrive, retryLater } from '../src/dead-letter.ts'
import { traceChannel, traceConnection } from '../src/trace.ts'

const connection = {
  createChannel: async () => undefined,
  createConfirmChannel: async () => undefined,
  close: async () => {},
}
const channel = { publish: () => true, sendToQueue: () => true, consume: async () => {}, ack: () => {} }

describe('what does not fit comes back as it is, and is named', () => {
  test.each<[string, Wrap, unknown, string]>([
    [
      'a promise of a connection',
      traceConnection,
      Promise.resolve(connection),
      'a promise, which is not traced: await it first',
    ],
    [
      'a promise of a channel',
      traceChannel,
      Promise.resolve(channel),
      'a promise, which is not traced: await it first',
    ],
    ['a channel', traceConnection, channel, 'use traceChannel'],
    ['a connection', traceChannel, connection, 'use traceConnection'],
    ['what `connect` of the callback API gives', traceConnection, undefined, 'it takes a connection of amqplib'],
    ['an address', traceConnection, 'amqp://localhost', 'it takes a connection of amqplib'],
    [
      'a connection of rabbitmq-client',
      traceConnection,
      { acquire: () => {}, createPublisher: () => {} },
      'a client of rabbitmq-client, which is not traced yet',
    ],
    [
      'a channel of rabbitmq-client',
      traceChannel,
      { basicPublish: () => {}, basicConsume: () => {} },
      'a client of rabbitmq-client, which is not traced yet',
    ],
    ['a connection of another client', traceConnection, { open_sender: () => {} }, 'it takes a connection of amqplib'],
    ['no handler', traceHandler, null, 'it takes a function'],
  ])('%s', (_, wrap, given, advice) => {
    expectGivenBack(wrap, given, advice)
  })

  test('no password of an address is told', () => {
    const onError = vi.fn<OnError>()
    traceConnection('amqp://guest:secret@localhost' as never, { onError })
    expect(String(onError.mock.calls[0]?.[0])).not.toContain('secret')
  })
})

describe('a helper that is given something else than it takes rejects', () => {
  test.each([
    ['a connection', () => retryLater(connection as never, {} as never), 'a channel first'],
    [
      'the content',
      () => deadLetter(channel as never, Buffer.from('order') as never, { to: 'dead' }),
      'a received message second',
    ],
    ['the null of a cancelled consumer', () => redrive(channel as never, null as never), 'a received message second'],
  ])('%s', async (_, call, takes) => {
    await expectRefusal(call, takes)
  })
})
