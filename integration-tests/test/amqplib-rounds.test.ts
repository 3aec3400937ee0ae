import { randomUUID } from 'node:crypto'
import { retryLater, traceHandler } from '@tracebaton/amqp'
import { assertSpans, type ExpectedSpan } from '@tracebaton/testing'
import type { ConsumeMessage } from 'amqplib'
import { describe, expect, test, vi } from 'vitest'
import { openSession, type Session } from './amqplib-session.ts'

const TYPES = ['classic', 'quorum']

/** ms that a rejected message waits: three rounds take less than a second, and RabbitMQ tells whole seconds. */
const WAIT = 100

/** A queue whose rejected messages wait in another one, and come back. */
async function openRound(session: Session, type: string): Promise<string> {
  const { plain } = session
  const waiting = await session.queue()
  const options = { deadLetterExchange: '', arguments: { 'x-queue-type': type } }
  const queue = await session.queue({ ...options, deadLetterRoutingKey: waiting })
  await plain.deleteQueue(waiting)
  await plain.assertQueue(waiting, { ...options, deadLetterRoutingKey: queue, messageTtl: WAIT })
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

/** Runs a call of a producer whose clock is so many ms ahead. */
function ahead<Result>(ms: number, send: () => Result): Result {
  const now = Date.now.bind(Date)
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + ms)
  try {
    return send()
  } finally {
    clock.mockRestore()
  }
}

type Republish = (session: Session, queue: string, message: ConsumeMessage, clock: number) => Promise<void> | void

/** What the attempt on the copy says. */
type Copy = ExpectedSpan & { readonly attempt: number }

/** Ways to send a received message again with all its headers, and what the copy says of its attempt. */
const republications: readonly (readonly [way: string, republish: Republish, copy: Copy])[] = [
  [
    'by the helper',
    (session, _, message, clock) => ahead(clock, () => retryLater(session.channel, message)),
    { attempt: 3, deliveryKind: 'immediate', attemptSource: 'field' },
  ],
  [
    'by a traced publish by hand',
    (session, queue, message, clock) => {
      const send = traceHandler(({ content, properties }: ConsumeMessage) =>
        session.channel.sendToQueue(queue, content, properties),
      )
      ahead(clock, () => send(message))
    },
    { attempt: 3, deliveryKind: 'immediate', attemptSource: 'field' },
  ],
  [
    // Its headers are those of the message at hand: that this is another copy cannot be known.
    'by an untraced publish',
    ({ plain }, queue, { content, properties }) => void plain.sendToQueue(queue, content, properties),
    { attempt: 2, attemptSource: 'broker', previousAttempt: 'unknown' },
  ],
]

describe.each([
  ['', 0],
  [', and the producer’s clock is 10 s ahead', 10_000],
])('a message that goes round three times within one second%s', (_, clock) => {
  test.each(TYPES)('has three attempts, each of which links the one before: %s', async (type) => {
    await using session = await openSession(true)
    const queue = await openRound(session, type)
    ahead(clock, () => session.channel.sendToQueue(queue, Buffer.from('order 1042'), { messageId: randomUUID() }))
    await reject(session, queue)
    await reject(session, queue)
    await accept(session, queue)
    const attempts = await session.attempts(queue, 3)
    assertSpans(attempts, [
      { attempt: 1, deliveryKind: 'first', links: { previous_attempt: [] } },
      { attempt: 2, deliveryKind: 'delayed', links: { previous_attempt: [attempts[0]!] } },
      { attempt: 3, deliveryKind: 'delayed', links: { previous_attempt: [attempts[1]!] } },
    ])
    expect(session.failures).toEqual([])
  })

  test.each(
    TYPES.flatMap((type) => republications.map(([way, republish, copy]) => [type, way, republish, copy] as const)),
  )('counts on after it was sent again: %s, %s', async (type, way, republish, copy) => {
    await using session = await openSession(true)
    const queue = await openRound(session, type)
    ahead(clock, () => session.channel.sendToQueue(queue, Buffer.from('order 1042'), { messageId: randomUUID() }))
    await reject(session, queue)
    const message = await receive(session, queue)
    await republish(session, queue, message, clock)
    session.channel.ack(message)
    await reject(session, queue)
    await reject(session, queue)
    await accept(session, queue)
    const attempts = await session.attempts(queue, 5)
    const number = copy.attempt
    assertSpans(attempts, [
      { attempt: 1, links: { previous_attempt: [] } },
      { attempt: 2, links: { previous_attempt: [attempts[0]!] } },
      { ...copy, links: { previous_attempt: way === 'by an untraced publish' ? [] : [attempts[1]!] } },
      { attempt: number + 1, links: { previous_attempt: [attempts[2]!] } },
      { attempt: number + 2, links: { previous_attempt: [attempts[3]!] } },
    ])
    expect(session.failures).toEqual([])
  })
})
