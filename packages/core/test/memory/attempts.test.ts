import { beforeEach, describe, expect, it, vi } from 'vitest'
import { recallAttempt, rememberAttempt, REMEMBERED_ATTEMPTS } from '../../src/memory/attempts.ts'
import { spanContext } from '../sample.ts'
import { SHARED } from '../../src/base/shared-state.ts'

const memory = (globalThis as { [key: symbol]: unknown })[Symbol.for(SHARED.attempts)] as Map<string, unknown>[]
const size = (): number => memory.reduce((sum, generation) => sum + generation.size, 0)
const context = spanContext('a')

describe('the memory of attempts', () => {
  beforeEach(() => {
    memory.splice(0, memory.length, new Map())
  })

  it('gives the latest attempt of an identity', () => {
    rememberAttempt('one', { attempt: 1, redrives: 0, context })
    rememberAttempt('two', { attempt: 1, redrives: 0, context })
    rememberAttempt('one', { attempt: 2, redrives: 0, context })
    expect(recallAttempt('one')?.attempt).toBe(2)
    expect(recallAttempt('two')?.attempt).toBe(1)
    expect(recallAttempt('three')).toBeUndefined()
  })

  it('remembers nothing without an identity', () => {
    rememberAttempt(undefined, { attempt: 1, redrives: 0, context })
    expect(recallAttempt(undefined)).toBeUndefined()
    expect(size()).toBe(0)
  })

  it('is bounded: the latest are kept for sure, and never more than a quarter more', () => {
    let most = 0
    rememberAttempt('first', { attempt: 1, redrives: 0, context })
    for (let index = 0; index < 3 * REMEMBERED_ATTEMPTS; index++) {
      rememberAttempt(`${index}`, { attempt: 1, redrives: 0, context })
      most = Math.max(most, size())
    }
    expect(most).toBeLessThanOrEqual(1.25 * REMEMBERED_ATTEMPTS)

    expect(recallAttempt('first')).toBeUndefined()
    const latest = Array.from({ length: REMEMBERED_ATTEMPTS }, (_, index) => `${2 * REMEMBERED_ATTEMPTS + index}`)
    expect(latest.filter((identity) => recallAttempt(identity) === undefined)).toEqual([])
  })

  it('keeps what is attempted again', () => {
    rememberAttempt('again', { attempt: 1, redrives: 0, context })
    for (let index = 0; index < REMEMBERED_ATTEMPTS - 1; index++)
      rememberAttempt(`${index}`, { attempt: 1, redrives: 0, context })
    rememberAttempt('again', { attempt: 2, redrives: 0, context })
    for (let index = 0; index < REMEMBERED_ATTEMPTS - 1; index++)
      rememberAttempt(`${index}`, { attempt: 1, redrives: 0, context })
    expect(recallAttempt('again')?.attempt).toBe(2)
  })

  it('is one for the process, however often the package is loaded', async () => {
    rememberAttempt('one', { attempt: 4, redrives: 0, context })
    vi.resetModules()
    const second = await import('../../src/memory/attempts.ts')
    expect(second.recallAttempt).not.toBe(recallAttempt)
    expect(second.recallAttempt('one')?.attempt).toBe(4)
  })
})
