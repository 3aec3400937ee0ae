import { resolveTracing } from '@tracebaton/core/adapter'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { createRecording } from '../../testing/test/recording.ts'
import type { JobLike } from '../src/client.ts'
import { traceHandler } from '../src/index.ts'
import { readStored } from '../src/stored.ts'
import { jobOf } from './job.ts'
import { SCOPE } from '../src/scope.ts'

beforeAll(useContexts)
afterEach(() => {
  vi.useRealTimers()
})

const tracing = resolveTracing(undefined, SCOPE)
const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`

/** A job whose Redis holds these hashes. */
function storedJob(hashes: Readonly<Record<string, Readonly<Record<string, string>>>>, attemptsStarted = 2) {
  const client = Promise.resolve({
    hget: async (key: string, field: string) => hashes[key]?.[field] ?? null,
    hkeys: async (key: string) => Object.keys(hashes[key] ?? {}),
  })
  return { ...jobOf({ attemptsStarted }), queue: { getBackend: () => ({ client }) } }
}

const both = { previousAttempt: true, children: true }

describe('what is asked of Redis', () => {
  test('is the attempt before this one, if that is the one that was kept', async () => {
    const kept = (attempt: number) => storedJob({ 'bull:orders:1': { tm: JSON.stringify({ traceparent, attempt }) } })
    expect((await readStored(tracing, kept(1), both)).previousAttempt?.spanId).toBe('b'.repeat(16))
    for (const attempt of [0, 2, 3]) {
      expect((await readStored(tracing, kept(attempt), both)).previousAttempt).toBeUndefined()
    }
    const first = storedJob({ 'bull:orders:1': { tm: JSON.stringify({ traceparent, attempt: 0 }) } }, 1)
    expect((await readStored(tracing, first, both)).previousAttempt).toBeUndefined()
  })

  test.each(['null', '42', '{}', '{"attempt":1}', '{"attempt":1,"traceparent":"no"}'])(
    'may be anything: %s',
    async (tm) => {
      expect((await readStored(tracing, storedJob({ 'bull:orders:1': { tm } }), both)).previousAttempt).toBeUndefined()
    },
  )

  test('are the contexts of children, as far as they have any', async () => {
    const job = storedJob({
      'bull:orders:1:processed': { 'bull:stock:a': '1', 'bull:stock:b': '2', 'bull:stock:gone': '3' },
      'bull:stock:a': { opts: JSON.stringify({ tm: JSON.stringify({ traceparent }) }) },
      'bull:stock:b': { opts: '{}' },
    })
    const { children } = await readStored(tracing, job, both)
    expect([...(children ?? [])].map(([key, { spanId }]) => [key, spanId])).toEqual([['bull:stock:a', 'b'.repeat(16)]])
  })

  test('is nothing in a sandbox, on another store, or of a job without an id', async () => {
    expect(await readStored(tracing, jobOf(), both)).toEqual({})
    expect(await readStored(tracing, { ...jobOf(), queue: { getBackend: () => ({}) } }, both)).toEqual({})
    expect(await readStored(tracing, { ...storedJob({}), id: undefined }, both)).toEqual({})
  })
})

const processor = async ({ name }: JobLike): Promise<string> => name

/** A job that leads to this client. */
const job = (id: string, client: unknown) =>
  Object.assign(jobOf({ id, attemptsStarted: 2 }), { queue: { getBackend: () => ({ client }) } })

describe('a processor that waits for it', () => {
  const options = { readPreviousAttempt: true, readChildren: true }

  test.each([
    ['rejects', () => Promise.reject(new Error('closed'))],
    ['cannot be read', () => Promise.resolve({ hget: async () => 'not json', hkeys: async () => ['a'] })],
    ['is none', () => 42],
  ])('runs all the same where Redis %s', async (what, connect) => {
    const { options: tracingOptions, span } = createRecording()
    expect(await traceHandler(processor, { ...tracingOptions, ...options })(job(what, connect()))).toBe('charge')
    expect(span('process orders').attributes['tracebaton.previous_attempt']).toBe('unknown')
  })

  test('waits a second, and no longer', async () => {
    vi.useFakeTimers()
    const slow = vi.fn<(one: never) => void>()
    const running: unknown = traceHandler(slow, options)(job('slow', new Promise(() => {})) as never)
    await vi.advanceTimersByTimeAsync(999)
    expect(slow).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(slow).toHaveBeenCalledOnce()
    await running
  })
})
