import type { Channel, GetMessage } from 'amqplib'
import { deadLetter, retryLater } from '@tracebaton/amqp'
import { assertSpan, assertSpans } from '@tracebaton/testing'
import { describe, expect, test, vi } from 'vitest'
import { openSession, type Session } from './amqplib-session.ts'

const MESSAGE = { messageId: 'order-1042' }
const CONTENT = Buffer.from('order 1042')

/** How a message dies, and what the broker calls that. */
interface Death {
  readonly reason: string
  /** Arguments of its queue. */
  readonly options: Record<string, unknown>
  /** Attempts at it before. */
  readonly attempts: number
  readonly die: (session: Session, queue: string) => Promise<void>
}

/** Gives a message back so many times. */
async function fail(
  session: Session,
  queue: string,
  times: number,
  last: (channel: Channel, message: GetMessage) => void,
) {
  const handle = async (): Promise<GetMessage> => {
    const [message] = await session.take(session.channel, queue, 1)
    return message as unknown as GetMessage
  }
  for (let attempt = 1; attempt < times; attempt++) session.channel.nack(await handle())
  last(session.channel, await handle())
}

const deaths: Readonly<Record<string, Death>> = {
  'by reject': {
    reason: 'rejected',
    options: {},
    attempts: 1,
    die: (session, queue) => fail(session, queue, 1, (channel, message) => channel.reject(message, false)),
  },
  'by nack, after it was given back twice': {
    reason: 'rejected',
    options: {},
    attempts: 3,
    die: (session, queue) => fail(session, queue, 3, (channel, message) => channel.nack(message, false, false)),
  },
  'because its time was over': { reason: 'expired', options: { messageTtl: 100 }, attempts: 0, die: async () => {} },
  'because the queue was full': {
    reason: 'maxlen',
    options: { maxLength: 1 },
    attempts: 0,
    async die({ plain }, queue) {
      // Two channels: without waiting, the second message could be the first in the queue.
      await vi.waitFor(async () => expect((await plain.checkQueue(queue)).messageCount).toBe(1), { timeout: 20_000 })
      plain.sendToQueue(queue, Buffer.from('another'))
    },
  },
}
const quorumOnly: Readonly<Record<string, Death>> = {
  'because it was delivered too often': {
    reason: 'delivery_limit',
    options: { 'x-delivery-limit': 2 },
    attempts: 3,
    die: (session, queue) => fail(session, queue, 3, (channel, message) => channel.reject(message, true)),
  },
}

const cases = ['classic', 'quorum'].flatMap((type) =>
  Object.entries(type === 'quorum' ? { ...deaths, ...quorumOnly } : deaths).map(
    ([how, death]) => [type, how, death] as const,
  ),
)

describe.each(cases)('a message of a %s queue that dies %s', (type, _, { reason, options, attempts, die }) => {
  const { messageTtl, maxLength, ...more } = options
  const limits = { ...(messageTtl !== undefined && { messageTtl }), ...(maxLength !== undefined && { maxLength }) }

  test.each(['classic', 'quorum'])(
    'is a dead letter in a %s queue, which knows the queue and the reason',
    async (to) => {
      await using session = await openSession(true)
      const { channel, recorder } = session
      const dead = await session.queue({ arguments: { 'x-queue-type': to } })
      const queue = await session.queue({
        deadLetterExchange: '',
        deadLetterRoutingKey: dead,
        arguments: { 'x-queue-type': type, ...more },
        ...(limits as { messageTtl?: number; maxLength?: number }),
      })
      channel.sendToQueue(queue, CONTENT, MESSAGE)
      await die(session, queue)

      const [letter] = await session.take(channel, dead, 1)
      channel.ack(letter!)
      const [span] = await session.attempts(dead, 1)
      const before = attempts === 0 ? [] : await session.attempts(queue, attempts)
      const send = recorder.spans.find(({ name }) => name === `publish ${queue}`)
      assertSpan(span, {
        parent: 'none',
        links: { creation: [send!], previous_attempt: before.slice(-1) },
        attempt: 1,
        deliveryKind: 'dead_letter',
        outcome: 'acked',
        status: 'unset',
        attributes: {
          'tracebaton.dead_letter.source': queue,
          'tracebaton.dead_letter.reason': reason,
          'tracebaton.creation.trace_id': send!.traceId,
        },
      })
      assertSpans(
        before,
        before.map((__, index) => ({ parent: send!, attempt: index + 1 })),
      )
    },
  )
})

test.each(['classic', 'quorum'])(
  'a message that goes round through a %s queue where it waits is retried, and counts on',
  async (type) => {
    await using session = await openSession(true)
    const { channel, plain, recorder } = session
    const wait = await session.queue()
    const options = { deadLetterExchange: '', arguments: { 'x-queue-type': type } }
    const queue = await session.queue({ ...options, deadLetterRoutingKey: wait })
    await plain.deleteQueue(wait)
    await plain.assertQueue(wait, { ...options, deadLetterRoutingKey: queue, messageTtl: 100 })
    channel.sendToQueue(queue, CONTENT, MESSAGE)
    for (let round = 1; round <= 3; round++) {
      const [message] = await session.take(channel, queue, 1)
      if (round < 3) channel.nack(message!, false, false)
      else channel.ack(message!)
    }
    const attempts = await session.attempts(queue, 3)
    const send = recorder.spans.find(({ name }) => name === `publish ${queue}`)
    assertSpans(attempts, [
      { attempt: 1, deliveryKind: 'first', outcome: 'rejected' },
      { attempt: 2, outcome: 'rejected' },
      { attempt: 3, outcome: 'acked' },
    ])
    attempts.forEach((attempt, index) => {
      assertSpan(attempt, {
        parent: send!,
        links: { previous_attempt: attempts.slice(Math.max(index - 1, 0), index) },
        attributes: { 'tracebaton.dead_letter.source': undefined },
      })
    })
  },
)

test('attempts on a quorum queue are counted by the broker for a consumer that remembers none, and unknown', async () => {
  await using session = await openSession(true)
  const { channel, plain } = session
  const queue = await session.queue({ arguments: { 'x-queue-type': 'quorum' } })
  channel.sendToQueue(queue, CONTENT, MESSAGE)
  // Nobody traces the first two attempts.
  for (let count = 0; count < 2; count++) plain.reject(await session.next(plain, queue), true)
  const [message] = await session.take(channel, queue, 1)
  channel.ack(message!)
  const [attempt] = await session.attempts(queue, 1)
  assertSpan(attempt, {
    attempt: 3,
    attemptSource: 'broker',
    deliveryKind: 'redelivery',
    previousAttempt: 'unknown',
    links: { previous_attempt: [] },
  })
})

test.each([
  ['a retry copy', retryLater, { attempt: 4, attemptSource: 'broker', deliveryKind: 'redelivery' }],
  ['a dead letter', deadLetter, { attempt: 1, deliveryKind: 'dead_letter' }],
] as const)(
  '%s that has waited links no older attempt on a quorum queue, where one was made that nobody remembers',
  async (_, move, expected) => {
    await using session = await openSession(true)
    const { channel, plain } = session
    const queue = await session.queue()
    const next = await session.queue({ arguments: { 'x-queue-type': 'quorum' } })
    const wait = await session.queue({ deadLetterExchange: '', deadLetterRoutingKey: next, messageTtl: 1 })
    channel.sendToQueue(queue, CONTENT, MESSAGE)
    const [first] = await session.take(channel, queue, 1)
    await move(channel, first!, { to: wait })
    channel.ack(first!)
    // The attempts before are not traced.
    for (let count = 0; count < 2; count++) plain.reject(await session.next(plain, next), true)
    const [message] = await session.take(channel, next, 1)
    channel.ack(message!)
    const [attempt] = await session.attempts(next, 1)
    assertSpan(attempt, { ...expected, links: { previous_attempt: [] } })
  },
)
