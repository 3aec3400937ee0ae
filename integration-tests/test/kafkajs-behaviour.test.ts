import type { IHeaders, Message, Producer, ProducerBatch, ProducerRecord } from 'kafkajs'
import { describe, expect, test } from 'vitest'
import { collect, eventually, expectList, groupName, openSession, type Session } from './kafkajs-session.ts'

const begin = async (session: Session): Promise<Producer> =>
  session.producer({ transactionalId: groupName(), maxInFlightRequests: 1, idempotent: true })

// The same program, with tracing and without: it must not be able to tell.
describe.each([
  ['on', true],
  ['off', false],
])('kafkajs with tracing %s', (_, traced) => {
  describe('a producer', () => {
    const value = '1'
    test.each<[string, unknown, string]>([
      ['nothing', undefined, 'Cannot destructure'],
      ['no topic', { messages: [{ value }] }, 'Invalid topic'],
      ['an empty topic', { topic: '', messages: [{ value }] }, 'Invalid topic'],
      ['no messages', { topic: 'x' }, 'Invalid messages array [undefined] for topic "x"'],
      ['a message without a value', { topic: 'x', messages: [{ key: 'k' }] }, '"x": {"key":"k"}'],
      ['one of two', { topic: 'x', messages: [{ value }, { headers: { a: 'b' } }] }, '"x": {"headers":{"a":"b"}}'],
      ['messages that are no list', { topic: 'x', messages: { value } }, 'messages.find is not a function'],
      ['a message that is none', { topic: 'x', messages: [null] }, "Cannot read properties of null (reading 'value')"],
    ])('refuses %s', async (_name, record, message) => {
      await using session = await openSession(traced)
      const producer = await session.producer()
      const error: unknown = await producer.send(record as ProducerRecord).catch((reason: unknown) => reason)
      expect(error).toMatchObject({ message: expect.stringContaining(message) })
      const batch = { topicMessages: [record as ProducerRecord] }
      await expect(producer.sendBatch(batch)).rejects.toThrow(message)
    })

    test.each<[string, Partial<Message>, string]>([
      ['a number as value', { value: 5 as never }, 'must be of type string or an instance of Buffer'],
      ['a number as header', { headers: { a: 5 as never } }, 'must be of type string or an instance of Buffer'],
      ['null as header', { headers: { a: null as never } }, 'must be of type string or an instance of Buffer'],
      ['null as headers', { headers: null as never }, 'Cannot convert undefined or null to object'],
    ])('refuses %s', async (_name, message, text) => {
      await using session = await openSession(traced)
      const producer = await session.producer()
      const record = { topic: await session.topic(), messages: [{ value, ...message }] }
      await expect(producer.send(record)).rejects.toThrow(text)
    })

    test('refuses what its settings do not allow', async () => {
      await using session = await openSession(traced)
      const record = { topic: await session.topic(), messages: [{ value }] }
      const disconnected = session.kafka.producer()
      await expect(disconnected.send(record)).rejects.toThrow('The producer is disconnected')
      const idempotent = await session.producer({ idempotent: true })
      await expect(idempotent.send({ ...record, acks: 0 })).rejects.toThrow("invalidates the idempotent producer's EoS")
      expect(idempotent.isIdempotent()).toBe(true)
      const plain = await session.producer({ retry: { retries: 0 } })
      await expect(plain.send({ ...record, topic: 'no such topic' })).rejects.toThrow(
        'request attempted to perform an operation on an invalid topic',
      )
    })

    test('answers with the places of the messages', async () => {
      await using session = await openSession(traced)
      const producer = await session.producer()
      const [topic, other] = [await session.topic(2), await session.topic()]
      const place = { topicName: topic, partition: 1, errorCode: 0, baseOffset: '0' }
      const messages = [{ value, partition: 1 }]
      expect(await producer.send({ topic, messages })).toMatchObject([place])
      expect(await producer.send({ topic, messages: [...messages, ...messages] })).toMatchObject([
        { ...place, baseOffset: '1' },
      ])
      const batch: ProducerBatch = {
        topicMessages: [
          { topic, messages },
          { topic: other, messages: [{ value }] },
        ],
      }
      const places = await producer.sendBatch(batch)
      const offsets = Object.fromEntries(places.map(({ topicName, baseOffset }) => [topicName, baseOffset]))
      expect(offsets).toEqual({ [topic]: '3', [other]: '0' })
      expect(await producer.send({ topic, messages, acks: 0 })).toEqual([])
      expect(await producer.send({ topic, messages: [] })).toEqual([])
      expect(await producer.sendBatch({})).toEqual([])
    })

    test('delivers keys, values, headers and times as they were given', async () => {
      await using session = await openSession(traced)
      const [producer, topic] = [await session.producer({ idempotent: true }), await session.topic()]
      const headers = Object.freeze({ text: 'ä', bytes: Buffer.from([0, 255]), repeats: ['a', Buffer.from('b')] })
      const shared: Message = Object.freeze({ key: 'k', value: null, timestamp: '1700000000000', headers })
      await producer.send(Object.freeze({ topic, messages: [shared, shared, { value }] }))

      const seen: unknown[] = []
      const ours = new Set(['traceparent', 'tracestate', 'baggage', 'tracebaton'])
      const others = (all: IHeaders = {}): IHeaders =>
        Object.fromEntries(Object.entries(all).filter(([name]) => !ours.has(name)))
      await collect(await session.consumer(topic), {}, ({ key, value: body, timestamp, headers: all }) =>
        seen.push({ key: key?.toString(), value: body?.toString(), timestamp, headers: others(all) }),
      )
      const expected = {
        key: 'k',
        value: undefined,
        timestamp: '1700000000000',
        headers: {
          text: Buffer.from('ä'),
          bytes: Buffer.from([0, 255]),
          repeats: [Buffer.from('a'), Buffer.from('b')],
        },
      }
      await expectList(seen, [
        expected,
        expected,
        { key: undefined, value, timestamp: expect.stringMatching(/^\d{13}$/), headers: {} },
      ])
      expect(headers).toEqual({ text: 'ä', bytes: Buffer.from([0, 255]), repeats: ['a', Buffer.from('b')] })
    })

    test('tells its listeners, until they are removed', async () => {
      await using session = await openSession(traced)
      const producer = session.kafka.producer()
      const heard: string[] = []
      const remove = producer.on(producer.events.CONNECT, ({ type }) => heard.push(type))
      producer.on(producer.events.REQUEST, ({ payload }) => heard.push(payload.apiName))
      await producer.connect()
      await producer.send({ topic: await session.topic(), messages: [{ value }] })
      remove()
      await producer.connect()
      await producer.disconnect()
      expect(heard.filter((one) => one === 'producer.connect')).toHaveLength(1)
      expect(heard).toContain('Produce')
      expect(() => producer.on('nonsense' as never, () => {})).toThrow('Event name should be one of')
    })
  })

  describe('a transaction', () => {
    test('shows what was committed, and not what was aborted', async () => {
      await using session = await openSession(traced)
      const [producer, topic] = [await begin(session), await session.topic()]
      const aborted = await producer.transaction()
      expect(await aborted.send({ topic, messages: [{ value: 'aborted' }] })).toMatchObject([{ baseOffset: '0' }])
      expect(aborted.isActive()).toBe(true)
      await aborted.abort()
      expect(aborted.isActive()).toBe(false)
      const committed = await producer.transaction()
      await committed.send({ topic, messages: [{ value: 'first' }] })
      await committed.sendBatch({ topicMessages: [{ topic, messages: [{ value: 'second' }, { value: 'third' }] }] })
      await committed.commit()
      await session.fill(topic, 'last')
      await expectList(await collect(await session.consumer(topic)), ['first', 'second', 'third', 'last'])
    })

    test('commits offsets of a group', async () => {
      await using session = await openSession(traced)
      const [producer, topic, consumerGroupId] = [await begin(session), await session.topic(), groupName()]
      await session.fill(topic, '0', '1', '2')
      const topics = [{ topic, partitions: [{ partition: 0, offset: '2' }] }]
      const aborted = await producer.transaction()
      await aborted.sendOffsets({ consumerGroupId, topics })
      await aborted.abort()
      expect(await session.committed(consumerGroupId, topic)).toBe('-1')
      // Another producer: the broker may still be busy with the end of the first one's transaction.
      const transaction = await (await begin(session)).transaction()
      await transaction.sendOffsets({ consumerGroupId, topics })
      await transaction.commit()
      await eventually(async () => expect(await session.committed(consumerGroupId, topic)).toBe('2'))
      await expectList(await collect(await session.consumer(topic, { groupId: consumerGroupId })), ['2'])
    })

    test('that is used wrongly says so', async () => {
      await using session = await openSession(traced)
      const topic = await session.topic()
      const plain = await session.producer()
      await expect(plain.transaction()).rejects.toThrow('Must provide transactional id for transactional producer')
      const producer = await begin(session)
      const transaction = await producer.transaction()
      await expect(producer.transaction()).rejects.toThrow('There is already an ongoing transaction')
      await expect(transaction.send({ topic, messages: [{} as never] })).rejects.toThrow('without value')
      await transaction.commit()
      const messages = [{ value: '1' }]
      for (const late of [
        () => transaction.send({ topic, messages }),
        () => transaction.sendBatch({ topicMessages: [{ topic, messages }] }),
        () => transaction.sendOffsets({ consumerGroupId: 'g', topics: [] }),
        () => transaction.commit(),
        () => transaction.abort(),
      ]) {
        await expect(late()).rejects.toThrow('Cannot continue to use transaction once ended')
      }
    })
  })
})
