import { context, trace } from '@opentelemetry/api'
import type { Channel, ConsumeMessage } from 'amqplib'
import { beforeAll, describe, expect, test } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { attemptOf, createRecording } from '../../testing/test/recording.ts'
import { traceChannel } from '../src/index.ts'
import { createHollow } from './hollow.ts'

beforeAll(useContexts)

type Handler = (message: ConsumeMessage | null) => void

/** What amqp-connection-manager calls the channel that it works on. */
const OWN = '_channel'

/** A channel as a library manages it: it hands all on to a channel of the client, another one after each connect. */
class Managed {
  [OWN]: Channel | undefined
  readonly published: { readonly content: unknown; readonly options: { headers?: object } }[] = []
  readonly #handlers: (readonly [queue: string, handler: Handler])[] = []

  async connect(channel: Channel): Promise<void> {
    this[OWN] = channel
    for (const [queue, handler] of this.#handlers) await channel.consume(queue, handler)
  }
  async publish(_exchange: string, _key: string, content: unknown, options: object = {}): Promise<boolean> {
    this.published.push({ content, options })
    return true
  }
  sendToQueue(queue: string, content: unknown, options?: object): Promise<boolean> {
    return this.publish('', queue, content, options)
  }
  async consume(queue: string, handler: Handler): Promise<void> {
    this.#handlers.push([queue, handler])
    await this[OWN]?.consume(queue, handler)
  }
  ack = (message: ConsumeMessage, allUpTo?: boolean): void => this[OWN]?.ack(message, allUpTo)
  ackAll = (): void => this[OWN]?.ackAll()
  nack = (message: ConsumeMessage): void => this[OWN]?.nack(message)
}

/** A traced one, on a channel of the client that may be traced as well. */
async function setUp(inner: 'bare' | 'traced') {
  const recording = createRecording()
  const managed = new Managed()
  const channel = traceChannel(managed as never as Channel, recording.options)
  const messages: ConsumeMessage[] = []
  await channel.consume('orders', (message) => void messages.push(message!))
  const connect = async () => {
    const hollow = createHollow()
    await managed.connect(inner === 'traced' ? traceChannel(hollow.channel, recording.options) : hollow.channel)
    return hollow
  }
  const outcomes = () => recording.spans('process orders').map((span) => attemptOf(span)['outcome'])
  return { ...recording, managed, channel, messages, connect, outcomes }
}

describe.each(['bare', 'traced'] as const)('a managed channel on a %s one', (inner) => {
  test('has one span of a publish, which the client’s channel gets later', async () => {
    const { channel, connect, managed, spans, failures } = await setUp(inner)
    channel.sendToQueue('mails', Buffer.from('mail'))
    await connect()
    const [{ content, options } = { content: undefined, options: {} }] = managed.published
    managed[OWN]?.publish('', 'mails', content as Buffer, { ...options })
    expect(spans('publish mails')).toHaveLength(1)
    expect(failures).toEqual([])
  })

  test('has an attempt for each message, settled where the message came by', async () => {
    const { channel, connect, messages, outcomes, recorder, failures } = await setUp(inner)
    const first = await connect()
    first.deliver()
    first.loseConnection()
    const second = await connect()
    second.deliver()
    second.deliver()
    expect(messages.map(({ fields }) => fields.deliveryTag)).toEqual([1, 1, 2])
    channel.ack(messages[1]!)
    channel.nack(messages[2]!)
    expect(outcomes()).toEqual(['acked', 'requeued'])
    second.deliver({ fields: { redelivered: true } })
    expect(outcomes()).toEqual(['acked', 'requeued', 'abandoned'])
    channel.ackAll()
    expect(outcomes()).toEqual(['acked', 'requeued', 'abandoned', 'acked'])
    expect(recorder.open).toEqual([])
    expect(failures).toEqual([])
  })
})

test('a managed channel traces a publish of any content, in the context in which it is asked for', async () => {
  const { channel, managed, span, failures } = await setUp('bare')
  const publisher = channel as never as Managed
  const request = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 }
  await context.with(trace.setSpanContext(context.active(), request), async () => {
    await publisher.sendToQueue('one', 'text')
    await publisher.sendToQueue('two', { order: 1 })
    await publisher.publish('', 'three', undefined)
  })
  expect(managed.published.map(({ content }) => content)).toEqual(['text', { order: 1 }, undefined])
  for (const { options } of managed.published) expect(options.headers).toHaveProperty('traceparent')
  for (const name of ['one', 'two', 'three']) expect(span(`publish ${name}`).traceId).toBe(request.traceId)
  expect(failures).toEqual([])
})
