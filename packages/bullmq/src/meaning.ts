import { isObject } from '@tracebaton/core/adapter'
import type { Meaning, Outcome } from '@tracebaton/core/adapter'
import type { JobLike } from './client.ts'

/** What errors of BullMQ's tell a worker, by their class. The processor has moved the job already, and did not fail. */
const STEERING: Readonly<Record<string, Outcome>> = {
  DelayedError: 'retry_scheduled',
  WaitingChildrenError: 'retry_scheduled',
  WaitingError: 'requeued',
}

/** The message by which BullMQ knows the error of a processor that has hit a limit. Other packages have that class, too. */
const RATE_LIMITED = 'bullmq:rateLimitExceeded'

/** What becomes of a job whose processor throws, as far as its options tell. */
export function meaningOf(job: JobLike): (error: unknown) => Meaning {
  return (error) => {
    const steered = steeringOf(error)
    if (steered !== undefined) return { outcome: steered, steered: true, unsettled: true }
    // BullMQ stumbles over these: the job keeps its lock, stalls, and comes again.
    if (error === null || error === undefined) return { outcome: 'requeued', steered: false, unsettled: true }
    return { outcome: outcomeOf(job, error), steered: false }
  }
}

/** What the processor told the worker by an error; `undefined` where it failed. */
function steeringOf(error: unknown): Outcome | undefined {
  if (!isObject(error)) return undefined
  const { message } = error as { readonly message?: unknown }
  if (message === RATE_LIMITED) return 'requeued'
  const found = classesOf(error).find((name) => Object.hasOwn(STEERING, name))
  return found === undefined ? undefined : STEERING[found]
}

function outcomeOf({ opts, attemptsMade }: JobLike, error: unknown): Outcome {
  if (!(attemptsMade + 1 < (opts.attempts ?? 0))) return 'dead_lettered'
  if (isObject(error) && classesOf(error).includes('UnrecoverableError')) return 'dead_lettered'
  return waits(opts.backoff) ? 'retry_scheduled' : 'requeued'
}

/** Whether there is a pause before the next attempt. Of a strategy of the user's nobody knows, but that is what it is for. */
function waits(backoff: unknown): boolean {
  if (!isObject(backoff)) return typeof backoff === 'number' && backoff > 0
  const { type, delay } = backoff as { readonly type?: unknown; readonly delay?: unknown }
  return (type !== 'fixed' && type !== 'exponential') || (typeof delay === 'number' && delay > 0)
}

/** The names by which an error is known: its own, and those of its classes, of whichever copy of BullMQ. */
function classesOf(error: object): string[] {
  const { name } = error as { readonly name?: unknown }
  const names = typeof name === 'string' ? [name] : []
  for (let link: unknown = Object.getPrototypeOf(error); link !== null; link = Object.getPrototypeOf(link)) {
    const made = (link as { readonly constructor?: unknown }).constructor
    if (typeof made === 'function') names.push(made.name)
  }
  return names
}
