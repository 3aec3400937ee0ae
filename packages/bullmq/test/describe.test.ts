import { describe, expect, test } from 'vitest'
import type { JobLike } from '../src/client.ts'
import { toBareDelivery, toDelivery, toFlowPublication } from '../src/describe.ts'
import { jobOf } from './job.ts'

const describeJob = (part: Partial<JobLike>) => toDelivery(jobOf(part))

describe('an attempt on a job', () => {
  test('has its facts', () => {
    expect(describeJob({ opts: { attempts: 3, delay: 500 }, attemptsMade: 1, attemptsStarted: 2 })).toMatchObject({
      system: 'bullmq',
      destination: { name: 'orders', address: 'bull:orders' },
      facts: { messageId: '1', jobName: 'charge' },
      sentAt: 1_000,
      delay: 500,
      deliveredAt: 3_000,
      count: { deliveries: 2, exact: true },
      maxAttempts: 3,
      scheduled: false,
    })
  })

  test('has its context in a sandbox of BullMQ 5, which names options as they are stored', () => {
    const metadata = JSON.stringify({ traceparent: '00-1-2-01' })
    expect(describeJob({ opts: { tm: metadata } }).carrier).toEqual({ traceparent: '00-1-2-01' })
    expect(describeJob({ opts: { tm: '{}', telemetry: { metadata } } }).carrier).toEqual({ traceparent: '00-1-2-01' })
  })

  test('has no time where the job bears none', () => {
    expect(describeJob({ timestamp: Number.NaN }).sentAt).toBeUndefined()
  })

  test.each([
    ['is late enough', 500, undefined],
    ['began before its delay was over, as it was promoted', 60_000, null],
    ['has no delay, on a worker whose clock is behind', 0, undefined],
  ])('knows when it came into the queue unless it began early: it %s', (_, delay, queuedAt) => {
    const processedOn = delay === 0 ? 900 : 3_000
    expect(describeJob({ opts: { delay }, processedOn }).queuedAt).toBe(queuedAt)
  })

  test.each([
    ['before its attempts are used up', 2, 3, undefined],
    ['after them', 3, 3, 1],
    ['again', 4, 3, 2],
    ['of a job without attempts', 1, undefined, 1],
    ['of a job with none at all', 1, 0, 1],
    ['of a job on its first', 0, 0, undefined],
  ])('is a redrive: %s', (_, attemptsMade, attempts, redrives) => {
    const delivery = describeJob({ attemptsMade, attemptsStarted: attemptsMade + 1, opts: { attempts } })
    expect(delivery.redrives).toBe(redrives)
    expect(delivery.kind).toBe(redrives === undefined ? undefined : 'redrive')
    expect(delivery.queuedAt).toBe(redrives === undefined ? undefined : null)
    expect(delivery.count === undefined).toBe(redrives !== undefined)
  })

  test.each([
    ['has the maximum of its options where no run was put off', { attemptsMade: 1, attemptsStarted: 2 }, 3],
    ['has a maximum that two runs that were put off have raised', { attemptsMade: 1, attemptsStarted: 4 }, 5],
    ['has the maximum of its options where runs are not counted', { attemptsStarted: undefined as never }, 3],
    ['has one attempt where it has come back after all its attempts', { attemptsMade: 3, attemptsStarted: 4 }, 1],
    ['has no maximum where that is no number', { opts: { attempts: 'many' as never } }, undefined],
    ['has the maximum that BullMQ reads from a text', { opts: { attempts: '3' as never } }, 3],
    ['has no maximum where that cannot be counted', { opts: { attempts: 1e308 } }, undefined],
  ])('%s', (_, part, maximum) => {
    expect(describeJob({ opts: { attempts: 3 }, ...part }).maxAttempts).toBe(maximum)
  })

  test.each([
    [
      'is a redrive, the first run after a reset',
      0,
      1,
      ['one', 'two'],
      { kind: 'redrive', redrives: 1, count: { deliveries: 1, exact: true } },
    ],
    [
      'is a redrive, the second run after a reset',
      1,
      2,
      ['one', 'two', 'three'],
      { kind: 'redrive', redrives: 1, count: { deliveries: 2 } },
    ],
    [
      'is a redrive that is not counted after a run that was put off',
      0,
      2,
      ['one'],
      { kind: 'redrive', redrives: 1, count: undefined },
    ],
    ['is a redrive after a reset in a sandbox, too', 0, 1, '["one"]', { kind: 'redrive', count: { deliveries: 1 } }],
    [
      'is no redrive in a sandbox without a failure',
      0,
      1,
      '[]',
      { kind: undefined, redrives: undefined, count: { deliveries: 1 } },
    ],
    [
      'is no redrive with as many failures as attempts',
      2,
      3,
      ['one', 'two'],
      { kind: undefined, redrives: undefined, count: { deliveries: 3 } },
    ],
  ])('%s', (_, attemptsMade, attemptsStarted, stacktrace, facts) => {
    const delivery = describeJob({ attemptsMade, attemptsStarted, stacktrace, opts: { attempts: 3 } })
    expect(delivery).toMatchObject(facts)
    expect(delivery.identityBefore).toBe(facts.kind && delivery.identity)
  })

  test('has a key that names this run', () => {
    const keys = [{}, { id: '2' }, { attemptsStarted: 2 }].map((part) => describeJob(part).key)
    expect(keys).toEqual(['1:1', '2:1', '1:2'])
    expect(describeJob({}).source).toBe('bull:orders')
    expect(describeJob({ id: undefined }).key).toBeUndefined()
  })

  test('is known by queue, prefix, id and time: an id may be used again', () => {
    const identities = [
      {},
      { id: '2' },
      { queueQualifiedName: 'other:orders' },
      { queueQualifiedName: 'bull:emails', queueName: 'emails' },
      { timestamp: 2_000 },
    ].map((part) => describeJob(part).identity)
    expect(new Set(identities).size).toBe(identities.length)
    expect(describeJob({ id: undefined }).identity).toBeUndefined()
  })

  test('of a schedule says so', () => {
    expect(describeJob({ repeatJobKey: 'report' }).scheduled).toBe(true)
    expect(describeJob({ repeatJobKey: '' }).scheduled).toBe(false)
    const bare = ['repeat:report:1', 'report', undefined].map((id) => {
      return toBareDelivery('orders', id, 'charge', undefined, 1, undefined).scheduled
    })
    expect(bare).toEqual([true, false, false])
  })
})

test('a call that adds to several queues has no destination, and one that adds to none neither', () => {
  const destinations = [['a'], ['a', 'a'], ['a', 'b'], [''], []].map((queues) => {
    return toFlowPublication(
      {},
      queues.map((queueName) => ({ name: 'charge', queueName })),
    ).destination
  })
  expect(destinations).toEqual([{ name: 'a' }, { name: 'a' }, {}, {}, {}])
})
