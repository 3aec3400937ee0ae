import { resolveTracing } from '@tracebaton/core/adapter'
import { beforeAll, expect, test } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { attemptOf, createRecording } from '../../testing/test/recording.ts'
import type { JobLike } from '../src/client.ts'
import { bullmqTelemetry, traceHandler } from '../src/index.ts'
import { Processing } from '../src/telemetry/processing.ts'
import { createBullmq } from './fake-bullmq.ts'
import { SCOPE } from '../src/scope.ts'
import { jobOf } from './job.ts'

beforeAll(useContexts)

test('what a processor is told of how to trace counts for more than what its worker is told', async () => {
  const [worker, processor] = [createRecording(), createRecording()]
  const { queue, work } = createBullmq(bullmqTelemetry(worker.options))
  await work(
    await queue.add('charge', 1),
    traceHandler(() => {}, processor.options),
  )
  expect(processor.span('process orders').attributes['tracebaton.delivery.outcome']).toBe('acked')
  expect(worker.spans('process orders')).toEqual([])
  expect([...worker.failures, ...processor.failures]).toEqual([])
})

test('the signal that BullMQ cancels a processor by is the very one, and stays as it is', async () => {
  const { signal } = new AbortController()
  const members = Reflect.ownKeys(signal)
  const { options, span } = createRecording()
  const { queue, added } = createBullmq(undefined)
  await queue.add('charge', 1)
  const cancelled = (_job: unknown, token?: string, given?: AbortSignal): Promise<void> =>
    Promise.reject(new TypeError(`${token} ${given === signal}`))
  await expect(traceHandler(cancelled, options)(added[0], 'token', signal)).rejects.toThrow('token true')
  expect(Reflect.ownKeys(signal)).toEqual(members)
  expect(span('process orders').attributes['error.type']).toBe('TypeError')
})

test('a processor without telemetry on its worker tells by its options what becomes of the job', async () => {
  const { options, spans } = createRecording()
  const fail = traceHandler((_job: JobLike) => Promise.reject(new TypeError('no stock')), options)
  await expect(fail(jobOf({ id: 'a', opts: { attempts: 2, backoff: 100 } }))).rejects.toThrow('no stock')
  await expect(fail(jobOf({ id: 'b', opts: { attempts: 1 } }))).rejects.toThrow('no stock')
  expect(spans('process orders').map((span) => attemptOf(span)['outcome'])).toEqual([
    'retry_scheduled',
    'dead_lettered',
  ])
})

test('an attempt links the attempts of the children of its job', () => {
  const { options, spans } = createRecording()
  const handle = traceHandler((job: JobLike) => job.name, options)
  handle(jobOf({ id: 'pack', parentKey: 'bull:orders:ship' }))
  handle(jobOf({ id: 'ship' }))
  const [child, parent] = spans('process orders')
  expect(parent!.links.map(({ role, spanId }) => [role, spanId])).toEqual([['child_job', child!.spanId]])
})

test('queues that come and go are not remembered for ever', () => {
  const { options } = createRecording()
  const tracing = resolveTracing(options, SCOPE)
  const worked = new Set<unknown>()
  for (let queue = 0; queue < 2_500; queue += 1) {
    new Processing(tracing, worked, undefined, true).setAttributes({ 'bullmq.queue.name': queue })
  }
  expect(worked.size).toBeLessThanOrEqual(1_000)
  expect(worked.has(2_499)).toBe(true)
})
