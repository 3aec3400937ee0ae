import type { Message } from 'kafkajs'
import { describe, expect, test } from 'vitest'
import { written } from '../../packages/kafka/test/written.ts'
import { openSession, type Session } from './kafkajs-session.ts'

/** The broker's default of `max.message.bytes`. */
const LIMIT = 1_048_588

/** Messages that make a batch of so many bytes, with these headers on each. */
async function filling(count: number, bytes: number, headers: object): Promise<Message[]> {
  const values = Array.from({ length: count }, () => 'x')
  const measure = () =>
    written(
      values.map((value) => ({ value })),
      headers,
    )
  const each = Math.floor((bytes - (await measure())) / count) - 2
  values.fill('x'.repeat(each))
  // A longer text may have a longer length before it.
  for (let rest = bytes - (await measure()); rest !== 0; rest = bytes - (await measure())) {
    values[0] = 'x'.repeat((values[0]?.length ?? 0) + rest)
  }
  return values.map((value) => ({ value }))
}

async function send(session: Session, topic: string, messages: Message[]): Promise<unknown> {
  const producer = await session.producer({ retry: { retries: 0 } })
  return producer.send({ topic, messages }).then(
    () => 'taken',
    (error: { readonly type?: string }) => error.type,
  )
}

/** How many of the messages of a topic have a context, and how many there are. */
async function contextsOf(session: Session, topic: string, count: number): Promise<readonly number[]> {
  let traced = 0
  let all = 0
  const consumer = await session.consumer(topic, { maxBytes: 4_000_000 })
  await consumer.run({
    eachBatch: async ({ batch }) => {
      all += batch.messages.length
      traced += batch.messages.filter(({ headers }) => headers?.['traceparent'] !== undefined).length
    },
  })
  await expect.poll(() => all, { timeout: 20_000 }).toBe(count)
  return [traced, all]
}

describe.each([1, 10_000])('%i messages of one call', (count) => {
  test('have a context up to the limit of the broker, none beyond it, and are taken', async () => {
    await using session = await openSession(true)
    for (const [over, traced] of [
      [-1, count],
      [0, count],
      [1, 0],
    ] as const) {
      const topic = await session.topic(1)
      const messages = await filling(count, LIMIT + over, { traceparent: 'v'.repeat(55) })
      expect(await send(session, topic, messages)).toBe('taken')
      expect(await contextsOf(session, topic, count)).toEqual([traced, count])
    }
    expect(session.failures).toHaveLength(1)
  })

  test('that are at the limit are taken without a context, and beyond it refused as they are without tracing', async () => {
    await using session = await openSession(true)
    await using bare = await openSession(false)
    for (const [over, answer, failures] of [
      [-1, 'taken', 1],
      [0, 'taken', 2],
      [1, 'MESSAGE_TOO_LARGE', 2],
    ] as const) {
      const messages = await filling(count, LIMIT + over, {})
      expect(await send(bare, await bare.topic(1), messages)).toBe(answer)
      expect(await send(session, await session.topic(1), messages)).toBe(answer)
      expect(session.failures).toHaveLength(failures)
    }
  })
})

test('messages of which half have a context already are taken, where all of them are without ours', async () => {
  await using session = await openSession(true)
  for (const over of [-1, 0, 1]) {
    const topic = await session.topic(1)
    const fields = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` }
    // Half of them are given a context, as the others have it.
    const full = await filling(1_000, LIMIT + over, fields)
    const messages = full.map((message, index) =>
      index % 2 === 0 ? message : Object.assign({}, message, { headers: fields }),
    )
    expect(await send(session, topic, messages)).toBe('taken')
    expect(await contextsOf(session, topic, 1_000)).toEqual([over > 0 ? 500 : 1_000, 1_000])
  }
  expect(session.failures).toHaveLength(1)
})
