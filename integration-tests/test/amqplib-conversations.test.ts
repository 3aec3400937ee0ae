import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { connect, type Channel, type ChannelModel, type ConsumeMessage } from 'amqplib'
import * as callbackApi from 'amqplib/callback_api'
import { traceConnection, traceHandler } from '@tracebaton/amqp'
import { assertSpan, assertSpans, type RecordedSpan } from '@tracebaton/testing'
import { describe, expect, inject, test, vi } from 'vitest'
import { only } from '../src/contract/expectations.ts'
import { openSession, type Session } from './amqplib-session.ts'

const CONTENT = Buffer.from('order 1042')

/** A server that answers each request to where it asks, and a client that asks once. */
async function converse(session: Session, replies: (channel: Channel) => Promise<string>, noAck: boolean) {
  const { connection, channel, provider } = session
  const requests = await session.queue()
  const server = await connection.createChannel()
  await server.consume(requests, (message) => {
    const { replyTo, correlationId } = message!.properties as { replyTo: string; correlationId: string }
    server.sendToQueue(replyTo, Buffer.from('price 7'), { correlationId })
    server.ack(message!)
  })
  const replyTo = await replies(channel)
  const correlationId = randomUUID()
  const answered = new Promise<ConsumeMessage>((resolve) => {
    void channel.consume(
      replyTo,
      (message) => {
        if (!noAck) channel.ack(message!)
        resolve(message!)
      },
      { noAck },
    )
  })
  await provider.getTracer('application').startActiveSpan('ask', async (span) => {
    channel.sendToQueue(requests, CONTENT, { replyTo, correlationId })
    expect((await answered).content.toString()).toBe('price 7')
    span.end()
  })
  return { requests, correlationId }
}

describe.each<[string, (channel: Channel) => Promise<string>, boolean]>([
  [
    'in a queue that the broker names',
    async (channel) => (await channel.assertQueue('', { exclusive: true })).queue,
    false,
  ],
  ['directly', async () => 'amq.rabbitmq.reply-to', true],
])('a request that is answered %s', (_, replies, noAck) => {
  test('is one trace: the call, its handling, the reply and the handling of that', async () => {
    await using session = await openSession(true)
    const { requests, correlationId } = await converse(session, replies, noAck)
    await session.recorder.until((spans) => spans.filter(({ kind }) => kind === 'consumer').length === 2, {
      timeout: 20_000,
    })
    const { spans } = session.recorder
    const at = (is: (span: RecordedSpan) => boolean): RecordedSpan => only(spans.filter(is))
    const ask = at(({ name }) => name === 'ask')
    const call = at(({ name }) => name === `publish ${requests}`)
    const handling = at(({ name }) => name === `process ${requests}`)
    // Queues for replies have no place in names.
    const reply = at(({ name }) => name === 'publish')
    const answer = at(({ name }) => name === 'process')
    const chain = [ask, call, handling, reply, answer]
    assertSpans(
      chain.slice(1),
      chain.slice(0, -1).map((parent) => ({ parent, conversationId: correlationId })),
    )
    for (const span of [reply, answer]) assertSpan(span, { attributes: { 'messaging.destination.temporary': true } })
    assertSpan(answer, { attempt: 1, outcome: 'acked' })
  })
})

test('two connections to one broker say that it is one, by the name of its cluster', async () => {
  await using session = await openSession(true)
  const clusters = [session.connection, await session.connect()].map(({ connection }) => {
    const { cluster_name: name } = connection.serverProperties as { readonly cluster_name?: unknown }
    return name
  })
  expect(clusters).toEqual([expect.stringMatching(/./), clusters[0]])
})

test('a message goes through the callback API as through the other one', async () => {
  await using session = await openSession(true)
  const queue = await session.queue()
  const bare = await new Promise<callbackApi.Connection>((resolve, reject) => {
    callbackApi.connect(inject('brokers').rabbitmq, (error, opened) => (error ? reject(error) : resolve(opened)))
  })
  const connection = traceConnection(bare, { tracerProvider: session.provider })
  const channel = await new Promise<callbackApi.ConfirmChannel>((resolve) => {
    connection.createConfirmChannel((_, opened) => resolve(opened))
  })
  const body = await new Promise<string>((resolve) => {
    channel.prefetch(1)
    channel.consume(queue, (message) => {
      channel.ack(message!)
      resolve(message!.content.toString())
    })
    channel.sendToQueue(queue, CONTENT, { messageId: 'm-1' }, () => {})
  })
  expect(body).toBe('order 1042')
  await new Promise((resolve) => channel.waitForConfirms(resolve))
  await new Promise((resolve) => channel.close(resolve))
  await new Promise((resolve) => connection.close(resolve))
  const [attempt] = await session.attempts(queue, 1)
  assertSpan(attempt, { parent: only(session.recorder.spans.filter(({ name }) => name === `publish ${queue}`)) })
})

describe('a connection that reconnects', () => {
  test('is traced in its setup, and again after each reconnect; what was unsettled is abandoned and comes again', async () => {
    await using session = await openSession(true)
    const options = { tracerProvider: session.provider }
    const queue = await session.queue()
    let bare!: ChannelModel
    let unsettled = true
    const recovering = traceConnection(
      await connect(inject('brokers').rabbitmq, {
        recovery: {
          initialDelay: 10,
          async setup(model: ChannelModel) {
            bare = model
            const channel = await traceConnection(model, options).createChannel()
            const handle = traceHandler(() => {})
            await channel.consume(queue, (message) => {
              handle(message!)
              if (!unsettled) channel.ack(message!)
            })
          },
        },
      }),
      options,
    )
    recovering.on('error', () => {})
    const first = await recovering.createConfirmChannel()
    first.sendToQueue(queue, CONTENT, { messageId: 'm-1' })
    await first.waitForConfirms()
    await vi.waitFor(() => expect(session.recorder.open).toHaveLength(1), { timeout: 20_000 })
    unsettled = false
    const disconnected = new Promise((resolve) => recovering.once('disconnect', resolve))
    const socket = (bare.connection as unknown as { stream: Socket }).stream
    socket.destroy(new Error('The network is gone'))
    await disconnected

    const second = await recovering.createConfirmChannel()
    second.sendToQueue(queue, CONTENT, { messageId: 'm-2' })
    await second.waitForConfirms()
    const attempts = await session.attempts(queue, 3)
    await recovering.close()
    const ofFirst = attempts.filter(({ attributes }) => attributes['messaging.message.id'] === 'm-1')
    assertSpans(ofFirst, [
      { attempt: 1, deliveryKind: 'first', outcome: 'abandoned', status: 'unset' },
      { attempt: 2, deliveryKind: 'redelivery', outcome: 'acked', links: { previous_attempt: [ofFirst[0]!] } },
    ])
    const sends = session.recorder.spans.filter(({ kind }) => kind === 'producer')
    for (const attempt of attempts)
      assertSpan(attempt, { parent: only(sends.filter(({ traceId }) => traceId === attempt.traceId)) })
  })
})
