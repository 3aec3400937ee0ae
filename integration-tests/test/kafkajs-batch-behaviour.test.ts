import { forEachMessage } from '@tracebaton/kafka'
import type { EachBatchPayload } from 'kafkajs'
import { describe, expect, test } from 'vitest'
import { collect, eventually, expectList, groupName, openSession } from './kafkajs-session.ts'

const offsetsOf = ({ batch }: EachBatchPayload): string[] => batch.messages.map(({ offset }) => offset)

// The same program, with tracing and without: it must not be able to tell.
describe.each([
  ['on', true],
  ['off', false],
])('kafkajs with tracing %s', (_, traced) => {
  describe('a consumer of batches', () => {
    test('keeps what was resolved before the handler threw', async () => {
      await using session = await openSession(traced)
      const [topic, groupId] = [await session.topic(), groupName()]
      await session.fill(topic, '0', '1', '2', '3')
      const batches: string[][] = []
      const consumer = await session.consumer(topic, { groupId })
      await consumer.run({
        eachBatch: async (payload) => {
          batches.push(offsetsOf(payload))
          for (const { offset } of payload.batch.messages) {
            if (offset === '2' && batches.length === 1) throw new Error('not yet')
            payload.resolveOffset(offset)
            await payload.heartbeat()
          }
        },
      })
      await expectList(batches, [
        ['0', '1', '2', '3'],
        ['2', '3'],
      ])
      await eventually(async () => expect(await session.committed(groupId, topic)).toBe('4'))
    })

    test('gets the whole batch again where nothing was resolved', async () => {
      await using session = await openSession(traced)
      const topic = await session.topic()
      await session.fill(topic, '0', '1')
      const batches: string[][] = []
      const consumer = await session.consumer(topic)
      await consumer.run({
        eachBatch(payload) {
          batches.push(offsetsOf(payload))
          if (batches.length < 3) throw new Error('at once')
          return Promise.resolve()
        },
      })
      await expectList(batches, [
        ['0', '1'],
        ['0', '1'],
        ['0', '1'],
      ])
    })

    test('commits in the middle, knows what is uncommitted, and is running and fresh', async () => {
      await using session = await openSession(traced)
      const [topic, groupId] = [await session.topic(), groupName()]
      await session.fill(topic, '0', '1', '2')
      const consumer = await session.consumer(topic, { groupId })
      const seen: unknown[] = []
      await consumer.run({
        autoCommitThreshold: 1,
        eachBatch: async (payload) => {
          const { batch } = payload
          payload.resolveOffset('0')
          seen.push(payload.uncommittedOffsets().topics[0]?.partitions)
          await payload.commitOffsetsIfNecessary()
          seen.push(await session.committed(groupId, topic))
          await payload.commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition: 0, offset: '2' }] }] })
          seen.push(await session.committed(groupId, topic), payload.isRunning(), payload.isStale())
          seen.push(batch.firstOffset(), batch.lastOffset(), batch.isEmpty(), batch.topic)
        },
      })
      await expectList(seen, [[{ partition: '0', offset: '1' }], '1', '2', true, false, '0', '2', false, topic])
      await eventually(async () => expect(await session.committed(groupId, topic)).toBe('3'))
    })

    test('goes stale with a seek, and goes on from there', async () => {
      await using session = await openSession(traced)
      const topic = await session.topic()
      await session.fill(topic, '0', '1', '2')
      const consumer = await session.consumer(topic)
      const seen: string[] = []
      await consumer.run({
        eachBatch: async (payload) => {
          await forEachMessage(payload, ({ offset }) => {
            seen.push(offset)
            if (seen.length === 2) consumer.seek({ topic, partition: 0, offset: '0' })
          })
        },
      })
      await expectList(seen, ['0', '1', '0', '1', '2'])
    })

    test.each([undefined, true, false])(
      'that is stopped in the middle of a batch loses no message (eachBatchAutoResolve %s)',
      async (eachBatchAutoResolve) => {
        await using session = await openSession(traced)
        const [topic, groupId] = [await session.topic(), groupName()]
        await session.fill(topic, '0', '1', '2')
        const consumer = await session.consumer(topic, { groupId })
        const seen: string[] = []
        let stopped: Promise<void> | undefined
        await consumer.run({
          ...(eachBatchAutoResolve !== undefined && { eachBatchAutoResolve }),
          eachBatch: async (payload) => {
            await forEachMessage(payload, async ({ offset }) => {
              seen.push(offset)
              stopped ??= consumer.stop()
              await eventually(() => expect(payload.isRunning()).toBe(false))
              payload.resolveOffset(offset)
            })
          },
        })
        await eventually(() => expect(stopped).toBeDefined())
        await stopped
        const rest = await collect(await session.consumer(topic, { groupId }))
        await session.fill(topic, 'last')
        await eventually(() => expect([...seen, ...rest]).toEqual(['0', '1', '2', 'last']))
      },
    )
  })
})
