import { assertSpan } from '@tracebaton/testing'
import { expect } from 'vitest'
import { OrderError } from '../order-error.ts'
import type { Scenario } from '../scenario.ts'

const PROCESSED = 'messaging.process.duration'
const DELIVERIES = 'tracebaton.deliveries'

/** Metrics are facts. */
export const metricScenarios: readonly Scenario[] = [
  {
    name: 'metrics count what was sent, received and handled',
    async run(stage) {
      const { metering } = stage
      const client = await stage.client()
      const destination = await stage.destination()
      for (const body of ['one', 'two', 'three']) await stage.send(client, destination, body)
      const inFlight: Promise<number>[] = []
      const calls = await stage.handle(client, destination, () => {
        inFlight.push(metering.counted('tracebaton.in_flight'))
      })
      await calls.ended(3)
      await stage.close()
      const here = { 'messaging.destination.name': destination }
      expect(await metering.counted('messaging.client.sent.messages', here)).toBe(3)
      expect(await metering.counted('messaging.client.consumed.messages', here)).toBe(3)
      expect(await metering.counted(PROCESSED, here)).toBe(3)
      expect(await metering.counted(DELIVERIES, { 'tracebaton.delivery.outcome': 'acked' })).toBe(3)
      expect(await metering.counted(DELIVERIES)).toBe(3)
      expect(await metering.labels(PROCESSED, 'messaging.message.id')).toEqual([undefined])
      for (const count of await Promise.all(inFlight)) expect(count).toBeGreaterThanOrEqual(0)
    },
  },
  {
    name: 'the time in the queue is measured once for each message',
    needs: ['sentTime', 'redelivery'],
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      await stage.send(client, destination, 'one')
      await stage.send(client, destination, 'two')
      const calls = await stage.handle(client, destination, (_, { number }) => {
        if (number === 1) throw new OrderError('no stock')
      })
      const attempts = await calls.ended(3)
      expect(await stage.metering.counted('tracebaton.queue.time')).toBe(2)
      const bodies = attempts.map(({ body }) => body)
      attempts.forEach(({ span, body }, index) => {
        const first = bodies.indexOf(body) === index
        assertSpan(span, {
          attributes: {
            'tracebaton.queue.age': expect.any(Number),
            'tracebaton.queue.time': first ? expect.any(Number) : undefined,
          },
        })
      })
    },
  },
  {
    name: 'a redelivery is counted as such, and a failed attempt with its error',
    needs: ['redelivery'],
    async run(stage) {
      const { metering } = stage
      const client = await stage.client()
      const destination = await stage.destination()
      await stage.send(client, destination, 'one')
      const calls = await stage.handle(client, destination, (_, { number }) => {
        if (number < 3) throw new OrderError('no stock')
      })
      await calls.ended(3)
      const [kind, outcome] = ['tracebaton.delivery.kind', 'tracebaton.delivery.outcome']
      expect(await metering.counted('messaging.client.sent.messages')).toBe(1)
      expect(await metering.counted(PROCESSED)).toBe(3)
      expect(await metering.counted(PROCESSED, { 'error.type': 'OrderError' })).toBe(2)
      expect(await metering.counted(DELIVERIES, { [kind]: 'first', [outcome]: 'requeued' })).toBe(1)
      expect(await metering.counted(DELIVERIES, { [kind]: 'redelivery', [outcome]: 'requeued' })).toBe(1)
      expect(await metering.counted(DELIVERIES, { [kind]: 'redelivery', [outcome]: 'acked' })).toBe(1)
    },
  },
  {
    name: 'a batch counts each of its messages once',
    needs: ['batchSend', 'batchHandling'],
    async run(stage) {
      const { metering } = stage
      const client = await stage.client()
      const destination = await stage.destination()
      await client.sendBatch(
        destination,
        ['one', 'two', 'three'].map((body) => stage.fixture.message(body)),
      )
      const calls = await stage.handleBatches(client, destination, (batch, handled) =>
        batch.forEachMessage((message) => handled.note(message)),
      )
      await calls.ended(3)
      await stage.close()
      expect(await metering.counted('messaging.client.sent.messages')).toBe(3)
      expect(await metering.counted('messaging.client.consumed.messages')).toBe(3)
      expect(await metering.counted(DELIVERIES)).toBe(3)
    },
  },
]
