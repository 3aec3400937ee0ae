import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Job } from 'bullmq'
import { assertSpan, assertSpans } from '@tracebaton/testing'
import { inject, test } from 'vitest'
import { expectSound, openSession } from './bullmq-session.ts'

/** A worker in a process of its own, once it has said something. */
async function startElsewhere(
  queue: string,
  work: 'hang' | 'fail',
): Promise<{ readonly child: ChildProcess; readonly said: string }> {
  const program = fileURLToPath(new URL('../src/adapters/programs/bullmq-worker.js', import.meta.url))
  const child = spawn(process.execPath, [program, inject('brokers').redis, queue, work], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, said: said.toString().trim() }
}

test('a job whose worker was killed is done by another, numbered, linked to its send, and says what it does not know', async () => {
  await using session = openSession()
  const queue = session.queue()
  await queue.add('order', {})
  const { child } = await startElsewhere(queue.name, 'hang')
  child.kill('SIGKILL')
  await once(child, 'exit')
  session.worker(queue, () => {})
  const [attempt] = await session.attempts(queue, 1)
  const [send] = session.sends(queue)
  assertSpan(attempt, { parent: send!, links: { creation: [send!] } })
  assertSpan(attempt, {
    attempt: 2,
    attemptSource: 'broker',
    deliveryKind: 'redelivery',
    outcome: 'acked',
    status: 'unset',
    errorType: undefined,
    previousAttempt: 'unknown',
    links: { previous_attempt: [] },
  })
  expectSound(session)
})

test('so does one whose worker, with the telemetry alone, was killed; only the number is missing', async () => {
  await using session = openSession()
  const queue = session.queue()
  await queue.add('order', {})
  const { child } = await startElsewhere(queue.name, 'hang')
  child.kill('SIGKILL')
  await once(child, 'exit')
  session.worker(queue, () => {}, {}, 'telemetry')
  const [attempt] = await session.attempts(queue, 1)
  assertSpan(attempt, { links: { creation: [session.sends(queue)[0]!] } })
  assertSpan(attempt, { attempt: 1, attemptSource: 'assumed', outcome: 'acked' })
})

test('an attempt asks Redis for the one before, which another process made, where it is told to', async () => {
  await using session = openSession()
  const { traceHandler } = await import('@tracebaton/bullmq')
  const queue = session.queue()
  await queue.add('order', {}, { attempts: 4 })
  const { child, said: before } = await startElsewhere(queue.name, 'fail')
  child.kill('SIGTERM')
  await once(child, 'exit')
  const processor = traceHandler(
    async ({ attemptsStarted }: Job) => {
      if (attemptsStarted < 4) throw new TypeError('no')
    },
    { readPreviousAttempt: true },
  )
  session.worker(queue, processor, {}, 'telemetry')
  const attempts = await session.attempts(queue, 3)
  // What the other process printed is the id of its span, in the trace of the send.
  const [send] = session.sends(queue)
  const elsewhere = { traceId: send!.traceId, spanId: before }
  assertSpans(attempts, [
    { attempt: 2, links: { previous_attempt: [elsewhere] } },
    { attempt: 3, links: { previous_attempt: [attempts[0]!] } },
    { attempt: 4, links: { previous_attempt: [attempts[1]!] } },
  ])
  expectSound(session)
})

test('of a killed worker Redis keeps nothing, and what it keeps of an attempt before that is nobody’s', async () => {
  await using session = openSession()
  const { traceHandler } = await import('@tracebaton/bullmq')
  const queue = session.queue()
  await queue.add('order', {}, { attempts: 4 })
  for (const work of ['fail', 'hang'] as const) {
    const { child } = await startElsewhere(queue.name, work)
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  session.worker(
    queue,
    traceHandler(async () => {}, { readPreviousAttempt: true }),
    {},
    'telemetry',
  )
  const [attempt] = await session.attempts(queue, 1)
  assertSpan(attempt, { attempt: 3, previousAttempt: 'unknown', links: { previous_attempt: [] }, outcome: 'acked' })
})
