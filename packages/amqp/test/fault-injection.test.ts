import type { Channel, ConsumeMessage, Message } from 'amqplib'
import type { TracingOptions } from '@tracebaton/core'
import { sweepSeams } from '../../core/test/sweep.ts'
import { deadLetter, traceChannel, traceHandler } from '../src/index.ts'
import { createHollow, type Hollow } from './hollow.ts'

const ERROR = Object.freeze(new Error('of the host'))
const CONTENT = Buffer.from('one')

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

const handle = (message: Message): string => message.content.toString()

interface Run {
  readonly channel: Channel
  readonly hollow: Hollow<Channel>
  readonly traced: boolean
}

/** Calls of a channel; each says what came of it in words that are the same with and without us. */
const sequences: Readonly<Record<string, (run: Run) => Promise<unknown>>> = {
  async 'a message from sending to settling'({ channel, hollow, traced }) {
    const written = [
      channel.publish('shop', 'a', CONTENT, { headers: { tenant: '7' } }),
      channel.sendToQueue('orders', CONTENT),
    ]
    const handled: unknown[] = []
    const { consumerTag } = await channel.consume('orders', async (message) => {
      handled.push((traced ? traceHandler(handle) : handle)(message!))
      channel.ack(message!)
    })
    hollow.deliver({ headers: { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` } })
    hollow.deliver()
    channel.nackAll()
    await turn()
    return [written, consumerTag, handled, hollow.published.map(({ headers }) => headers['tenant']), hollow.settled]
  },
  async 'messages that are asked for'({ channel, hollow }) {
    hollow.put()
    const first = await channel.get('orders')
    const second = await channel.get('orders')
    channel.reject(first as Message, false)
    return [(first as Message).content.toString(), second, hollow.settled]
  },
  async 'a handler that throws'({ channel, hollow }) {
    const reported: unknown[] = []
    channel.on('handler-error', (error) => reported.push(error === ERROR))
    await channel.consume('orders', () => {
      throw ERROR
    })
    hollow.deliver()
    await turn()
    await channel.recover()
    return reported
  },
  async 'calls that fail'({ channel, hollow }) {
    hollow.loseConnection()
    const calls = [
      () => channel.publish('shop', 'a', CONTENT),
      () => channel.ack({ fields: { deliveryTag: 1 } } as ConsumeMessage),
      () => channel.ackAll(),
      () => channel.get('orders'),
      () => channel.consume('orders', () => {}),
      () => channel.close(),
    ]
    // oxlint-disable-next-line typescript/await-thenable -- some throw at once
    const settled = await Promise.allSettled(calls.map(async (call) => await call()))
    return settled.map((one) => (one.status === 'rejected' ? String(one.reason) : one.value))
  },
  async 'a message that is moved'({ channel, hollow, traced }) {
    const messages: ConsumeMessage[] = []
    await channel.consume('orders', (message) => void messages.push(message!))
    hollow.deliver()
    if (traced) await deadLetter(channel, messages[0]!, { to: 'dead', error: ERROR })
    else channel.sendToQueue('dead', messages[0]!.content, messages[0]!.properties)
    await channel.close()
    return hollow.published.map(({ routingKey, content }) => [routingKey, content.toString()])
  },
}

/** The sequence on a plain channel, or on a traced one. */
const played = (sequence: (run: Run) => Promise<unknown>) => async (options: TracingOptions | undefined) => {
  const hollow = createHollow()
  const channel = options === undefined ? hollow.channel : traceChannel(hollow.channel, options)
  const seen = await sequence({ channel, hollow, traced: options !== undefined })
  if (options !== undefined) await channel.close().catch(() => {})
  return seen
}

sweepSeams(
  'a channel',
  Object.fromEntries(Object.entries(sequences).map(([name, sequence]) => [name, played(sequence)])),
)
