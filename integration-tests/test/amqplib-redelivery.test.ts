import type { Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib'
import { assertSpan, messageFacts, type RecordedSpan } from '@tracebaton/testing'
import { expect, test, vi } from 'vitest'
import { openSession } from './amqplib-session.ts'

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
  // With messages in hand: what was only acknowledged on a dying connection is no abandoned attempt.
  await vi.waitFor(() => expect(handled > MESSAGES / 4 && running > 0).toBe(true), { timeout: 20_000, interval: 5 })
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
      .map((send) => [messageFacts(send).messageId, send]),
  )
  const before = (attempt: RecordedSpan): RecordedSpan[] =>
    attempts.filter(({ spanId }) => attempt.links.some((link) => link.spanId === spanId))
  const redeliveries = attempts.filter((attempt) => messageFacts(attempt).deliveryKind === 'redelivery')
  expect(redeliveries.length).toBeGreaterThan(0)
  expect(redeliveries.flatMap(before).length).toBeGreaterThan(0)
  const abandoned = attempts.filter((attempt) => messageFacts(attempt).outcome === 'abandoned')
  expect(abandoned.length).toBeGreaterThan(0)
  for (const attempt of attempts) {
    const { attempt: number, messageId } = messageFacts(attempt)
    const previous = before(attempt)
    assertSpan(attempt, {
      parent: sends.get(messageId)!,
      links: { previous_attempt: number === 1 ? [] : previous },
      previousAttempt: number === 1 || previous.length === 1 ? undefined : 'unknown',
      outcome: (outcome) => outcome === 'acked' || outcome === 'abandoned',
    })
    for (const one of previous) assertSpan(one, { messageId })
  }
})
