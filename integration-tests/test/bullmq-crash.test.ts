import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { assertSpan } from '@tracebaton/testing'
import { inject, test } from 'vitest'
import { expectSound, openSession } from './bullmq-session.ts'

/** A worker in a process of its own, once it works on a job. */
async function startElsewhere(queue: string): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('../src/adapters/programs/bullmq-worker.js', import.meta.url))
  const child = spawn(process.execPath, [program, inject('brokers').redis, queue], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  return child
}

test('a job whose worker was killed is done by another, numbered, linked to its send, and says what it does not know', async () => {
  await using session = openSession()
  const queue = session.queue()
  await queue.add('order', {})
  const child = await startElsewhere(queue.name)
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
  const child = await startElsewhere(queue.name)
  child.kill('SIGKILL')
  await once(child, 'exit')
  session.worker(queue, () => {}, {}, 'telemetry')
  const [attempt] = await session.attempts(queue, 1)
  assertSpan(attempt, { links: { creation: [session.sends(queue)[0]!] } })
  assertSpan(attempt, { attempt: 1, attemptSource: 'assumed', outcome: 'acked' })
})
