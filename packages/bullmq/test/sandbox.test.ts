import { createTracing, type OnError } from '@tracebaton/core'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { createRecording } from '../../testing/test/recording.ts'
import type { JobLike } from '../src/client.ts'
import { traceHandler } from '../src/sandbox.ts'
import { jobOf } from './job.ts'

beforeAll(useContexts)
afterEach(() => {
  vi.useRealTimers()
})

const name = (job: JobLike): string => job.name

describe('the processor of a sandbox', () => {
  test('gives what it gives and rejects with what it throws, with one attempt each', async () => {
    const { options, spans } = createRecording()
    expect(await traceHandler(name, options)(jobOf())).toBe('charge')
    const error = new TypeError('no')
    const failing = traceHandler((): never => {
      throw error
    }, options)
    await expect(failing(undefined)).rejects.toBe(error)
    expect(spans('process orders')).toHaveLength(1)
  })

  test('has its attempt ended before it is flushed, and is flushed before it is done', async () => {
    const { options, spans } = createRecording()
    const order: string[] = []
    const flush = async (): Promise<void> => {
      order.push(`flush ${spans('process orders').length}`)
    }
    await traceHandler(name, { ...options, flush })(jobOf()).then(() => order.push('done'))
    expect(order).toEqual(['flush 1', 'done'])
  })

  test('says once that the sandbox has no SDK', async () => {
    const onError = vi.fn<OnError>()
    const handle = traceHandler(name, { onError, flush: false })
    await handle(jobOf())
    await handle(jobOf())
    expect(onError).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ message: expect.stringContaining('A sandbox has no OpenTelemetry SDK') }),
      { stage: 'options' },
    )
    const { options } = createRecording()
    const heard = vi.fn<OnError>()
    await traceHandler(name, { ...options, onError: heard })(jobOf())
    expect(heard).not.toHaveBeenCalled()
  })

  test('flushes the provider in use', async () => {
    const { options, provider } = createRecording()
    const forceFlush = vi.spyOn(provider, 'forceFlush')
    await traceHandler(name, options)(jobOf())
    expect(forceFlush).toHaveBeenCalledOnce()
    await traceHandler(name, { ...options, flush: false })(jobOf())
    expect(forceFlush).toHaveBeenCalledOnce()
  })

  test.each([
    [
      'throws',
      (): never => {
        throw new Error('offline')
      },
    ],
    ['rejects', () => Promise.reject(new Error('offline'))],
  ])('does not suffer from a flush that %s', async (_, flush) => {
    expect(await traceHandler(name, { flush })(jobOf())).toBe('charge')
  })

  test('waits a second for a flush, and no longer', async () => {
    vi.useFakeTimers()
    const finished = vi.fn<() => void>()
    const job = traceHandler(name, { flush: () => new Promise(() => {}) })(jobOf()).then(finished)
    await vi.advanceTimersByTimeAsync(999)
    expect(finished).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(finished).toHaveBeenCalledOnce()
    await job
  })

  test('works with an instance that is shared, and where no SDK is', async () => {
    expect(await traceHandler(name, { tracing: createTracing() })(jobOf())).toBe('charge')
    expect(await traceHandler(name)(jobOf())).toBe('charge')
  })
})
