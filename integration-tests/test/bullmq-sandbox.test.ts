import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { assertSpan, assertSpans, type RecordedSpan } from '@tracebaton/testing'
import type * as bullmq from 'bullmq'
import { QueueEvents } from 'bullmq'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadClient } from '../src/adapters/client.ts'
import { expectSound, openSession } from './bullmq-session.ts'

const processor = fileURLToPath(new URL('../src/adapters/programs/bullmq-sandbox.js', import.meta.url))

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tracebaton-'))
})
afterAll(() => rm(folder, { recursive: true }))

test.each([
  ['a child process', false, 'bullmq'],
  ['a worker thread', true, 'bullmq'],
  ['a worker thread of the oldest version', true, 'bullmq-oldest'],
] as const)('attempts in %s are recorded there, and nowhere else', async (what, useWorkerThreads, client) => {
  const { module } = await loadClient<typeof bullmq>('bullmq', client, import.meta.filename)
  await using session = openSession({ sandboxed: true })
  const file = join(folder, `${what}.jsonl`)
  const queue = session.queue()
  const events = new QueueEvents(queue.name, { connection: session.connection })
  const env = { ...process.env, SPANS: file, NODE_OPTIONS: '' }
  const places = { useWorkerThreads, workerForkOptions: { env }, workerThreadsOptions: { env } }
  const worker = session.worker(queue, processor, places, 'all', module.Worker)
  const flaky = await queue.add('flaky', 42, { attempts: 2, backoff: 10 })
  expect(await flaky.waitUntilFinished(events)).toBe(42)
  await worker.close()
  await events.close()

  const spans = (await readFile(file, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as RecordedSpan)
  const attempts = spans.filter(({ name }) => name === `process ${queue.name}`)
  const [send] = session.sends(queue)
  assertSpans(attempts, [
    {
      attempt: 1,
      attemptSource: 'broker',
      deliveryKind: 'first',
      outcome: 'retry_scheduled',
      status: 'error',
      errorType: 'TypeError',
      previousAttempt: undefined,
      links: { previous_attempt: [] },
    },
    {
      attempt: 2,
      attemptSource: 'broker',
      deliveryKind: 'redelivery',
      outcome: 'acked',
      status: 'unset',
      errorType: undefined,
      links: { previous_attempt: [attempts[0]!] },
    },
  ])
  for (const attempt of attempts) {
    assertSpan(attempt, { parent: send!, links: { creation: [send!] } })
  }
  const query = spans.find(({ name }) => name === 'query')
  assertSpan(query, { parent: attempts[1]! })
  assertSpans(session.recorder.spans, [{ name: `add ${queue.name}` }])
  expectSound(session)
})
