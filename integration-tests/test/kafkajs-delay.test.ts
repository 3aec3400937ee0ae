import { setTimeout as delay } from 'node:timers/promises'
import { retryLater, traceHandler } from '@tracebaton/kafka'
import { assertJourney, assertSpan, messageFacts } from '@tracebaton/testing'
import { expect, test } from 'vitest'
import { openSession } from './kafkajs-session.ts'

/** ms that a message waits on the topic for later tries. */
const WAIT = 1_500

test.each([
  ['holds what it received', 'holds'],
  ['leaves what is not due with the broker', 'leaves'],
])('a consumer that %s tries a message when it is due, and the wait is no time in the queue', async (_, way) => {
  await using session = await openSession(true)
  const [orders, later, producer] = [await session.topic(), await session.topic(), await session.producer()]
  const consumer = await session.consumer(orders)
  await consumer.run({
    eachMessage: async (payload) => {
      await retryLater(producer, payload, { to: later, error: new TypeError('no stock'), delay: WAIT })
    },
  })
  const handle = traceHandler(async () => {})
  const waiting = await session.consumer(later)
  let [arrivedAt, dueAt] = [0, 0]
  await waiting.run({
    eachBatch: async (payload) => {
      const { topic, partition, messages } = payload.batch
      const [message] = messages
      arrivedAt = Date.now()
      dueAt = Number(message!.timestamp) + WAIT
      if (way === 'leaves' && arrivedAt < dueAt) {
        const resume = payload.pause()
        waiting.seek({ topic, partition, offset: message!.offset })
        setTimeout(resume, dueAt - arrivedAt)
        return
      }
      // oxlint-disable-next-line no-await-in-loop -- it waits
      while (Date.now() < dueAt) await delay(dueAt - Date.now())
      await handle(message!)
    },
  })
  await producer.send({ topic: orders, messages: [{ value: 'order 1042' }] })

  const steps = [`send ${orders}`, `process ${orders} attempt 1 retry_scheduled`, `process ${later} attempt 2 acked`]
  await session.recorder.until((spans) => assertJourney(spans, steps), { timeout: 20_000 })
  const second = session.recorder.spans.find((span) => messageFacts(span).attempt === 2)
  // Within half a second, because the machine may be busy: the wait is much longer.
  const queueTime = expect.closeTo(Math.max(0, arrivedAt - dueAt) / 1000, 0)
  assertSpan(second, { deliveryKind: 'delayed', attemptSource: 'field', queueTime })
  // A span does not read the clock that the record does.
  const early = dueAt - (second?.startTime ?? 0)
  expect(early).toBeLessThan(50)
  expect(session.failures).toEqual([])
})
