import { assertSpan, assertSpans } from '@tracebaton/testing'
import { expect, test } from 'vitest'
import { eventually, expectSound, openSession } from './bullmq-session.ts'

const MALFORMED: Readonly<Record<string, string>> = {
  'text that is no JSON': 'not json',
  null: 'null',
  'a megabyte of text': 'x'.repeat(1_000_000),
  'a megabyte of JSON': JSON.stringify({ traceparent: 'x'.repeat(1_000_000) }),
  'a list': '["traceparent"]',
  'a number': '42',
}

test.each(Object.entries(MALFORMED))(
  'a job with metadata that is %s runs, and so does the next',
  async (_, metadata) => {
    await using session = openSession()
    const queue = session.queue({}, 'nothing')
    const names: string[] = []
    session.worker(queue, ({ name }) => void names.push(name))
    await queue.add('odd', {}, { telemetry: { metadata } })
    await queue.add('next', {})
    const [odd, next] = await session.attempts(queue, 2)
    expect(names).toEqual(['odd', 'next'])
    assertSpan(odd, { parent: 'none', links: [], attributes: { 'tracebaton.context.status': 'malformed' } })
    assertSpan(next, { attributes: { 'tracebaton.context.status': 'absent' } })
    expectSound(session)
  },
)

test.each(Object.entries(MALFORMED))(
  'a worker with the telemetry alone survives metadata that is %s',
  async (_, metadata) => {
    await using session = openSession()
    const queue = session.queue({}, 'nothing')
    session.worker(queue, () => {}, {}, 'telemetry')
    await queue.add('odd', {}, { telemetry: { metadata } })
    await queue.add('next', {})
    const [odd, next] = await session.attempts(queue, 2)
    assertSpan(odd, { attributes: { 'tracebaton.context.status': 'malformed' } })
    assertSpan(next, { attributes: { 'tracebaton.context.status': 'absent' } })
    expectSound(session)
  },
)

test.each([
  ['of another tracer', '{"sentry-trace":"1"}'],
  ['of nothing', '{}'],
  ['of a prototype', '{"__proto__":{"traceparent":"00"}}'],
])('a job with metadata %s has no context that we know', async (_, metadata) => {
  await using session = openSession()
  const queue = session.queue({}, 'nothing')
  session.worker(queue, () => {})
  await queue.add('other', {}, { telemetry: { metadata } })
  const [attempt] = await session.attempts(queue, 1)
  assertSpan(attempt, { parent: 'none', links: [], attributes: { 'tracebaton.context.status': 'absent' } })
  expectSound(session)
})

test.each(['all', 'telemetry'] as const)('a job that wants to carry no context carries none: %s', async (extent) => {
  await using session = openSession()
  const queue = session.queue({}, extent)
  await queue.add('private', {}, { telemetry: { omitContext: true } })
  await queue.addBulk([{ name: 'private', data: {}, opts: { telemetry: { omitContext: true } } }])
  for (const { opts } of await queue.getJobs()) expect(Boolean(opts.telemetry?.metadata)).toBe(false)
  expect(session.sends(queue)).toHaveLength(2)
  session.worker(queue, () => {})
  for (const attempt of await session.attempts(queue, 2)) {
    assertSpan(attempt, { links: [], attributes: { 'tracebaton.context.status': 'absent' } })
  }
})

test('options that are frozen or shared stay as they are, and each job has a context of its own', async () => {
  await using session = openSession()
  const queue = session.queue()
  const opts = Object.freeze({ attempts: 2, telemetry: Object.freeze({ metadata: '{"region":"north"}' }) })
  await queue.add('order', {}, opts)
  await queue.addBulk(Object.freeze([1, 2].map((data) => Object.freeze({ name: 'order', data, opts }))) as never)
  expect(opts).toEqual({ attempts: 2, telemetry: { metadata: '{"region":"north"}' } })
  const metadata = (await queue.getJobs()).map((job) => JSON.parse(job.opts.telemetry?.metadata ?? '') as object)
  expect(metadata).toHaveLength(3)
  for (const fields of metadata) expect(fields).toMatchObject({ region: 'north', traceparent: expect.any(String) })
  expect(new Set(metadata.map((fields) => JSON.stringify(fields))).size).toBe(3)
})

test('a context that the caller brings is kept by every call, and linked', async () => {
  await using session = openSession()
  const queue = session.queue()
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
  const metadata = JSON.stringify({ traceparent })
  const job = { name: 'order', data: {}, opts: { telemetry: { metadata } } }
  await queue.add(job.name, job.data, job.opts)
  await queue.addBulk([job])
  await queue.upsertJobScheduler('report', { every: 60_000 }, job)
  await session.flows().add({ queueName: queue.name, ...job })
  const creation = [{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }]
  assertSpans(
    session.sends(queue),
    [1, 2, 3, 4].map(() => ({ kind: 'client', links: { creation } })),
  )
  for (const { opts } of await queue.getJobs()) expect(opts.telemetry?.metadata).toBe(metadata)
})

test('a queue with other telemetry says that there will be two spans for everything', async () => {
  await using session = openSession()
  const { BullMQOtel } = await import('bullmq-otel')
  session.queue({ telemetry: new BullMQOtel() })
  session.queue()
  await eventually(() => expect(session.failures).toHaveLength(1))
  expect(String(session.failures[0])).toContain('telemetry of another package')
})
