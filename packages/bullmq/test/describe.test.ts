import { resolveTracing } from '@tracebaton/core/adapter'
import { describe, expect, test } from 'vitest'
import type { JobLike } from '../src/client.ts'
import { toBareDelivery, toDelivery, toPublication } from '../src/describe.ts'
import { jobOf } from './job.ts'
import { SCOPE } from '../src/scope.ts'

const tracing = resolveTracing(undefined, SCOPE)
const describeJob = (part: Partial<JobLike>) => toDelivery(tracing, jobOf(part))

describe('an attempt on a job', () => {
  test('has its facts', () => {
    expect(describeJob({ opts: { attempts: 3, delay: 500 }, attemptsStarted: 2 })).toMatchObject({
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
      return toBareDelivery(tracing, 'orders', id, 'charge', undefined, 1).scheduled
    })
    expect(bare).toEqual([true, false, false])
  })
})

test('a call that adds to several queues has no destination, and one that adds to none neither', () => {
  const destinations = [['a'], ['a', 'a'], ['a', 'b'], [''], []].map((queues) => {
    return toPublication(queues, [], true, undefined).destination
  })
  expect(destinations).toEqual([{ name: 'a' }, { name: 'a' }, {}, {}, {}])
})
