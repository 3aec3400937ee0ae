import { diag, type DiagLogFunction } from '@opentelemetry/api'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { quietly } from '../../src/base/quietly.ts'
import { createReport, type OnError, type Stage } from '../../src/base/report.ts'
import { resetGlobals } from '../sdk.ts'

resetGlobals()

const failure = new Error('ours')
const nothing = () => undefined
const broken = () => {
  throw new Error('broken')
}

describe('a guard', () => {
  it('gives what the work gives', () => {
    expect(createReport(nothing, nothing).guard('span', () => 7)).toBe(7)
  })

  it('contains what the work throws, tells it and counts it', () => {
    const told: unknown[] = []
    const counted: Stage[] = []
    const report = createReport(
      (error, details) => told.push([error, details]),
      (stage) => counted.push(stage),
    )
    for (const thrown of [failure, undefined, null, 'text']) {
      expect(
        report.guard('hook', () => {
          throw thrown
        }),
      ).toBeUndefined()
    }
    expect(told).toEqual([failure, undefined, null, 'text'].map((error) => [error, { stage: 'hook' }]))
    expect(counted).toEqual(['hook', 'hook', 'hook', 'hook'])
  })
})

describe('telling', () => {
  const unhandled = vi.fn<(error: unknown) => void>()
  beforeEach(() => void process.on('unhandledRejection', unhandled))
  afterEach(() => {
    process.off('unhandledRejection', unhandled)
    unhandled.mockClear()
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('deaf')
      },
    ],
    ['rejects', () => Promise.reject(new Error('deaf'))],
  ])('contains a listener that %s', async (_, onError) => {
    const counted: Stage[] = []
    expect(() => createReport(onError, (stage) => counted.push(stage)).failed('span', failure)).not.toThrow()
    await new Promise((resolve) => setImmediate(resolve))
    expect(unhandled).not.toHaveBeenCalled()
    expect(counted).toEqual(['span'])
  })

  it('tells the listener even when nothing can be counted', () => {
    const onError = vi.fn<OnError>()
    createReport(onError, broken).failed('metrics', failure)
    expect(onError).toHaveBeenCalledWith(failure, { stage: 'metrics' })
  })

  it('hands the failure of foreign work to whom it concerns', async () => {
    const failed = vi.fn<(error: unknown) => void>()
    quietly(() => {
      throw failure
    }, failed)
    quietly(() => Promise.reject(failure), failed)
    quietly(() => Promise.resolve(), failed)
    await vi.waitFor(() => expect(failed).toHaveBeenCalledTimes(2))
    expect(failed).toHaveBeenNthCalledWith(2, failure)
  })
})

describe('without a listener', () => {
  const error = vi.fn<DiagLogFunction>()
  const warn = vi.fn<DiagLogFunction>()

  beforeEach(() => {
    vi.useFakeTimers()
    diag.setLogger({ error, info: nothing, warn, debug: nothing, verbose: nothing })
  })
  afterEach(() => {
    vi.useRealTimers()
    error.mockClear()
    warn.mockClear()
  })

  it('tells of a mistake once in a process, by its text, and counts it as no failure', () => {
    const count = vi.fn<(stage: Stage) => void>()
    for (const report of [createReport(undefined, count), createReport(undefined, count)]) {
      report.misused('wrapped twice')
      report.misused('wrapped too late')
      report.misused('wrapped twice')
    }
    expect(warn.mock.calls).toEqual([['tracebaton: wrapped twice'], ['tracebaton: wrapped too late']])
    expect(error).not.toHaveBeenCalled()
    expect(count).not.toHaveBeenCalled()
  })

  it('tells of a mistake that only the listener of somebody else has heard of', () => {
    const onError = vi.fn<OnError>()
    const listening = createReport(onError, nothing)
    listening.misused('wrapped by halves')
    listening.misused('wrapped by halves')
    expect(onError).toHaveBeenCalledTimes(2)
    expect(onError).toHaveBeenLastCalledWith(new Error('wrapped by halves'), { stage: 'options' })
    expect(warn).not.toHaveBeenCalled()
    createReport(undefined, nothing).misused('wrapped by halves')
    expect(warn).toHaveBeenCalledExactlyOnceWith('tracebaton: wrapped by halves')
  })

  it('speaks once a minute for each stage, and counts everything', () => {
    const count = vi.fn<(stage: Stage) => void>()
    const report = createReport(undefined, count)
    for (let index = 0; index < 5; index++) report.failed('span', failure)
    expect(error).toHaveBeenCalledTimes(1)
    expect(error).toHaveBeenCalledWith(expect.stringContaining('contained a failure in span'), failure)

    report.failed('hook', failure)
    expect(error).toHaveBeenCalledTimes(2)

    vi.advanceTimersByTime(59_999)
    report.failed('span', failure)
    expect(error).toHaveBeenCalledTimes(2)
    vi.advanceTimersByTime(1)
    report.failed('span', failure)
    expect(error).toHaveBeenCalledTimes(3)
    expect(count).toHaveBeenCalledTimes(8)
  })

  it('does not fall silent over a logger that throws', () => {
    error.mockImplementationOnce(() => {
      throw new Error('no log')
    })
    const report = createReport(undefined, nothing)
    expect(() => report.failed('span', failure)).not.toThrow()
    report.failed('hook', failure)
    expect(error).toHaveBeenCalledTimes(2)
  })
})
