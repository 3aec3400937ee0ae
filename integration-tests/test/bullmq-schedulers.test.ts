import { assertSpan, assertSpans, type RecordedSpan } from '@tracebaton/testing'
import { expect, test } from 'vitest'
import { expectSound, openSession, type Session } from './bullmq-session.ts'

/** Expects each iteration in a trace of its own, linked to the schedule's creation and to the iteration before. */
function expectIterations(attempts: readonly RecordedSpan[], creation: RecordedSpan | undefined): void {
  attempts.forEach((attempt, index) => {
    assertSpan(attempt, {
      parent: 'none',
      traceId: (traceId) => attempts.every((other) => other === attempt || other.traceId !== traceId),
      links: { creation: [creation!], scheduler: index === 0 ? [] : [attempts[index - 1]!] },
      attempt: 1,
      deliveryKind: 'first',
      outcome: 'acked',
      attributes: { 'tracebaton.creation.trace_id': creation!.traceId },
    })
  })
}

/** Runs a schedule until it has had so many iterations, each with a piece of work in it, and gives their attempts. */
async function iterate(session: Session, count: number, every: { every: number } | { pattern: string }) {
  const queue = session.queue()
  const tracer = session.options.tracerProvider!.getTracer('application')
  const worker = session.worker(queue, () => tracer.startSpan('query').end())
  await queue.upsertJobScheduler('report', { ...every, limit: count }, { name: 'report' })
  const attempts = await session.attempts(queue, count)
  await worker.close()
  return { queue, attempts }
}

test('a schedule of fifty iterations makes fifty bounded traces, and each is a link away from the one before', async () => {
  await using session = openSession()
  const { queue, attempts } = await iterate(session, 50, { every: 40 })
  expect(attempts).toHaveLength(50)
  const [creation, ...others] = session.sends(queue)
  expect(others).toEqual([])
  expectIterations(attempts, creation)
  const { spans } = session.recorder
  for (const attempt of attempts) {
    assertSpans(
      spans.filter(({ traceId }) => traceId === attempt.traceId),
      [{ name: 'query', parent: attempt }, { name: `process ${queue.name}` }],
    )
  }
  // Nothing else: one call, and two spans for each iteration.
  expect(spans).toHaveLength(101)
  expectSound(session)
})

test('a schedule by a pattern is traced in the same way', async () => {
  await using session = openSession()
  const { queue, attempts } = await iterate(session, 3, { pattern: '* * * * * *' })
  const [creation, ...others] = session.sends(queue)
  expect(others).toEqual([])
  expectIterations(attempts, creation)
})

test('the attempts of one iteration are linked to each other, and all of them to the iteration before', async () => {
  await using session = openSession()
  const queue = session.queue()
  session.worker(queue, ({ attemptsStarted }) => {
    if (attemptsStarted < 2) throw new TypeError('no')
  })
  await queue.upsertJobScheduler('report', { every: 300, limit: 2 }, { name: 'report', opts: { attempts: 2 } })
  const attempts = await session.attempts(queue, 4)
  const [first, second, third] = attempts
  assertSpans(attempts, [
    { links: { previous_attempt: [], scheduler: [] } },
    { links: { previous_attempt: [first!], scheduler: [] } },
    { links: { previous_attempt: [], scheduler: [second!] } },
    { links: { previous_attempt: [third!], scheduler: [second!] } },
  ])
})

test('a schedule made without tracing has iterations without a context, each linked to the one before', async () => {
  await using session = openSession()
  const queue = session.queue({}, 'nothing')
  session.worker(queue, () => {})
  await queue.upsertJobScheduler('report', { every: 100, limit: 3 }, { name: 'report' })
  const attempts = await session.attempts(queue, 3)
  const attributes = { 'tracebaton.context.status': 'absent' }
  assertSpans(attempts, [
    { attributes, links: { scheduler: [] } },
    { attributes, links: { scheduler: [attempts[0]!] } },
    { attributes, links: { scheduler: [attempts[1]!] } },
  ])
  assertSpans(session.sends(queue), [])
})

test.each(['all', 'telemetry'] as const)('the template of a schedule stays as it is: %s', async (extent) => {
  await using session = openSession()
  const queue = session.queue({}, extent)
  const template = Object.freeze({ name: 'report', opts: Object.freeze({ attempts: 2 }) })
  await queue.upsertJobScheduler('report', Object.freeze({ every: 60_000 }), template)
  expect(template).toEqual({ name: 'report', opts: { attempts: 2 } })
  expect(session.sends(queue)).toHaveLength(1)
})

test('what listeners of a worker add and schedule is the application’s, and has its context', async () => {
  await using session = openSession()
  const queue = session.queue({}, 'telemetry')
  const worker = session.worker(queue, () => {})
  worker.on('active', ({ name }) => {
    if (name === 'first') void queue.add('while active', {})
  })
  worker.on('completed', ({ name }) => {
    if (name === 'first') void queue.upsertJobScheduler('report', { every: 60_000, limit: 1 }, { name: 'scheduled' })
  })
  await queue.add('first', {})
  const attempts = await session.attempts(queue, 3)
  for (const attempt of attempts) assertSpan(attempt, { links: { creation: (links) => links.length === 1 } })
  expect(session.sends(queue)).toHaveLength(3)
})
