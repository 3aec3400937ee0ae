import { deadLetter, retryLater, traceHandler } from '@tracebaton/amqp'
import { assertSpans, type ExpectedSpan, type RecordedSpan } from '@tracebaton/testing'
import type { ConsumeMessage } from 'amqplib'
import { test } from 'vitest'
import { openSession, type Session } from './amqplib-session.ts'

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
  expected: readonly ExpectedSpan[],
  previous: readonly (RecordedSpan | undefined)[],
): void {
  assertSpans(
    attempts,
    expected.map((one, index) => {
      const before = previous[index]
      return { ...one, links: { previous_attempt: before === undefined ? [] : [before] } }
    }),
  )
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
      { attempt: 1, deliveryKind: 'first' },
      { attempt: 2, deliveryKind: 'immediate', attemptSource: 'field' },
      { attempt: 3, deliveryKind: 'delayed', attemptSource: 'broker', previousAttempt: 'unknown' },
      { attempt: 4, deliveryKind: 'delayed', attemptSource: 'broker', previousAttempt: 'unknown' },
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
      { attempt: 1, deliveryKind: 'dead_letter', attemptSource: 'field' },
      { attempt: 2, deliveryKind: 'delayed', attemptSource: 'broker', previousAttempt: 'unknown' },
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
    assertSpans(attempts, [
      { attempt: 1 },
      { attempt: 2, attemptSource: 'broker', previousAttempt: 'unknown' },
      // Known for sure only where more than two seconds have passed since that round.
      { attempt: 3 },
      { attempt: 4, attemptSource: 'broker', previousAttempt: 'unknown' },
    ])
  },
)
