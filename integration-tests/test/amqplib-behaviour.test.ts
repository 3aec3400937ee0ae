import { once } from 'node:events'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { IllegalOperationError, type Channel, type ConsumeMessage } from 'amqplib'
import { describe, expect, inject, test, vi } from 'vitest'
import { openSession } from './amqplib-session.ts'

const CONTENT = Buffer.from('order 1042')

/** Notes what a channel says on its own, and keeps it from ending the process. */
function listenTo(channel: Channel): string[] {
  const heard: string[] = []
  channel.on('error', (error) => heard.push(`error ${(error as Error & { code: number }).code}`))
  channel.on('close', () => heard.push('close'))
  return heard
}

// The same program, with tracing and without: it must not be able to tell.
describe.each([
  ['on', true],
  ['off', false],
])('amqplib with tracing %s', (_, traced) => {
  describe('publishing', () => {
    test('says when the buffer is full, and when it has drained', async () => {
      await using session = await openSession(traced)
      const queue = await session.queue()
      const channel = await session.connection.createChannel({ highWaterMark: 2 })
      let [sent, drained] = [0, 0]
      channel.on('drain', () => (drained += 1))
      while (channel.sendToQueue(queue, CONTENT)) sent += 1
      expect(sent).toBeLessThan(10)
      expect(channel.sendToQueue(queue, CONTENT)).toBe(false)
      await vi.waitFor(() => expect(drained).toBe(1), { timeout: 20_000 })
      expect(channel.sendToQueue(queue, CONTENT)).toBe(true)
      await vi.waitFor(async () => expect((await session.plain.checkQueue(queue)).messageCount).toBe(sent + 3))
      await channel.close()
    })

    test('keeps properties and headers as they were given', async () => {
      await using session = await openSession(traced)
      const queue = await session.queue()
      const headers = {
        text: 'ü',
        bytes: Buffer.from([1, 2]),
        list: ['a', 1],
        nested: { deep: true },
        nothing: null,
        count: 7,
      }
      const properties = {
        contentType: 'text/plain',
        priority: 3,
        correlationId: 'c',
        replyTo: 'r',
        messageId: 'm',
        type: 't',
      }
      session.channel.publish('', queue, CONTENT, { ...properties, persistent: true, headers, CC: [queue] })
      const message = await session.next(session.plain, queue)
      expect(message.content).toEqual(CONTENT)
      expect(message.properties).toMatchObject({ ...properties, deliveryMode: 2 })
      expect(message.properties.headers).toMatchObject(headers)
    })

    test('is confirmed to its callback, and refused to it', async () => {
      await using session = await openSession(traced)
      const full = await session.queue({ maxLength: 1, overflow: 'reject-publish' })
      const channel = await session.connection.createConfirmChannel()
      const answers = await Promise.all(
        [1, 2, 3].map(
          () =>
            new Promise<unknown[]>((resolve) => channel.sendToQueue(full, CONTENT, {}, (...answer) => resolve(answer))),
        ),
      )
      expect(answers).toEqual([[null], [new Error('message nacked')], [new Error('message nacked')]])
      channel.sendToQueue(full, CONTENT)
      await expect(channel.waitForConfirms()).rejects.toThrow('message nacked')
      await channel.waitForConfirms()
      await channel.close()
    })

    test('gets back what cannot be routed', async () => {
      await using session = await openSession(traced)
      const returned = once(session.channel, 'return')
      session.channel.publish('', 'no such queue', CONTENT, { mandatory: true, messageId: 'lost' })
      const [message] = (await returned) as [ConsumeMessage]
      expect(message).toMatchObject({ content: CONTENT, properties: { messageId: 'lost' } })
      expect(message.fields).toMatchObject({ replyCode: 312, routingKey: 'no such queue' })
    })

    test('to an exchange that is not there closes the channel, whose confirms fail', async () => {
      await using session = await openSession(traced)
      const channel = await session.connection.createConfirmChannel()
      const heard = listenTo(channel)
      const refused = new Promise((resolve) => channel.publish('no such exchange', 'a', CONTENT, {}, resolve))
      expect(await refused).toEqual(new Error('channel closed'))
      await vi.waitFor(() => expect(heard).toEqual(['error 404', 'close']))
      expect(() => channel.publish('', 'a', CONTENT)).toThrow(IllegalOperationError)
    })
  })

  describe('consuming', () => {
    test('answers with a tag, and stops when that is cancelled', async () => {
      await using session = await openSession(traced)
      const queue = await session.queue()
      const bodies: string[] = []
      const handler = (message: ConsumeMessage | null): void => {
        bodies.push(message!.content.toString())
        session.channel.ack(message!)
      }
      const { consumerTag } = await session.channel.consume(queue, handler, { consumerTag: 'mine' })
      expect(consumerTag).toBe('mine')
      session.plain.sendToQueue(queue, Buffer.from('one'))
      await vi.waitFor(() => expect(bodies).toEqual(['one']))
      expect(await session.channel.cancel('mine')).toEqual({ consumerTag: 'mine' })
      session.plain.sendToQueue(queue, Buffer.from('two'))
      expect((await session.next(session.plain, queue)).content.toString()).toBe('two')
      expect(bodies).toEqual(['one'])
    })

    test('has no more messages at a time than prefetch says', async () => {
      await using session = await openSession(traced)
      const queue = await session.queue()
      await session.channel.prefetch(3)
      for (let count = 0; count < 7; count++) session.plain.sendToQueue(queue, CONTENT)
      const held: ConsumeMessage[] = []
      await session.channel.consume(queue, (message) => void held.push(message!))
      await vi.waitFor(() => expect(held).toHaveLength(3))
      session.channel.ack(held[1]!)
      await vi.waitFor(() => expect(held).toHaveLength(4))
      session.channel.ack(held[3]!, true)
      await vi.waitFor(() => expect(held).toHaveLength(7))
      session.channel.ackAll()
      await vi.waitFor(async () => expect((await session.plain.checkQueue(queue)).messageCount).toBe(0))
    })

    test('gets null when the queue is deleted', async () => {
      await using session = await openSession(traced)
      const queue = await session.queue()
      const given: unknown[] = []
      await session.channel.consume(queue, (message) => void given.push(message))
      await session.plain.deleteQueue(queue)
      await vi.waitFor(() => expect(given).toEqual([null]))
    })

    test('refuses a second exclusive consumer', async () => {
      await using session = await openSession(traced)
      const queue = await session.queue()
      await session.channel.consume(queue, () => {}, { exclusive: true })
      const other = await session.connection.createChannel()
      const heard = listenTo(other)
      await expect(other.consume(queue, () => {})).rejects.toThrow('ACCESS_REFUSED')
      await vi.waitFor(() => expect(heard).toEqual(['error 403', 'close']))
    })

    test('tells of a handler that throws, with the very error', async () => {
      await using session = await openSession(traced)
      const queue = await session.queue()
      const error = new RangeError('no stock')
      const told = once(session.channel, 'handler-error')
      await session.channel.consume(queue, () => {
        throw error
      })
      session.plain.sendToQueue(queue, CONTENT)
      expect(await told).toEqual([error, 'delivery'])
      session.channel.nackAll(false)
    })

    test('hands out again what was given back, and what was recovered', async () => {
      await using session = await openSession(traced)
      const queue = await session.queue()
      session.plain.sendToQueue(queue, CONTENT)
      const redelivered: boolean[] = []
      await session.channel.consume(queue, (message) => {
        redelivered.push(message!.fields.redelivered)
        if (redelivered.length === 1) session.channel.nack(message!)
        if (redelivered.length === 3) session.channel.ack(message!)
      })
      await vi.waitFor(() => expect(redelivered).toEqual([false, true]))
      expect(await session.channel.recover()).toEqual({})
      await vi.waitFor(() => expect(redelivered).toEqual([false, true, true]))
    })
  })

  test('asking gives messages one by one, and false', async () => {
    await using session = await openSession(traced)
    const queue = await session.queue()
    for (const body of ['one', 'two']) session.plain.sendToQueue(queue, Buffer.from(body))
    await vi.waitFor(async () => expect((await session.plain.checkQueue(queue)).messageCount).toBe(2))
    const first = await session.channel.get(queue)
    expect(first).toMatchObject({ content: Buffer.from('one'), fields: { messageCount: 1, routingKey: queue } })
    expect(await session.channel.get(queue, { noAck: true })).toMatchObject({ fields: { messageCount: 0 } })
    expect(await session.channel.get(queue)).toBe(false)
    session.channel.ack(first as ConsumeMessage & typeof first)
  })

  describe('errors', () => {
    test('of a settlement that makes no sense close the channel, and reach its listeners', async () => {
      await using session = await openSession(traced)
      const queue = await session.queue()
      session.plain.sendToQueue(queue, CONTENT)
      const heard = listenTo(session.channel)
      const [message] = await session.take(session.channel, queue, 1)
      session.channel.ack(message!)
      session.channel.ack(message!)
      await vi.waitFor(() => expect(heard).toEqual(['error 406', 'close']))
      expect(() => session.channel.ack(message!)).toThrow('Channel closed')
    })

    test('of a question reject it, and close the channel', async () => {
      await using session = await openSession(traced)
      const heard = listenTo(session.channel)
      await expect(session.channel.checkQueue('no such queue')).rejects.toThrow('NOT_FOUND')
      await vi.waitFor(() => expect(heard).toEqual(['error 404', 'close']))
    })

    test('to which nobody listens end the process', async () => {
      const program = fileURLToPath(new URL('../src/adapters/programs/amqp-crash.js', import.meta.url))
      const ended = await new Promise<{ code: unknown; output: string }>((resolve) => {
        execFile(process.execPath, [program, inject('brokers').rabbitmq, String(traced)], (error, stdout, stderr) =>
          resolve({ code: error?.code, output: stdout + stderr }),
        )
      })
      expect(ended).toEqual({
        code: 1,
        output: expect.stringMatching(/^started\n[^]*Error: Channel closed by server: 406/),
      })
    })
  })

  test('closing a channel, and then the connection, is told once', async () => {
    await using session = await openSession(traced)
    const connection = await session.connect()
    const heard: string[] = []
    const channel = await connection.createChannel()
    channel.on('close', () => heard.push('channel'))
    connection.on('close', () => heard.push('connection'))
    await channel.close()
    await expect(channel.close()).rejects.toThrow('Channel closed')
    await connection.close()
    await expect(connection.close()).rejects.toThrow('Connection closed')
    expect(heard).toEqual(['channel', 'connection'])
  })
})
