import { assertSpans, assertSpan } from '@tracebaton/testing'
import { expect, test } from 'vitest'
import { eventually, expectSound, openSession } from './bullmq-session.ts'

test('an idle worker records nothing, however often it keeps house', async () => {
  await using session = openSession()
  const queue = session.queue()
  const times = { stalledInterval: 20, lockDuration: 80, lockRenewTime: 40, drainDelay: 0.02 }
  let rounds = 0
  const worker = session.worker(queue, () => {}, times)
  const keeper = worker as unknown as Housekeeper
  const keepHouse = keeper.moveStalledJobsToWait.bind(worker)
  keeper.moveStalledJobsToWait = () => {
    rounds += 1
    return keepHouse()
  }
  await eventually(() => expect(rounds).toBeGreaterThan(50))
  await worker.pause()
  await worker.resume()
  await queue.pause()
  await queue.resume()
  await queue.getJobCounts()
  await queue.drain()
  await queue.clean(0, 10)
  await queue.trimEvents(10)
  await worker.close()
  await queue.close()
  assertSpans(session.recorder.spans, [])
  expectSound(session)
})

test('the renewal of locks during a long job records nothing', async () => {
  await using session = openSession()
  const queue = session.queue()
  let renewals = 0
  const worker = session.worker(queue, () => eventually(() => expect(renewals).toBeGreaterThan(3)), {
    lockDuration: 200,
    lockRenewTime: 40,
  })
  worker.on('locksRenewed', () => void (renewals += 1))
  await queue.add('order', {})
  await session.attempts(queue, 1)
  await worker.close()
  assertSpans(session.recorder.spans, [{ name: `add ${queue.name}` }, { name: `process ${queue.name}` }])
  expectSound(session)
})

test('housekeeping that goes on in a handler’s or a request’s context records nothing either', async () => {
  await using session = openSession()
  const tracer = session.options.tracerProvider!.getTracer('application')
  const queue = session.queue()
  await tracer.startActiveSpan('start-up', async (span) => {
    session.worker(queue, async () => {
      await queue.getJobCounts()
      await queue.rateLimit(1)
    })
    span.end()
  })
  await queue.add('order', {})
  const [attempt] = await session.attempts(queue, 1)
  assertSpan(attempt, { parent: session.sends(queue)[0]! })
  expect(session.recorder.spans).toHaveLength(3)
})

/** A part of BullMQ's worker that its types keep to itself. */
interface Housekeeper {
  moveStalledJobsToWait(): Promise<unknown>
}
