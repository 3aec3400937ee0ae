import type {
  Delivery,
  Facts,
  OutgoingMessage,
  Publication,
  SendResults,
  AdapterTracing,
} from '@tracebaton/core/adapter'
import type { FlowJobLike, JobLike, JobOptionsLike } from './client.ts'
import { readMetadata } from './headers.ts'
import { meaningOf } from './meaning.ts'
import { hasChildren, relativesOf } from './relatives.ts'
import type { StoredFacts } from './stored.ts'

const SYSTEM = 'bullmq'

/**
 * A call that adds jobs. Where they go to several queues, the call itself has no destination.
 *
 * @param qualifiedName prefix and name of the queue; `undefined`: nobody knows
 */
export function toPublication(
  queues: readonly string[],
  messages: readonly OutgoingMessage[],
  batch: boolean,
  results: Publication['results'],
  qualifiedName?: string,
): Publication {
  const [name, ...others] = new Set(queues)
  return {
    system: SYSTEM,
    operation: 'add',
    destination: name === undefined || name === '' || others.length > 0 ? {} : { name, address: qualifiedName },
    batch,
    messages,
    results,
  }
}

/** One job to add. */
export function toOutgoing(
  tracing: AdapterTracing,
  name: unknown,
  options: JobOptionsLike | undefined,
): OutgoingMessage {
  return {
    carrier: readMetadata(tracing, options?.telemetry?.metadata),
    facts: { jobName: text(name) },
    delay: options?.delay,
  }
}

/** One job of a flow, which may go to another queue than the others. */
export function toFlowOutgoing(tracing: AdapterTracing, { name, queueName, opts }: FlowJobLike): OutgoingMessage {
  return { ...toOutgoing(tracing, name, opts), destination: { name: queueName } }
}

/** What adding gave: jobs, in the order they were added. */
export function toResults(jobs: readonly unknown[]): SendResults {
  return { messages: jobs.map((job) => ({ facts: { messageId: text((job as { id?: unknown } | undefined)?.id) } })) }
}

/**
 * One attempt on a job.
 *
 * `attemptsStarted` counts all that began. Retrying a job that was given up leaves its counts as they are, so one that has
 * had all its attempts before it begins came back.
 *
 * @param read what was asked of Redis
 */
export function toDelivery(tracing: AdapterTracing, job: JobLike, read?: StoredFacts): Delivery {
  const { id, name, queueName, queueQualifiedName = queueName, opts, timestamp, attemptsMade, attemptsStarted } = job
  const maxAttempts = Math.max(1, opts.attempts ?? 1)
  const redrives = Math.max(0, attemptsMade - maxAttempts + 1)
  // The same id may be given to another job once this one is removed.
  const identity = id === undefined ? undefined : `bullmq:${queueQualifiedName}:${id}:${timestamp}`
  return {
    ...common(tracing, queueName, opts.telemetry?.metadata, { messageId: id, jobName: name }),
    destination: { name: queueName, address: job.queueQualifiedName },
    handle: job,
    identity,
    sentAt: timestamp,
    delay: opts.delay,
    deliveredAt: job.processedOn,
    scheduled: Boolean(job.repeatJobKey),
    maxAttempts,
    meaning: meaningOf(job),
    previousAttempt: read?.previousAttempt,
    related: relativesOf(job, read?.children),
    ...(redrives > 0
      ? { kind: 'redrive', redrives, identityBefore: identity, queuedAt: null }
      : {
          count: attemptsStarted > 0 ? { deliveries: attemptsStarted, exact: true } : undefined,
          // A parent is there before its children, but not in the queue.
          queuedAt: hasChildren(job) || (read?.children?.size ?? 0) > 0 ? null : undefined,
        }),
  }
}

/** Stands for what a processor threw that BullMQ takes for no failure: the job comes again. */
export const POSTPONED: unique symbol = Symbol('postponed')

/** Schedulers name the jobs they make like this. */
const SCHEDULED = /^repeat:/

/** One attempt on a job of which BullMQ tells little more than its id. */
export function toBareDelivery(
  tracing: AdapterTracing,
  queueName: string,
  id: string | undefined,
  jobName: string | undefined,
  metadata: string | undefined,
  startedAt: number,
): Delivery {
  return {
    ...common(tracing, queueName, metadata, { messageId: id, jobName }),
    // The same id may be given to another job later, the same metadata may not.
    identity: id === undefined || metadata === undefined ? undefined : `bullmq:${queueName}:${id}:${metadata}`,
    startedAt,
    deliveredAt: startedAt,
    scheduled: id !== undefined && SCHEDULED.test(id),
    meaning: (error) => ({ outcome: 'requeued', steered: error === POSTPONED }),
  }
}

function common(
  tracing: AdapterTracing,
  name: string,
  metadata: unknown,
  facts: Facts,
): Pick<Delivery, 'system' | 'destination' | 'carrier' | 'facts'> {
  return { system: SYSTEM, destination: { name }, carrier: readMetadata(tracing, metadata), facts }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
