import { forEachMessage } from '@tracebaton/kafka'
import { assertSpan, assertSpans, type RecordedSpan } from '@tracebaton/testing'
import { expect, test } from 'vitest'
import { createTopic } from '../src/adapters/kafka-topic.js'
import { collect, eventually, expectList, groupName, openSession } from './kafkajs-session.ts'

const first = {
  attempt: 1,
  attemptSource: 'assumed',
  deliveryKind: 'first',
  links: { previous_attempt: [] },
} as const
const acked = { outcome: 'acked', status: 'unset' } as const
const failed = { outcome: 'requeued', status: 'error' } as const

/** The attempt after another one. */
const again = (before: RecordedSpan | undefined) =>
  ({
    attempt: 2,
    attemptSource: 'memory',
    deliveryKind: 'redelivery',
    links: { previous_attempt: [before!] },
  }) as const

test('an offset that is read again in place is the next attempt below the same send, linked to the one before', async () => {
  await using session = await openSession(true)
  const [topic, producer] = [await session.topic(), await session.producer()]
  await producer.send({ topic, messages: [{ value: '0' }] })
  let failures = 2
  await collect(await session.consumer(topic), {}, () => {
    failures -= 1
    if (failures >= 0) throw new Error('not yet')
  })
  const [send] = await session.spans(`send ${topic}`, 1)
  const attempts = await session.spans(`process ${topic}`, 3)
  const below = { offset: '0', parent: send! }
  assertSpans(attempts, [
    { ...below, ...first, ...failed },
    { ...below, ...again(attempts[0]), ...failed },
    { ...below, ...again(attempts[1]), ...acked, attempt: 3 },
  ])
  expect(session.failures).toEqual([])
  assertSpans(session.recorder.open, [])
})

test('an offset that another consumer of the group reads again in this process is the next attempt as well', async () => {
  await using session = await openSession(true)
  const [topic, groupId] = [await session.topic(), groupName()]
  await session.fill(topic, '0')
  for (let round = 1; round <= 2; round++) {
    const consumer = await session.consumer(topic, { groupId })
    await expectList(await collect(consumer, { autoCommit: false }), ['0'])
    await consumer.disconnect()
  }
  const attempts = await session.spans(`process ${topic}`, 2)
  assertSpans(attempts, [
    { offset: '0', ...first, ...acked },
    { offset: '0', ...again(attempts[0]), ...acked },
  ])
})

test('another group reads the same offset for the first time', async () => {
  await using session = await openSession(true)
  const topic = await session.topic()
  await session.fill(topic, '0')
  for (let group = 1; group <= 2; group++) await expectList(await collect(await session.consumer(topic)), ['0'])
  for (const attempt of await session.spans(`process ${topic}`, 2)) {
    assertSpan(attempt, { offset: '0', ...first, ...acked })
  }
})

test('offset 0 of a topic that was deleted and made again is another message', async () => {
  await using session = await openSession(true)
  const [topic, groupId] = [await session.topic(), groupName()]
  for (let round = 1; round <= 2; round++) {
    await session.fill(topic, String(round))
    const consumer = await session.consumer(topic, { groupId })
    await expectList(await collect(consumer, { autoCommit: false }), [String(round)])
    await consumer.disconnect()
    await session.admin.deleteTopics({ topics: [topic] })
    await eventually(async () => expect(await session.admin.listTopics()).not.toContain(topic))
    if (round === 1) await eventually(() => createTopic(session.admin, topic))
  }
  for (const attempt of await session.spans(`process ${topic}`, 2)) {
    assertSpan(attempt, { offset: '0', ...first, ...acked })
  }
})

/** An attempt within a batch, and maybe after another one. */
const within = (batch: RecordedSpan | undefined, before?: RecordedSpan) => ({
  links: { batch: [batch!], previous_attempt: before ? [before] : [] },
})

test('a failed batch brings back messages that had succeeded, and none of those attempts is a failed one', async () => {
  await using session = await openSession(true)
  const topic = await session.topic()
  await session.fill(topic, '0', '1', '2')
  let failures = 1
  const consumer = await session.consumer(topic)
  await consumer.run({
    eachBatch: async (payload) => {
      await forEachMessage(payload, ({ offset }) => {
        if (offset !== '1') return
        failures -= 1
        if (failures >= 0) throw new Error('not yet')
      })
    },
  })
  const all = await session.spans(`process ${topic}`, 7)
  const batches = all.filter(({ attributes }) => 'messaging.batch.message_count' in attributes)
  const attempts = all.filter((span) => !batches.includes(span))
  assertSpans(batches, [{ status: 'error' }, { status: 'unset' }])
  const [failure, success] = batches
  assertSpans(attempts, [
    { offset: '0', ...first, ...acked, ...within(failure) },
    { offset: '1', ...first, ...failed, ...within(failure) },
    { offset: '0', ...again(attempts[0]), ...acked, ...within(success, attempts[0]) },
    { offset: '1', ...again(attempts[1]), ...acked, ...within(success, attempts[1]) },
    { offset: '2', ...first, ...acked, ...within(success) },
  ])
})

test('what a transaction sends is traced, whether it is committed or not', async () => {
  await using session = await openSession(true)
  const [topic, other] = [await session.topic(), await session.topic()]
  const producer = await session.producer({ transactionalId: groupName(), maxInFlightRequests: 1, idempotent: true })
  const aborted = await producer.transaction()
  await aborted.send({ topic, messages: [{ value: 'aborted' }] })
  await aborted.abort()
  const transaction = await producer.transaction()
  await transaction.send({ topic, messages: [{ value: 'sent' }] })
  await transaction.sendBatch({ topicMessages: [{ topic: other, messages: [{ value: 'a' }, { value: 'b' }] }] })
  await transaction.commit()

  await expectList(await collect(await session.consumer(topic)), ['sent'])
  await expectList(await collect(await session.consumer(other)), ['a', 'b'])
  const sends = await session.spans(`send ${topic}`, 2)
  const [attempt] = await session.spans(`process ${topic}`, 1)
  assertSpan(attempt, { parent: sends[1]! })
  const creates = await session.spans(`create ${other}`, 2)
  const attempts = await session.spans(`process ${other}`, 2)
  assertSpans(
    attempts,
    creates.map((parent) => ({ parent })),
  )
})

test('the same consumer stops, starts again, and counts on', async () => {
  await using session = await openSession(true)
  const topic = await session.topic()
  await session.fill(topic, '0')
  const consumer = await session.consumer(topic)
  const config = Object.freeze({ autoCommit: false, eachMessage: async () => {} })
  await consumer.run(config)
  await session.spans(`process ${topic}`, 1)
  await consumer.stop()
  await consumer.run(config)
  const attempts = await session.spans(`process ${topic}`, 2)
  assertSpans(attempts, [first, again(attempts[0])])
})
