import type { ConsumeMessage } from 'amqplib'
import { beforeAll, describe, expect, test } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { attemptOf, createRecording } from '../../testing/test/recording.ts'
import { deadLetter, retryLater, traceChannel, traceHandler } from '../src/index.ts'
import { createHollow } from './hollow.ts'

beforeAll(useContexts)

const CONTEXT = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
const noStock = new RangeError('no stock')

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

type Clone = (message: ConsumeMessage) => ConsumeMessage

const clones: readonly (readonly [string, Clone])[] = [
  [
    'by a spread',
    (message) => ({
      ...message,
      properties: { ...message.properties, headers: { ...message.properties.headers, tries: 3 } },
    }),
  ],
  [
    'in depth',
    ({ content, fields, properties }) => ({ content, fields: { ...fields }, properties: structuredClone(properties) }),
  ],
]

/** A traced consumer of `orders` that handles one message, and acknowledges it. */
async function consume(handle: (message: ConsumeMessage) => unknown, settle = true) {
  const hollow = createHollow()
  const recording = createRecording()
  const channel = traceChannel(hollow.channel, recording.options)
  await channel.consume('orders', async (message) => {
    await handle(message!)
    if (settle) channel.ack(message!)
  })
  hollow.deliver({ headers: { traceparent: CONTEXT } })
  await turn()
  return { ...recording, hollow, channel }
}

describe('a handler of a message inside its consumer', () => {
  const inner = traceHandler<ConsumeMessage, [], Promise<void>>(() => turn())
  const calls: readonly (readonly [string, (message: ConsumeMessage) => unknown])[] = [
    ['called once', (message) => inner(message)],
    [
      'called three times in sequence',
      async (message) => {
        await inner(message)
        await inner(message)
        await inner(message)
      },
    ],
    ['called twice at once', (message) => Promise.all([inner(message), inner(message)])],
    ...clones.map(
      ([how, clone]) => [`called with a clone, ${how}`, (message: ConsumeMessage) => inner(clone(message))] as const,
    ),
  ]

  test.each(calls)('is a part of the attempt: %s', async (_, call) => {
    const { spans, failures } = await consume(call)
    await turn()
    await turn()
    expect(spans('process orders').map((span) => attemptOf(span)['attempt'])).toEqual([1])
    expect(failures).toEqual([])
  })

  test('is another attempt where the first has ended', async () => {
    let message!: ConsumeMessage
    const { spans } = await consume((one) => void (message = one))
    await inner(message)
    expect(spans('process orders').map((span) => attemptOf(span)['attempt'])).toEqual([1, 2])
  })

  test('around another one, of a message that no traced channel handed over, is one attempt', () => {
    const { options, spans } = createRecording()
    const message = {
      content: Buffer.alloc(0),
      fields: { deliveryTag: 1, redelivered: false, exchange: '', routingKey: 'orders' },
      properties: { headers: {} },
    }
    const other = { ...message, fields: { ...message.fields } }
    const handle = traceHandler(() => {}, { ...options, queue: 'orders' })
    const outer = traceHandler(
      (one: typeof message) => {
        handle(one)
        handle({ ...one })
        // The first of another channel.
        handle(other)
      },
      { ...options, queue: 'orders' },
    )
    outer(message)
    expect(spans('process orders').map((span) => attemptOf(span)['attempt'])).toEqual([1, 1])
  })
})

describe.each(clones)('a clone of a message, made %s', (_, clone) => {
  test('is moved as the message', async () => {
    const elsewhere = createHollow()
    const { span } = await consume((message) =>
      deadLetter(elsewhere.channel, clone(message), { to: 'dead', error: noStock }),
    )
    const attempt = span('process orders')
    expect(attempt).toMatchObject({ status: 'error', attributes: { 'tracebaton.delivery.outcome': 'dead_lettered' } })
    const [copy] = elsewhere.published
    expect(copy?.headers['tracebaton']).toContain(attempt.spanId)
    expect(copy?.headers['tracebaton-original-consumer']).toBe('orders')
  })

  test('is moved as the message after the handler, on the channel that it waits on', async () => {
    let message!: ConsumeMessage
    const { channel, hollow, span } = await consume((one) => void (message = one), false)
    await retryLater(channel, clone(message))
    channel.ack(clone(message))
    const attempt = span('process orders')
    expect(attemptOf(attempt)).toMatchObject({ outcome: 'retry_scheduled' })
    expect(hollow.published[0]).toMatchObject({ routingKey: 'orders' })
    expect(hollow.published[0]?.headers['tracebaton']).toContain(attempt.spanId)
  })

  test.each([
    ['a tag', { deliveryTag: 2 }, {}],
    ['a routing key', { routingKey: 'mails' }, {}],
    ['a message id', {}, { messageId: 'm-2' }],
    ['a correlation id', {}, { correlationId: 'c-2' }],
    ['a context', {}, { headers: { traceparent: CONTEXT.replaceAll('b', 'c') } }],
  ])('with another value of this is another message: %s', async (__, fields, properties) => {
    const elsewhere = createHollow()
    const moves: Promise<unknown>[] = []
    await consume((message) => {
      const one = clone(message)
      const other = { ...one, fields: { ...one.fields, ...fields }, properties: { ...one.properties, ...properties } }
      moves.push(retryLater(elsewhere.channel, other))
      return Promise.allSettled(moves)
    })
    await expect(moves[0]).rejects.toMatchObject({ code: 'ERR_TRACEBATON_DESTINATION' })
  })
})

test('the handler has the name, the number of parameters and the properties of the one that is wrapped', () => {
  const handler = Object.assign(function charge(_message: ConsumeMessage, _more: unknown) {}, { pattern: 'orders' })
  const handle = traceHandler(handler)
  expect([handle.name, handle.length, Reflect.get(handle, 'pattern')]).toEqual(['charge', 2, 'orders'])
})
