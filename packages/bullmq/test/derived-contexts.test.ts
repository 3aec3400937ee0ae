import { context as contexts, trace } from '@opentelemetry/api'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { useContexts, useDerivedContexts } from '../../core/test/contexts.ts'
import { attemptOf, createRecording } from '../../testing/test/recording.ts'
import { bullmqTelemetry, traceHandler, type JobLike } from '../src/index.ts'
import { createBullmq } from './fake-bullmq.ts'

beforeAll(useDerivedContexts)
afterAll(useContexts)

const done = (): void => {}
const failing = (): void => {
  throw new TypeError('no stock')
}

test.each([
  ['completed', done, 'acked'],
  ['failed', failing, 'dead_lettered'],
])(
  'a context manager that derives contexts is one: a job that is %s has one attempt with all its facts',
  async (_, run, outcome) => {
    const recording = createRecording()
    const { queue, work } = createBullmq(bullmqTelemetry(recording.options))
    const active: unknown[] = []
    const handle = traceHandler((_job: JobLike) => {
      active.push(trace.getSpanContext(contexts.active())?.spanId)
      return run()
    }, recording.options)
    await work(await queue.add('charge', 1), handle)
    const span = recording.span('process orders')
    expect(attemptOf(span)).toMatchObject({ attempt: 1, source: 'broker', outcome })
    expect(active).toEqual([span.spanId])
    expect(recording.failures).toEqual([])
  },
)

test('telemetry alone begins an attempt under such a context manager where the active span is looked at', async () => {
  const recording = createRecording()
  const { queue, work } = createBullmq(bullmqTelemetry(recording.options))
  const active: unknown[] = []
  await work(await queue.add('charge', 1), () => active.push(trace.getSpanContext(contexts.active())?.spanId))
  expect(active).toEqual([recording.span('process orders').spanId])
  expect(attemptOf(recording.span('process orders'))).toMatchObject({ outcome: 'acked' })
  expect(recording.failures).toEqual([])
})
