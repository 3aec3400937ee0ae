import { expect, test } from 'vitest'
import { createRecording, type Recording } from '../../testing/test/recording.ts'
import { bullmqTelemetry, traceHandler, type JobLike } from '../src/index.ts'
import { createBullmq } from './fake-bullmq.ts'

const WARNING = /^no context manager is registered: /

const done = (): void => {}
const failing = (): void => {
  throw new TypeError('no stock')
}

/** Works on a job where no context manager is registered. */
async function work(
  recording: Recording,
  processor: (job: JobLike, options: Recording['options']) => unknown,
): Promise<readonly unknown[]> {
  const { queue, work: handle } = createBullmq(bullmqTelemetry(recording.options))
  for (const name of ['one', 'two']) {
    // oxlint-disable-next-line no-await-in-loop
    await handle(await queue.add(name, 1), (job) => processor(job, recording.options))
  }
  return recording
    .spans('process orders')
    .map(({ attributes, status }) => [
      attributes['tracebaton.delivery.attempt'],
      attributes['tracebaton.delivery.outcome'],
      status,
    ])
}

test.each([
  ['completed', done, [1, 'acked', 'unset']],
  ['failed', failing, [1, undefined, 'error']],
])('without a context manager a job that is %s has the outcome that BullMQ tells, or none', async (_, run, attempt) => {
  const recording = createRecording()
  expect(await work(recording, run)).toEqual([attempt, attempt])
  expect(recording.failures).toEqual(
    [new Error('')].map(() => expect.objectContaining({ message: expect.stringMatching(WARNING) })),
  )
})

test.each([
  ['completed', done, [1, 'acked', 'unset']],
  ['failed', failing, [1, 'dead_lettered', 'error']],
])('without a context manager a job of a traced processor that is %s has one attempt', async (_, run, attempt) => {
  const recording = createRecording()
  expect(await work(recording, (job, options) => traceHandler((_job: JobLike) => run(), options)(job))).toEqual([
    attempt,
    attempt,
  ])
  expect(recording.failures).toHaveLength(1)
})
