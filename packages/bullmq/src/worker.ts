import { createContextKey, type Context } from '@opentelemetry/api'
import { processWide, type AdapterTracing, type Delivery, type OutcomeOf } from '@tracebaton/core/adapter'
import type { JobLike } from './client.ts'

/** A worker's work on a job, as its telemetry knows it: its attempt is open until BullMQ has put the job away. */
export interface WorkerJob {
  /** How the worker is traced. */
  readonly tracing: AdapterTracing
  /** Whether it is about this job, and its attempt did not begin with a processor. */
  waitsFor(jobId: string | undefined): boolean
  /** Whether the attempt has begun without a processor. */
  hasBegun(): boolean
  /** Begins the attempt, and runs the processor in it. */
  run<Result>(tracing: AdapterTracing, delivery: Delivery, processor: () => Result, outcomeOf?: OutcomeOf): Result
}

/** Under this key a worker's telemetry registers its work on a job, in the context that the processor is called in. */
export const WORKER_JOB: symbol = createContextKey('tracebaton.bullmq.worker-job.1')

/** The work on jobs to which no context leads, because no context manager is registered: by queue and id. */
export const withoutContext: Map<string, WorkerJob> = processWide(
  'tracebaton.bullmq.without-context.1',
  () => new Map(),
)

/** The name of a job among all of the process. */
export function placeOf(queueName: string, id: string | undefined): string {
  return `${queueName}:${id}`
}

/** The work on this very job that a context belongs to, where its worker has our telemetry. */
export function workerJobIn(context: Context, { id, queueName }: JobLike): WorkerJob | undefined {
  const worker = context.getValue(WORKER_JOB) ?? (withoutContext.size > 0 && withoutContext.get(placeOf(queueName, id)))
  return worker && (worker as WorkerJob).waitsFor(id) ? (worker as WorkerJob) : undefined
}
