import { forEachMessage } from '@tracebaton/kafka'
import type { RecordedSpan } from '@tracebaton/testing'
import { expect, test } from 'vitest'
import { createTopic } from '../src/adapters/kafka-topic.ts'
import { collect, eventually, expectList, groupName, openSession } from './kafkajs-session.ts'

/** What a span says of its attempt, and whether it links the one before. */
function attemptOf({ attributes, status, links }: RecordedSpan): Record<string, unknown> {
  return {
    offset: attributes['kafka.offset'],
    attempt: attributes['tracebaton.delivery.attempt'],
    source: attributes['tracebaton.delivery.attempt_source'],
    kind: attributes['tracebaton.delivery.kind'],
    outcome: attributes['tracebaton.delivery.outcome'],
    status,
    previous: links.find(({ role }) => role === 'previous_attempt')?.spanId,
  }
}

const first = { attempt: 1, source: 'assumed', kind: 'first', previous: undefined }
const again = { attempt: 2, source: 'memory', kind: 'redelivery' }
const acked = { outcome: 'acked', status: 'unset' }
const failed = { outcome: 'requeued', status: 'error' }

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
  expect(attempts.map(attemptOf)).toEqual([
    { offset: 0, ...first, ...failed },
    { offset: 0, ...again, ...failed, previous: attempts[0]?.spanId },
    { offset: 0, ...again, ...acked, attempt: 3, previous: attempts[1]?.spanId },
  ])
  for (const { traceId, parentSpanId } of attempts) {
    expect({ traceId, parentSpanId }).toEqual({ traceId: send?.traceId, parentSpanId: send?.spanId })
  }
  expect(session.failures).toEqual([])
  expect(session.recorder.open).toEqual([])
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
  expect(attempts.map(attemptOf)).toEqual([
    { offset: 0, ...first, ...acked },
    { offset: 0, ...again, ...acked, previous: attempts[0]?.spanId },
  ])
})

test('another group reads the same offset for the first time', async () => {
  await using session = await openSession(true)
  const topic = await session.topic()
  await session.fill(topic, '0')
  for (let group = 1; group <= 2; group++) await expectList(await collect(await session.consumer(topic)), ['0'])
  for (const attempt of await session.spans(`process ${topic}`, 2)) {
    expect(attemptOf(attempt)).toEqual({ offset: 0, ...first, ...acked })
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
    expect(attemptOf(attempt)).toEqual({ offset: 0, ...first, ...acked })
  }
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
  expect(batches.map(({ status }) => status)).toEqual(['error', 'unset'])
  expect(attempts.map(attemptOf)).toEqual([
    { offset: 0, ...first, ...acked },
    { offset: 1, ...first, ...failed },
    { offset: 0, ...again, ...acked, previous: attempts[0]?.spanId },
    { offset: 1, ...again, ...acked, previous: attempts[1]?.spanId },
    { offset: 2, ...first, ...acked },
  ])
  const roots = attempts.map(({ links }) => links.find(({ role }) => role === 'batch')?.spanId)
  expect(roots).toEqual([0, 0, 1, 1, 1].map((index) => batches[index]?.spanId))
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
  expect(attempt?.parentSpanId).toBe(sends[1]?.spanId)
  const creates = await session.spans(`create ${other}`, 2)
  const attempts = await session.spans(`process ${other}`, 2)
  expect(attempts.map(({ parentSpanId }) => parentSpanId)).toEqual(creates.map(({ spanId }) => spanId))
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
  expect(attempts.map(attemptOf)).toMatchObject([first, { ...again, previous: attempts[0]?.spanId }])
})
