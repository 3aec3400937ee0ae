import { deadLetter, redrive, retryLater } from '@tracebaton/bullmq'
import { assertSpan, assertSpans } from '@tracebaton/testing'
import type { Job } from 'bullmq'
import { expect, test } from 'vitest'
import { expectSound, openSession } from './bullmq-session.ts'

const noStock = new TypeError('no stock')

/** The trace fields on a job. */
const fieldsOf = ({ opts }: Job): Record<string, string> =>
  JSON.parse(opts.telemetry?.metadata ?? '{}') as Record<string, string>

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
    await redrive(orders, job)
  })
  await orders.add('order', {}, { attempts: 2, jobId: 'customer-42' })
  const attempts = await session.attempts(orders, 3)
  const [letter] = await session.attempts(dead, 1)

  expect(new Set(contexts).size).toBe(1)
  const [send] = session.sends(orders)
  const [first, second] = attempts
  const creation = [send!]
  assertSpans(attempts, [
    { attempt: 1, outcome: 'requeued', status: 'error', links: { creation } },
    { attempt: 2, outcome: 'dead_lettered', status: 'error', links: { creation, previous_attempt: [first!] } },
    {
      attempt: 1,
      deliveryKind: 'redrive',
      redrives: 1,
      outcome: 'acked',
      status: 'unset',
      links: { creation, previous_attempt: [letter!] },
    },
  ])
  assertSpan(letter, {
    parent: 'none',
    attempt: 1,
    deliveryKind: 'dead_letter',
    links: { creation, previous_attempt: [second!] },
  })
  expectSound(session)
})

test('a dead letter that is given up and put back in its own queue is redriven, and links its last attempt there', async () => {
  await using session = openSession()
  const [orders, dead] = [session.queue(), session.queue()]
  session.worker(orders, (job: Job) => deadLetter(dead, job, { to: dead.name, error: noStock }))
  let failures = 0
  const worker = session.worker(dead, async () => {
    failures += 1
    if (failures <= 2) throw noStock
  })
  worker.on('failed', (job) => void job?.retry())
  await orders.add('order', {}, { attempts: 1 })
  const [moved] = await session.attempts(orders, 1)
  const letters = await session.attempts(dead, 3)
  const gone = { attempt: 1, outcome: 'dead_lettered' } as const
  const [first, second] = letters
  assertSpans(letters, [
    { ...gone, deliveryKind: 'dead_letter', redrives: undefined, links: { previous_attempt: [moved!] } },
    { ...gone, deliveryKind: 'redrive', redrives: 1, links: { previous_attempt: [first!] } },
    { attempt: 1, deliveryKind: 'redrive', redrives: 2, outcome: 'acked', links: { previous_attempt: [second!] } },
  ])
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
  const [send] = session.sends(orders)
  assertSpans(
    [first!, second!],
    [
      { parent: send!, attempt: 1, outcome: 'retry_scheduled', errorType: 'TypeError' },
      {
        parent: send!,
        links: { creation: [send!], previous_attempt: [first!] },
        attempt: 2,
        deliveryKind: 'delayed',
        outcome: 'acked',
        queueAge: (age) => age! >= 0.5,
        queueTime: (time) => time! < 0.5,
      },
    ],
  )
  expectSound(session)
})
