import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import type { Connection } from 'amqplib/callback_api'
import { beforeAll, expect, test } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { createRecording } from '../../testing/test/recording.ts'
import { traceChannel, traceConnection } from '../src/index.ts'
import { createHollow, type Kinds } from './hollow.ts'

beforeAll(useContexts)

type Callback = (...answer: unknown[]) => void
type Calls = Readonly<Record<string, (callback: Callback) => unknown>>

const spanOf = (letter: string) => ({ traceId: letter.repeat(32), spanId: letter.repeat(16), traceFlags: 1 })

/** Runs something in the context of a request. */
const inRequest = <Result>(letter: string, work: () => Result): Result =>
  context.with(trace.setSpanContext(ROOT_CONTEXT, spanOf(letter)), work)

const request = (): string | undefined => trace.getSpanContext(context.active())?.traceId[0]

/** A client whose methods call back when the socket has read the answer, in the context of whoever opened the socket. */
function createAnswering(methods: readonly string[]): { readonly client: object; readonly answer: () => void } {
  const waiting: Callback[] = []
  const client = Object.fromEntries(
    methods.map((method) => [method, (...args: unknown[]) => void waiting.push(args.at(-1) as Callback)]),
  )
  return { client, answer: () => inRequest('a', () => waiting.splice(0).forEach((callback) => callback(null))) }
}

/** Calls each method in the context of another request than the socket's, and gives those whose callback ran elsewhere. */
function strayed(calls: Calls, answer: () => void): unknown {
  const seen = Object.entries(calls).map(([name, call]) => {
    let where: string | undefined = 'nowhere'
    inRequest('b', () => call(() => void (where = request())))
    answer()
    return [name, where] as const
  })
  return seen.filter(([, where]) => where !== 'b')
}

test.each([{}, { tracerProvider: createRecording().options.tracerProvider }])(
  'the callbacks of a channel run in the context of their call: %#',
  (options) => {
    const methods =
      'assertQueue checkQueue deleteQueue purgeQueue bindQueue unbindQueue assertExchange checkExchange deleteExchange ' +
      'bindExchange unbindExchange publish sendToQueue consume cancel get prefetch recover close waitForConfirms ack'
    const { client, answer } = createAnswering(methods.split(' '))
    const channel = traceChannel(client as Kinds['callback']['confirm'], options)
    const content = Buffer.from('order 1042')
    const calls: Calls = {
      assertQueue: (callback) => channel.assertQueue('orders', {}, callback),
      checkQueue: (callback) => channel.checkQueue('orders', callback),
      deleteQueue: (callback) => channel.deleteQueue('orders', {}, callback),
      purgeQueue: (callback) => channel.purgeQueue('orders', callback),
      bindQueue: (callback) => channel.bindQueue('orders', 'shop', 'a', {}, callback),
      unbindQueue: (callback) => channel.unbindQueue('orders', 'shop', 'a', {}, callback),
      assertExchange: (callback) => channel.assertExchange('shop', 'topic', {}, callback),
      checkExchange: (callback) => channel.checkExchange('shop', callback),
      deleteExchange: (callback) => channel.deleteExchange('shop', {}, callback),
      bindExchange: (callback) => channel.bindExchange('shop', 'all', 'a', {}, callback),
      unbindExchange: (callback) => channel.unbindExchange('shop', 'all', 'a', {}, callback),
      publish: (callback) => channel.publish('shop', 'a', content, {}, callback),
      sendToQueue: (callback) => channel.sendToQueue('orders', content, {}, callback),
      consume: (callback) => channel.consume('orders', () => {}, {}, callback),
      cancel: (callback) => channel.cancel('tag', callback),
      get: (callback) => channel.get('orders', {}, callback),
      recover: (callback) => channel.recover(callback),
      waitForConfirms: (callback) => channel.waitForConfirms(callback),
      close: (callback) => channel.close(callback),
    }
    expect(strayed(calls, answer)).toEqual([])
  },
)

test('the callbacks of a connection run in the context of their call', () => {
  const { client, answer } = createAnswering(['createChannel', 'createConfirmChannel', 'updateSecret', 'close'])
  const connection = traceConnection(client as Connection)
  const calls: Calls = {
    createChannel: (callback) => connection.createChannel(callback),
    createConfirmChannel: (callback) => connection.createConfirmChannel(callback),
    updateSecret: (callback) => connection.updateSecret(Buffer.from('new'), 'expired', callback),
    close: (callback) => connection.close(callback),
  }
  expect(strayed(calls, answer)).toEqual([])
})

test('a message is handled in its own context, wherever the consumer was made', async () => {
  const { options } = createRecording()
  const hollow = createHollow('callback')
  const channel = traceChannel(hollow.channel, options)
  const seen: unknown[] = []
  inRequest('b', () => channel.consume('orders', () => void seen.push(request())))
  await new Promise((resolve) => setImmediate(resolve))
  hollow.deliver({ headers: { traceparent: `00-${'c'.repeat(32)}-${'c'.repeat(16)}-01` } })
  channel.ackAll()
  expect(seen).toEqual(['c'])
})
