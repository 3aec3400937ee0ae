import { deadLetter, redrive, retryLater } from '@tracebaton/bullmq'
import { messageFacts, type RecordedSpan } from '@tracebaton/testing'
import type { Job } from 'bullmq'
import { expect, test } from 'vitest'
import { expectSound, linked, openSession } from './bullmq-session.ts'

const noStock = new TypeError('no stock')

/** The trace fields on a job. */
const fieldsOf = ({ opts }: Job): Record<string, string> =>
  JSON.parse(opts.telemetry?.metadata ?? '{}') as Record<string, string>

const outcomes = (spans: readonly RecordedSpan[]): unknown[] => spans.map((span) => messageFacts(span).outcome)

test('a job that was given up goes to a queue of dead letters and from there back, in one story', async () => {
  await using session = openSession()
  const [orders, dead, flows] = [session.queue(), session.queue(), session.flows()]
  const contexts: unknown[] = []
  let healed = false
  session.worker(orders, async (job: Job) => {
    contexts.push(fieldsOf(job)['traceparent'])
    if (healed) return
    if (job.attemptsMade < 1) throw noStock
    await deadLetter(flows, job, { to: dead.name, error: noStock })
  })
  session.worker(dead, async (job: Job) => {
    contexts.push(fieldsOf(job)['traceparent'])
    healed = true
    await redrive(orders, job, {})
  })
  await orders.add('order', {}, { attempts: 2, jobId: 'customer-42' })
  const attempts = await session.attempts(orders, 3)
  const [letter] = await session.attempts(dead, 1)

  expect(new Set(contexts).size).toBe(1)
  expect(outcomes(attempts)).toEqual(['requeued', 'dead_lettered', 'acked'])
  expect(attempts.map(({ status }) => status)).toEqual(['error', 'error', 'unset'])
  expect(messageFacts(letter!)).toMatchObject({ attempt: 1, deliveryKind: 'dead_letter' })
  expect(messageFacts(attempts[2]!)).toMatchObject({ attempt: 1, deliveryKind: 'redrive' })
  expect(attempts[2]?.attributes['tracebaton.delivery.redrives']).toBe(1)
  expect(letter?.parentSpanId).toBeUndefined()
  expect(linked(letter!, 'previous_attempt')).toEqual([attempts[1]?.spanId])
  expect(linked(attempts[2]!, 'previous_attempt')).toEqual([letter?.spanId])
  const [send] = session.sends(orders)
  for (const attempt of [...attempts, letter!]) expect(linked(attempt, 'creation')).toEqual([send?.spanId])
  expectSound(session)
})

test('a retry copy counts on where the job left off, and the pause it was to have is no time in the queue', async () => {
  await using session = openSession()
  const orders = session.queue()
  session.worker(orders, async (job: Job) => {
    if (fieldsOf(job)['tracebaton'] === undefined) await retryLater(orders, job, { error: noStock, delay: 500 })
  })
  await orders.add('order', {})
  const [first, second] = await session.attempts(orders, 2)
  expect(messageFacts(first!)).toMatchObject({ attempt: 1, outcome: 'retry_scheduled', errorType: 'TypeError' })
  expect(messageFacts(second!)).toMatchObject({ attempt: 2, deliveryKind: 'delayed', outcome: 'acked' })
  expect(messageFacts(second!).queueAge).toBeGreaterThanOrEqual(0.5)
  expect(messageFacts(second!).queueTime).toBeLessThan(0.5)
  expect(second?.parentSpanId).toBe(first?.parentSpanId)
  expect(linked(second!, 'previous_attempt')).toEqual([first?.spanId])
  expectSound(session)
})
