import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, inject, test } from 'vitest'
import { attemptOf, expectSound, linked, openSession } from './bullmq-session.ts'

/** A worker in a process of its own, once it has said something. */
async function startElsewhere(queue: string, work: 'hang' | 'fail'): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('../src/adapters/programs/bullmq-worker.js', import.meta.url))
  const child = spawn(process.execPath, [program, inject('brokers').redis, queue, work], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  return child
}

test('a job whose worker was killed is done by another, numbered, linked to its send, and says what it does not know', async () => {
  await using session = openSession()
  const queue = session.queue()
  await queue.add('order', {})
  const child = await startElsewhere(queue.name, 'hang')
  child.kill('SIGKILL')
  await once(child, 'exit')
  session.worker(queue, () => {})
  const [attempt] = await session.attempts(queue, 1)
  const [send] = session.sends(queue)
  expect(attempt?.parentSpanId).toBe(send?.spanId)
  expect(linked(attempt!, 'creation')).toEqual([send?.spanId])
  expect(attemptOf(attempt!)).toEqual({
    attempt: 2,
    source: 'broker',
    kind: 'redelivery',
    outcome: 'acked',
    status: 'unset',
    error: undefined,
    previous: 'unknown',
  })
  expectSound(session)
})

test('so does one whose worker, with the telemetry alone, was killed; only the number is missing', async () => {
  await using session = openSession()
  const queue = session.queue()
  await queue.add('order', {})
  const child = await startElsewhere(queue.name, 'hang')
  child.kill('SIGKILL')
  await once(child, 'exit')
  session.worker(queue, () => {}, {}, 'telemetry')
  const [attempt] = await session.attempts(queue, 1)
  expect(linked(attempt!, 'creation')).toEqual([session.sends(queue)[0]?.spanId])
  expect(attemptOf(attempt!)).toMatchObject({ attempt: 1, source: 'assumed', outcome: 'acked' })
})
