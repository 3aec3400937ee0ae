import type { JobLike } from '../src/client.ts'

/** A job on its first attempt. */
export function jobOf(part: Partial<JobLike> = {}): JobLike {
  return {
    id: '1',
    name: 'charge',
    queueName: 'orders',
    queueQualifiedName: 'bull:orders',
    opts: {},
    timestamp: 1_000,
    processedOn: 3_000,
    attemptsMade: 0,
    attemptsStarted: 1,
    ...part,
  }
}
