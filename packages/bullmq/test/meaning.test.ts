import { DelayedError, RateLimitError, UnrecoverableError, WaitingChildrenError, WaitingError } from 'bullmq'
import { describe, expect, test } from 'vitest'
import type { JobOptionsLike } from '../src/client.ts'
import { meaningOf } from '../src/meaning.ts'
import { jobOf } from './job.ts'

class OwnDelay extends DelayedError {}
class OwnEnd extends UnrecoverableError {}
/** Other packages have a class of this name. */
class Throttled extends Error {
  override readonly name = 'RateLimitError'
}

describe('an error by which the processor steers', () => {
  test.each([
    ['delayed', new DelayedError(), 'retry_scheduled'],
    ['delayed, of a class of the user’s', new OwnDelay(), 'retry_scheduled'],
    ['waiting for children', new WaitingChildrenError(), 'retry_scheduled'],
    ['back to waiting', new WaitingError(), 'requeued'],
    ['rate limited', new RateLimitError(), 'requeued'],
    [
      'of a sandbox, which keeps the name alone',
      Object.assign(new Error(), { name: 'DelayedError' }),
      'retry_scheduled',
    ],
  ] as const)('is no failure: %s', (_, error, outcome) => {
    expect(meaningOf(jobOf({ opts: { attempts: 1 } }))(error)).toEqual({ outcome, steered: true, unsettled: true })
  })
})

describe('a failure', () => {
  const rows: readonly (readonly [string, JobOptionsLike, number, unknown, string])[] = [
    ['of a job without attempts', {}, 0, new Error(), 'dead_lettered'],
    ['with attempts left', { attempts: 3 }, 1, new Error(), 'requeued'],
    ['of the last attempt', { attempts: 3 }, 2, new Error(), 'dead_lettered'],
    ['after the last attempt, redriven', { attempts: 3 }, 5, new Error(), 'dead_lettered'],
    ['with a pause to come', { attempts: 3, backoff: 100 }, 0, new Error(), 'retry_scheduled'],
    ['with a pause of nothing to come', { attempts: 3, backoff: 0 }, 0, new Error(), 'requeued'],
    ['with a fixed pause', { attempts: 3, backoff: { type: 'fixed', delay: 1 } }, 0, new Error(), 'retry_scheduled'],
    ['with a fixed pause of nothing', { attempts: 3, backoff: { type: 'fixed' } }, 0, new Error(), 'requeued'],
    ['with a pause of the user’s', { attempts: 3, backoff: { type: 'moon' } }, 0, new Error(), 'retry_scheduled'],
    ['for good', { attempts: 3 }, 0, new UnrecoverableError(), 'dead_lettered'],
    ['for good, of a class of the user’s', { attempts: 3 }, 0, new OwnEnd(), 'dead_lettered'],
    ['of a limit of somebody else’s', { attempts: 3, backoff: 5 }, 0, new Throttled(), 'retry_scheduled'],
    ['with a text', { attempts: 3 }, 0, 'no stock', 'requeued'],
    ['with nothing, on which BullMQ stumbles', { attempts: 1 }, 0, undefined, 'requeued'],
    ['with null, on which BullMQ stumbles', { attempts: 1 }, 0, null, 'requeued'],
  ]
  test.each(rows)('%s', (_, opts, attemptsMade, error, outcome) => {
    expect(meaningOf(jobOf({ opts, attemptsMade }))(error)).toMatchObject({ outcome, steered: false })
  })
})
