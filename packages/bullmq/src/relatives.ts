import type { SpanContext } from '@opentelemetry/api'
import { createMemory, keyOf, type Memory, type Relative } from '@tracebaton/core/adapter'
import type { JobLike } from './client.ts'

/** How many parents, and schedulers, a process remembers at most; the latest half of them for sure. */
const REMEMBERED = 2_000

/** As many links as a span has room for. */
const CHILDREN = 128

/** The latest attempt of each child, by the job that waits for it. */
const children: Memory<Map<string, SpanContext>> = createMemory('tracebaton.bullmq.children.2', REMEMBERED)

/** One iteration of a scheduler: its latest attempt, and the attempt of the iteration before. */
interface Iteration {
  readonly job: string
  readonly context: SpanContext
  readonly before: SpanContext | undefined
}

const iterations: Memory<Iteration> = createMemory('tracebaton.bullmq.iterations.2', REMEMBERED)

/** What is known to be related to a job: attempts of its children, and of the iteration before it. */
export function relativesOf(job: JobLike): Relative[] | undefined {
  const before = iterationBefore(job, iterations.recall(schedulerOf(job)))
  const known = children.recall(nameOf(job))
  if (before === undefined && known === undefined) return undefined
  const relatives: Relative[] = before === undefined ? [] : [{ role: 'scheduler', context: before }]
  for (const context of known?.values() ?? []) relatives.push({ role: 'child_job', context })
  return relatives
}

/** Remembers an attempt for the jobs that come after it. */
export function rememberRelative(job: JobLike, context: SpanContext): void {
  const { parentKey } = job
  if (parentKey !== undefined) {
    const known = children.recall(parentKey) ?? new Map<string, SpanContext>()
    const key = keyOf(nameOf(job) ?? '')
    if (known.has(key) || known.size < CHILDREN) known.set(key, context)
    children.remember(parentKey, known)
  }
  const scheduler = schedulerOf(job)
  const before = iterationBefore(job, iterations.recall(scheduler))
  iterations.remember(scheduler, { job: keyOf(job.id ?? ''), context, before })
}

/** Several attempts of one iteration have the same one before them. */
function iterationBefore(job: JobLike, latest: Iteration | undefined): SpanContext | undefined {
  return latest?.job === keyOf(job.id ?? '') ? latest?.before : latest?.context
}

function schedulerOf({ repeatJobKey, queueQualifiedName, queueName }: JobLike): string | undefined {
  return repeatJobKey ? `${queueQualifiedName ?? queueName}:${repeatJobKey}` : undefined
}

/** A job's name, as its children and its parent know it. */
function nameOf({ id, queueQualifiedName, queueName }: JobLike): string | undefined {
  return id === undefined ? undefined : `${queueQualifiedName ?? queueName}:${id}`
}
