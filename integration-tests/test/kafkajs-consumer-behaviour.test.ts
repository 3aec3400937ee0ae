import type { ConsumerConfig, InstrumentationEvent } from 'kafkajs'
import { describe, expect, test, vi } from 'vitest'
import { collect, eventually, expectList, groupName, openSession } from './kafkajs-session.ts'

// The same program, with tracing and without: it must not be able to tell.
describe.each([
  ['on', true],
  ['off', false],
])('kafkajs with tracing %s', (_, traced) => {
  describe('a consumer of single messages', () => {
    test('gets a message again until its handler succeeds, then the next, and commits', async () => {
      await using session = await openSession(traced)
      const [topic, groupId] = [await session.topic(), groupName()]
      await session.fill(topic, '0', '1', '2')
      let failures = 2
      const seen = await collect(await session.consumer(topic, { groupId }), {}, async ({ offset }) => {
        if (offset !== '1') return
        failures -= 1
        // Once by a rejection, once thrown by the very call.
        if (failures >= 0) throw new Error('not yet')
      })
      await expectList(seen, ['0', '1', '1', '1', '2'])
      await eventually(async () => expect(await session.committed(groupId, topic)).toBe('3'))
    })

    test('treats a handler that throws at once like one that rejects', async () => {
      await using session = await openSession(traced)
      const topic = await session.topic()
      await session.fill(topic, '0', '1')
      const seen: string[] = []
      const consumer = await session.consumer(topic)
      await consumer.run({
        eachMessage({ message }) {
          seen.push(message.offset)
          if (seen.length < 3) throw new Error('at once')
          return Promise.resolve()
        },
      })
      await expectList(seen, ['0', '0', '0', '1'])
    })

    test('waits for the handler before it takes the next message or commits', async () => {
      await using session = await openSession(traced)
      const [topic, groupId] = [await session.topic(), groupName()]
      await session.fill(topic, '0', '1')
      const release: (() => void)[] = []
      const consumer = await session.consumer(topic, { groupId })
      const seen = await collect(consumer, {}, () => new Promise<void>((resolve) => release.push(resolve)))
      await expectList(seen, ['0'])
      expect(await session.committed(groupId, topic)).toBe('-1')
      release[0]?.()
      await expectList(seen, ['0', '1'])
      release[1]?.()
      await eventually(async () => expect(await session.committed(groupId, topic)).toBe('2'))
    })

    test('crashes with the error of the handler where that cannot be retried', async () => {
      await using session = await openSession(traced)
      const topic = await session.topic()
      await session.fill(topic, '0')
      const consumer = await session.consumer(topic)
      const crashes: { error: Error & { cause?: unknown }; restart: boolean }[] = []
      consumer.on(consumer.events.CRASH, ({ payload }) => crashes.push(payload))
      const seen = await collect(consumer, {}, () => {
        throw new TypeError('broken handler')
      })
      await eventually(() => expect(crashes).toHaveLength(1))
      expect(seen).toEqual(['0'])
      expect(crashes[0]).toMatchObject({ restart: false, error: { message: 'broken handler' } })
      expect(crashes.map(({ error }) => error.cause)).toEqual([expect.any(TypeError)])
    })

    test('commits by hand what it is told to', async () => {
      await using session = await openSession(traced)
      const [topic, groupId] = [await session.topic(), groupName()]
      await session.fill(topic, '0', '1', '2')
      const consumer = await session.consumer(topic, { groupId })
      const seen = await collect(consumer, { autoCommit: false })
      await expectList(seen, ['0', '1', '2'])
      expect(await session.committed(groupId, topic)).toBe('-1')
      await consumer.commitOffsets([{ topic, partition: 0, offset: '1' }])
      expect(await session.committed(groupId, topic)).toBe('1')
      await expect(consumer.commitOffsets([{ topic, partition: 0, offset: '-5' }])).rejects.toThrow('negative number')
      await consumer.disconnect()
      await expectList(await collect(await session.consumer(topic, { groupId })), ['1', '2'])
    })

    test('pauses, resumes and seeks', async () => {
      await using session = await openSession(traced)
      const topic = await session.topic()
      await session.fill(topic, '0', '1')
      const consumer = await session.consumer(topic)
      const seen: string[] = []
      const resumes: (() => void)[] = []
      await consumer.run({
        eachMessage: async (payload) => {
          seen.push(String(payload.message.value))
          await payload.heartbeat()
          if (seen.length === 1) resumes.push(payload.pause())
        },
      })
      await expectList(seen, ['0'])
      await expectList(consumer.paused(), [{ topic, partitions: [0] }])
      resumes[0]?.()
      expect(consumer.paused()).toEqual([])
      await expectList(seen, ['0', '1'])
      consumer.pause([{ topic }])
      expect(consumer.paused()).toEqual([{ topic, partitions: [0] }])
      consumer.resume([{ topic }])
      consumer.seek({ topic, partition: 0, offset: '1' })
      await expectList(seen, ['0', '1', '1'])
      expect(() => consumer.seek({ topic: '', partition: 0, offset: '1' })).toThrow('Invalid topic')
      expect(() => consumer.pause([{ topic: '' }])).toThrow('Invalid topic')
    })

    test('handles several partitions side by side', async () => {
      await using session = await openSession(traced)
      const topic = await session.topic(2)
      const producer = await session.producer()
      await producer.send({ topic, messages: [0, 1].map((partition) => ({ value: String(partition), partition })) })
      const inside = new Set<number>()
      const ended: string[] = []
      let met = false
      const consumer = await session.consumer(topic)
      await consumer.run({
        partitionsConsumedConcurrently: 2,
        eachMessage: async ({ partition, message }) => {
          inside.add(partition)
          met ||= inside.size === 2
          try {
            // What one fetch brought is handled before the next: a handler that is alone fails, and is called again.
            await vi.waitFor(() => expect(met).toBe(true), { timeout: 1000, interval: 5 })
          } finally {
            inside.delete(partition)
          }
          ended.push(String(message.value))
        },
      })
      await eventually(() => expect(ended.toSorted()).toEqual(['0', '1']))
    })

    test('tells its listeners, until they are removed, and describes its group', async () => {
      await using session = await openSession(traced)
      const [topic, groupId] = [await session.topic(), groupName()]
      await session.fill(topic, '0')
      const consumer = await session.consumer(topic, { groupId })
      const heard: string[] = []
      const listen = ({ type }: InstrumentationEvent<unknown>): void => void heard.push(type)
      const { GROUP_JOIN, START_BATCH_PROCESS, END_BATCH_PROCESS, COMMIT_OFFSETS, STOP, DISCONNECT } = consumer.events
      const removers = [GROUP_JOIN, START_BATCH_PROCESS, END_BATCH_PROCESS, COMMIT_OFFSETS, STOP].map((event) =>
        consumer.on(event, listen),
      )
      consumer.on(DISCONNECT, () => heard.push('gone'))
      const seen = await collect(consumer)
      await eventually(() => expect(heard).toContain(COMMIT_OFFSETS))
      expect(await consumer.describeGroup()).toMatchObject({ groupId, state: 'Stable' })
      expect(seen).toEqual(['0'])
      await consumer.stop()
      expect(heard).toEqual([GROUP_JOIN, START_BATCH_PROCESS, END_BATCH_PROCESS, COMMIT_OFFSETS, STOP])
      for (const remove of removers) remove()
      await consumer.disconnect()
      expect(heard.slice(5)).toEqual(['gone'])
    })

    test('says what is wrong with its use', async () => {
      await using session = await openSession(traced)
      expect(() => session.kafka.consumer({} as ConsumerConfig)).toThrow('groupId must be a non-empty string')
      const topic = await session.topic()
      const consumer = await session.consumer(topic)
      await expect(consumer.subscribe({ topic: 5 as never })).rejects.toThrow('has to be a String or a RegExp')
      await expect(consumer.subscribe({} as never)).rejects.toThrow('Missing required argument "topics"')
      await expect(consumer.commitOffsets([])).rejects.toThrow('consumer#run must be called first')
      await expect(consumer.run(null as never)).rejects.toThrow('Cannot')
      await consumer.run()
      await expect(consumer.subscribe({ topic })).rejects.toThrow('Cannot subscribe to topic while consumer is running')
      await expect(consumer.run({ eachMessage: async () => {} })).resolves.toBeUndefined()
    })
  })
})
