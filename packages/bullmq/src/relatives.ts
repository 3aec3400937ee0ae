import type { SpanContext } from '@opentelemetry/api'
import { createMemory, type Memory, type Relative } from '@tracebaton/core/adapter'
import type { JobLike } from './client.ts'

/** How many parents, and schedulers, a process remembers for sure. */
const REMEMBERED = 1_000

/** As many links as a span has room for. */
export const CHILDREN = 128

/** The latest attempt of each child, by the job that waits for it. */
const children: Memory<Map<string, SpanContext>> = createMemory('tracebaton.bullmq.children.1', REMEMBERED)

/** One iteration of a scheduler: its latest attempt, and the attempt of the iteration before. */
interface Iteration {
  readonly job: string | undefined
  readonly context: SpanContext
  readonly before: SpanContext | undefined
}

const iterations: Memory<Iteration> = createMemory('tracebaton.bullmq.iterations.1', REMEMBERED)

/**
 * What is known to be related to a job: attempts of its children, and of the iteration before it.
 *
 * @param read creation contexts of children by their keys; of one that this process has seen, the attempt says more
 */
export function relativesOf(job: JobLike, read?: ReadonlyMap<string, SpanContext>): Relative[] {
  const relatives: Relative[] = []
  const before = iterationBefore(job, iterations.recall(schedulerOf(job)))
  if (before !== undefined) relatives.push({ role: 'scheduler', context: before })
  const known = new Map([...(read ?? []), ...(children.recall(keyOf(job)) ?? [])])
  for (const context of known.values()) relatives.push({ role: 'child_job', context })
  return relatives
}

/** Whether this process has seen a child of the job. */
export function hasChildren(job: JobLike): boolean {
  return children.recall(keyOf(job)) !== undefined
}

/** Remembers an attempt for the jobs that come after it. */
export function rememberRelative(job: JobLike, context: SpanContext): void {
  const { parentKey } = job
  if (parentKey !== undefined) {
    const known = children.recall(parentKey) ?? new Map<string, SpanContext>()
    const key = keyOf(job) ?? ''
    if (known.has(key) || known.size < CHILDREN) known.set(key, context)
    children.remember(parentKey, known)
  }
  const scheduler = schedulerOf(job)
  const before = iterationBefore(job, iterations.recall(scheduler))
  iterations.remember(scheduler, { job: job.id, context, before })
}

/** Several attempts of one iteration have the same one before them. */
function iterationBefore(job: JobLike, latest: Iteration | undefined): SpanContext | undefined {
  return latest?.job === job.id ? latest?.before : latest?.context
}

function schedulerOf({ repeatJobKey, queueQualifiedName, queueName }: JobLike): string | undefined {
  return repeatJobKey ? `${queueQualifiedName ?? queueName}:${repeatJobKey}` : undefined
}

/** A job's key, as its children and its parent name it. */
export function keyOf({ id, queueQualifiedName, queueName }: JobLike): string | undefined {
  return id === undefined ? undefined : `${queueQualifiedName ?? queueName}:${id}`
}
