import type { Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib'
import { expect, test, vi } from 'vitest'
import { expectChild, linksOf } from '../src/contract/expectations.ts'
import { attemptOf, openSession } from './amqplib-session.ts'

const MESSAGES = 300
const PREFETCH = 50

/** What of amqplib's connection is the socket. */
const socketOf = (connection: ChannelModel): Socket => (connection.connection as unknown as { stream: Socket }).stream

test('a connection that dies in the middle loses nothing: every message is handled, and every redelivery is linked or unknown', async () => {
  await using session = await openSession(true)
  const queue = await session.queue({ arguments: { 'x-queue-type': 'quorum' } })
  for (let index = 0; index < MESSAGES; index++) {
    session.channel.sendToQueue(queue, Buffer.from(String(index)), { messageId: `m-${index}` })
  }

  const done = new Set<string>()
  let [running, most, handled] = [0, 0, 0]
  const work = async (channel: Channel, message: ConsumeMessage): Promise<void> => {
    running += 1
    most = Math.max(most, running)
    await setTimeout(Math.random() * 20)
    running -= 1
    handled += 1
    try {
      channel.ack(message)
      done.add(message.content.toString())
    } catch {
      // The connection is gone: the broker hands the message out again.
    }
  }
  const consume = async (connection: ChannelModel): Promise<void> => {
    const channel = await connection.createChannel()
    await channel.prefetch(PREFETCH)
    await channel.consume(queue, (message) => void (message !== null && work(channel, message)))
  }
  const doomed = await session.connect()
  await consume(doomed)
  await vi.waitFor(() => expect(handled).toBeGreaterThan(MESSAGES / 4), { timeout: 20_000, interval: 5 })
  socketOf(doomed).destroy(new Error('The network is gone'))
  const survivor = await session.connect()
  await consume(survivor)

  // An acknowledgement that the dying connection took may be lost, so the queue has the last word.
  await vi.waitFor(
    async () => {
      expect(done.size).toBe(MESSAGES)
      expect(await session.plain.checkQueue(queue)).toMatchObject({ messageCount: 0 })
      expect(running).toBe(0)
    },
    { timeout: 30_000, interval: 20 },
  )
  await survivor.close()
  const attempts = await session.attempts(queue, handled)
  expect(attempts).toHaveLength(handled)
  expect(most).toBeGreaterThan(1)

  const sends = new Map(
    session.recorder.spans
      .filter(({ kind }) => kind === 'producer')
      .map((send) => [send.attributes['messaging.message.id'], send]),
  )
  const redeliveries = attempts.filter((attempt) => attemptOf(attempt)['kind'] === 'redelivery')
  expect(redeliveries.length).toBeGreaterThan(0)
  expect(redeliveries.flatMap((attempt) => linksOf(attempt, 'previous_attempt')).length).toBeGreaterThan(0)
  expect(attempts.map((attempt) => attemptOf(attempt)['outcome'])).toContain('abandoned')
  for (const attempt of attempts) {
    expectChild(attempt, sends.get(attempt.attributes['messaging.message.id'])!)
    const { attempt: number, previous, outcome } = attemptOf(attempt)
    expect(['acked', 'abandoned']).toContain(outcome)
    const linked = linksOf(attempt, 'previous_attempt')
    const expected = number === 1 ? [0, undefined] : linked.length === 1 ? [1, undefined] : [0, 'unknown']
    expect([linked.length, previous]).toEqual(expected)
    for (const { spanId } of linked) {
      const before = attempts.find((other) => other.spanId === spanId)
      expect(before?.attributes['messaging.message.id']).toBe(attempt.attributes['messaging.message.id'])
    }
  }
})
