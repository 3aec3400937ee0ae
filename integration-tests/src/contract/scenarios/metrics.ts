import { assertSpan } from '@tracebaton/testing'
import { AlwaysOffSampler, AlwaysOnSampler, BasicTracerProvider, type Sampler } from '@opentelemetry/sdk-trace-base'
import { expect } from 'vitest'
import { OrderError } from '../order-error.ts'
import type { Scenario } from '../scenario.ts'

const PROCESSED = 'messaging.process.duration'
const DELIVERIES = 'tracebaton.deliveries'

const KIND = 'tracebaton.delivery.kind'
const OUTCOME = 'tracebaton.delivery.outcome'

/** Of so many messages three of ten fail, each once. */
const MESSAGES = 20

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
      expect(await metering.counted('messaging.client.sent.messages')).toBe(1)
      expect(await metering.counted(PROCESSED)).toBe(3)
      expect(await metering.counted(PROCESSED, { 'error.type': 'OrderError' })).toBe(2)
      expect(await metering.counted(DELIVERIES, { [KIND]: 'first', [OUTCOME]: 'requeued' })).toBe(1)
      expect(await metering.counted(DELIVERIES, { [KIND]: 'redelivery', [OUTCOME]: 'requeued' })).toBe(1)
      expect(await metering.counted(DELIVERIES, { [KIND]: 'redelivery', [OUTCOME]: 'acked' })).toBe(1)
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
  recounted('sampled', new AlwaysOnSampler()),
  recounted('not sampled', new AlwaysOffSampler()),
]

function recounted(how: string, sampler: Sampler): Scenario {
  return {
    name: `metrics equal a recount of messages of which 30 % fail: ${how}`,
    needs: ['sentTime', 'redelivery'],
    varies: 'a message that failed comes again at any time among the others',
    async run(stage) {
      const { metering } = stage
      const client = await stage.client({ tracerProvider: new BasicTracerProvider({ sampler }) })
      const destination = await stage.destination()
      const bodies = Array.from({ length: MESSAGES }, (_, index) => `order ${index}`)
      for (const body of bodies) await stage.send(client, destination, body)
      const failing = new Set(bodies.filter((_, index) => index % 10 < 3))
      const expected = MESSAGES + failing.size
      const handled: { readonly first: boolean; readonly failed: boolean }[] = []
      const seen = new Set<string>()
      const calls = await stage.handle(client, destination, ({ body }) => {
        const failed = failing.delete(body)
        handled.push({ first: !seen.has(body), failed })
        seen.add(body)
        if (failed) throw new OrderError('no stock')
      })
      await calls.begun(expected)
      await stage.close()

      const count = (first: boolean, failed: boolean): number =>
        handled.filter((call) => call.first === first && call.failed === failed).length
      expect(handled).toHaveLength(expected)
      expect(await metering.counted('messaging.client.sent.messages')).toBe(MESSAGES)
      expect(await metering.counted('messaging.client.consumed.messages')).toBe(handled.length)
      expect(await metering.counted(PROCESSED)).toBe(handled.length)
      expect(await metering.counted(PROCESSED, { 'error.type': 'OrderError' })).toBe(count(true, true))
      expect(await metering.counted('tracebaton.queue.time')).toBe(MESSAGES)
      expect(await metering.counted(DELIVERIES)).toBe(handled.length)
      for (const [kind, first] of [
        ['first', true],
        ['redelivery', false],
      ] as const) {
        for (const [outcome, failed] of [
          ['acked', false],
          ['requeued', true],
        ] as const) {
          expect(await metering.counted(DELIVERIES, { [KIND]: kind, [OUTCOME]: outcome })).toBe(count(first, failed))
        }
      }
    },
  }
}
