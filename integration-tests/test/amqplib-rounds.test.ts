import { deadLetter, retryLater, traceHandler } from '@tracebaton/amqp'
import type { RecordedSpan } from '@tracebaton/testing'
import type { ConsumeMessage } from 'amqplib'
import { expect, test } from 'vitest'
import { expectLinks } from '../src/contract/expectations.ts'
import { attemptOf, openSession, type Session } from './amqplib-session.ts'

const TYPES = ['classic', 'quorum']

/** A queue whose rejected messages wait for so many ms in another one, and come back. */
async function openRound(session: Session, type: string, wait: number): Promise<string> {
  const { plain } = session
  const waiting = await session.queue()
  const options = { deadLetterExchange: '', arguments: { 'x-queue-type': type } }
  const queue = await session.queue({ ...options, deadLetterRoutingKey: waiting })
  await plain.deleteQueue(waiting)
  await plain.assertQueue(waiting, { ...options, deadLetterRoutingKey: queue, messageTtl: wait })
  return queue
}

async function receive(session: Session, queue: string): Promise<ConsumeMessage> {
  const [message] = await session.take(session.channel, queue, 1)
  return message!
}

async function reject(session: Session, queue: string): Promise<void> {
  session.channel.nack(await receive(session, queue), false, false)
}

async function accept(session: Session, queue: string): Promise<void> {
  session.channel.ack(await receive(session, queue))
}

/** The attempts have these numbers, and link the one before: the one at the same position of the second list, if any. */
function expectAttempts(
  attempts: readonly RecordedSpan[],
  expected: readonly object[],
  previous: readonly (RecordedSpan | undefined)[],
): void {
  expect(attempts.map((attempt) => attemptOf(attempt))).toMatchObject(expected)
  attempts.forEach((attempt, index) => {
    const before = previous[index]
    expectLinks(attempt, 'previous_attempt', before === undefined ? [] : [before])
  })
}

test.each(TYPES)('a message without an id counts on when the broker brings a retry copy round: %s', async (type) => {
  await using session = await openSession(true)
  const queue = await openRound(session, type, 100)
  session.channel.sendToQueue(queue, Buffer.from('order 1042'))
  const first = await receive(session, queue)
  await retryLater(session.channel, first)
  session.channel.ack(first)
  await reject(session, queue)
  await reject(session, queue)
  await accept(session, queue)
  const attempts = await session.attempts(queue, 4)
  expectAttempts(
    attempts,
    [
      { attempt: 1, kind: 'first' },
      { attempt: 2, kind: 'immediate', source: 'field' },
      { attempt: 3, kind: 'delayed', source: 'broker', previous: 'unknown' },
      { attempt: 4, kind: 'delayed', source: 'broker', previous: 'unknown' },
    ],
    [undefined, attempts[0]],
  )
})

test.each(TYPES)('a dead letter without an id counts on when the broker brings it round: %s', async (type) => {
  await using session = await openSession(true)
  const [queue, dead] = [await session.queue(), await openRound(session, type, 100)]
  session.channel.sendToQueue(queue, Buffer.from('order 1042'))
  const first = await receive(session, queue)
  await deadLetter(session.channel, first, { to: dead })
  session.channel.ack(first)
  await reject(session, dead)
  await accept(session, dead)
  const [attempts, before] = [await session.attempts(dead, 2), await session.attempts(queue, 1)]
  expectAttempts(
    attempts,
    [
      { attempt: 1, kind: 'dead_letter', source: 'field' },
      { attempt: 2, kind: 'delayed', source: 'broker', previous: 'unknown' },
    ],
    [before[0]],
  )
})

test.each(TYPES)(
  'rounds before a message was sent again by hand count once, although its headers still tell of them: %s',
  async (type) => {
    await using session = await openSession(true)
    // The broker tells whole seconds: the longer the wait, the surer it is on which side of the move a round was.
    const queue = await openRound(session, type, 2_200)
    session.channel.sendToQueue(queue, Buffer.from('order 1042'))
    await reject(session, queue)
    const message = await receive(session, queue)
    traceHandler(({ content, properties: { headers } }: ConsumeMessage) => {
      session.channel.sendToQueue(queue, content, { headers })
    })(message)
    session.channel.ack(message)
    await reject(session, queue)
    await accept(session, queue)
    const attempts = await session.attempts(queue, 4)
    expect(attempts.map((attempt) => attemptOf(attempt))).toMatchObject([
      { attempt: 1 },
      { attempt: 2, source: 'broker', previous: 'unknown' },
      // Known for sure only where more than two seconds have passed since that round.
      { attempt: 3 },
      { attempt: 4, source: 'broker', previous: 'unknown' },
    ])
  },
)
