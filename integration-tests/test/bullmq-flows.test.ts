import { randomUUID } from 'node:crypto'
import { assertSpan, assertSpans, type RecordedSpan } from '@tracebaton/testing'
import { WaitingChildrenError, type FlowJob, type Job } from 'bullmq'
import { expect, test } from 'vitest'
import { expectSound, openSession } from './bullmq-session.ts'

/** Three levels, with and without options. */
function flowOn(queueName: string): FlowJob {
  return {
    name: 'ship',
    queueName,
    children: [
      { name: 'pack', queueName, opts: { attempts: 2 }, children: [{ name: 'fetch', queueName, data: 1 }] },
      { name: 'bill', queueName, opts: {} },
    ],
  }
}

function byJob(spans: readonly RecordedSpan[]): ReadonlyMap<unknown, RecordedSpan> {
  return new Map(spans.map((span) => [span.attributes['bullmq.job.name'], span]))
}

test('each job of a flow is handled below its own creation, and links the attempts of its children', async () => {
  await using session = openSession()
  const queue = session.queue()
  await session.flows().add(flowOn(queue.name))
  session.worker(queue, () => {})
  const attempts = byJob(await session.attempts(queue, 4))
  const creates = byJob(session.recorder.spans.filter(({ name }) => name === `create ${queue.name}`))
  expect([...creates.keys()]).toEqual(['ship', 'pack', 'fetch', 'bill'])
  const children: Readonly<Record<string, readonly string[]>> = { ship: ['pack', 'bill'], pack: ['fetch'] }
  for (const [name, attempt] of attempts) {
    const childJobs = (children[String(name)] ?? []).map((child) => attempts.get(child)!)
    assertSpan(attempt, { parent: creates.get(name)!, links: { child_job: childJobs } })
  }
  const [add] = session.sends(queue)
  assertSpan(add, { batchSize: 4, links: { message: [...creates.values()] } })
  expectSound(session)
})

test('of a child with several attempts the parent links the last', async () => {
  await using session = openSession()
  const queue = session.queue()
  await session.flows().add(flowOn(queue.name))
  session.worker(queue, ({ name, attemptsStarted }) => {
    if (name === 'pack' && attemptsStarted === 1) throw new TypeError('no')
  })
  const attempts = await session.attempts(queue, 5)
  const pack = attempts.filter(({ attributes }) => attributes['bullmq.job.name'] === 'pack')
  const [ship, bill] = ['ship', 'bill'].map((name) => byJob(attempts).get(name))
  assertSpan(ship, { links: { child_job: [pack[1]!, bill!] } })
})

test('a frozen flow is added, stays as it is, and is added again with other contexts', async () => {
  await using session = openSession()
  const queue = session.queue()
  const flows = session.flows()
  const leaf = Object.freeze({ name: 'fetch', queueName: queue.name })
  const flow = Object.freeze({ name: 'ship', queueName: queue.name, children: Object.freeze([leaf]) as FlowJob[] })
  const before = structuredClone(flow)
  await flows.addBulk(Object.freeze([flow, flow]) as FlowJob[])
  expect(flow).toEqual(before)
  const jobs = await queue.getJobs()
  const contexts = jobs.map(({ opts }) => opts.telemetry?.metadata)
  expect(new Set(contexts).size).toBe(4)
  expect(contexts).not.toContain(undefined)
})

test('a flow over several queues has a call without a destination, and jobs with theirs', async () => {
  await using session = openSession()
  const [orders, stock] = [session.queue(), session.queue()]
  await session.flows().add({
    name: 'ship',
    queueName: orders.name,
    children: [{ name: 'fetch', queueName: stock.name }],
  })
  const names = [`create ${orders.name}`, `create ${stock.name}`, 'add']
  assertSpans(
    session.recorder.spans,
    names.map((name) => ({ name })),
  )
})

test('a flow that BullMQ refuses fails as without tracing', async () => {
  await using session = openSession()
  const flow = { name: 'ship', queueName: `q-${randomUUID()}`, opts: { jobId: '1' } }
  await expect(session.flows('nothing').add(flow)).rejects.toThrow('Custom Id cannot be integers')
  await expect(session.flows().add(flow)).rejects.toThrow('Custom Id cannot be integers')
  await expect(session.flows('telemetry').add(flow)).rejects.toThrow('Custom Id cannot be integers')
  assertSpans(session.recorder.spans, [
    { kind: 'producer', status: 'error' },
    { kind: 'producer', status: 'error' },
  ])
  await expect(session.flows().add(undefined as never)).rejects.toThrow(TypeError)
  await expect(session.flows('nothing').add(undefined as never)).rejects.toThrow(TypeError)
})

test('a parent that adds children while it works, and waits for them, did not fail', async () => {
  await using session = openSession()
  const queue = session.queue()
  session.worker(queue, async (job: Job, token = '') => {
    if (job.name === 'child' || job.attemptsStarted > 1) return
    await queue.add('child', {}, { parent: { id: job.id!, queue: job.queueQualifiedName } })
    if (await job.moveToWaitingChildren(token)) throw new WaitingChildrenError()
  })
  await queue.add('parent', {})
  const attempts = await session.attempts(queue, 3)
  const parents = attempts.filter(({ attributes }) => attributes['bullmq.job.name'] === 'parent')
  const child = byJob(attempts).get('child')
  assertSpans(parents, [
    { attempt: 1, outcome: 'retry_scheduled', status: 'unset' },
    { attempt: 2, outcome: 'acked', links: { previous_attempt: [parents[0]!] } },
  ])
  assertSpan(parents[1], { links: { child_job: [child!] } })
  const [, send] = session.sends(queue)
  assertSpan(send, { parent: parents[0]! })
  expectSound(session)
})

test('a parent that fails because of its child has an attempt that says so', async () => {
  await using session = openSession()
  const queue = session.queue()
  await session.flows().add({
    name: 'ship',
    queueName: queue.name,
    children: [{ name: 'fetch', queueName: queue.name, opts: { failParentOnFailure: true } }],
  })
  session.worker(queue, () => {
    throw new TypeError('no stock')
  })
  const attempts = byJob(await session.attempts(queue, 2))
  assertSpan(attempts.get('ship'), { status: 'error', statusMessage: expect.stringContaining('child') })
  assertSpan(attempts.get('ship'), { outcome: 'dead_lettered', errorType: '_OTHER' })
})
