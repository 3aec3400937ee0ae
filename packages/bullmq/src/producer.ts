import {
  copyWith,
  type Injection,
  type Move,
  type OutgoingMessage,
  type Publication,
  type AdapterTracing,
} from '@tracebaton/core/adapter'
import type { BulkJobLike, FlowJobLike, JobOptionsLike } from './client.ts'
import { toFlowOutgoing, toOutgoing, toPublication, toResults } from './describe.ts'
import { writeMetadata } from './headers.ts'

type Injections = readonly (Injection | undefined)[]

/** What a queue says of its name. */
interface Names {
  readonly name: string
  /** With its prefix. */
  readonly qualifiedName?: string | undefined
}

/** `add` and `upsertJobScheduler`: one job. */
export function sendJob(
  tracing: AdapterTracing,
  { name: queue, qualifiedName }: Names,
  name: unknown,
  options: JobOptionsLike | undefined,
  call: (options: JobOptionsLike | undefined) => Promise<unknown>,
): Promise<unknown> {
  const publication = tracing.guard(() =>
    toPublication([queue], [toOutgoing(tracing, name, options)], false, (job) => toResults([job]), qualifiedName),
  )
  return send(tracing, publication, ([injection]) => call(withContext(tracing, options, injection)))
}

/** Adds a job that was received once more. */
export function sendMoved(
  tracing: AdapterTracing,
  queue: string,
  name: string,
  options: JobOptionsLike,
  move: Move | undefined,
  call: (options: JobOptionsLike) => Promise<unknown>,
): Promise<unknown> {
  const publication =
    move &&
    tracing.guard(() => {
      const message = toOutgoing(tracing, name, options)
      return { ...toPublication([queue], [message], false, (added) => toResults(jobsOf(added as Tree))), move }
    })
  return send(tracing, publication, ([injection]) => call(withContext(tracing, options, injection) ?? options))
}

/** `addBulk` of a queue: a context for each job. */
export function sendJobs(
  tracing: AdapterTracing,
  { name: queue, qualifiedName }: Names,
  jobs: readonly BulkJobLike[],
  call: (jobs: readonly BulkJobLike[]) => Promise<unknown>,
): Promise<unknown> {
  const publication = tracing.guard(() => {
    const messages = jobs.map(({ name, opts }) => toOutgoing(tracing, name, opts))
    return toPublication([queue], messages, true, (added) => toResults(added as readonly unknown[]), qualifiedName)
  })
  return send(tracing, publication, (injections) =>
    call(
      tracing.guard(() =>
        jobs.map((job, index) => withOptions(job, withContext(tracing, job.opts, injections[index]))),
      ) ?? jobs,
    ),
  )
}

/** `add` and `addBulk` of a producer of flows: a context for each job of each flow, also for one without options. */
export function sendFlows(
  tracing: AdapterTracing,
  flows: readonly FlowJobLike[],
  call: (flows: readonly FlowJobLike[]) => Promise<unknown>,
): Promise<unknown> {
  const publication = tracing.guard(() => {
    const jobs = flows.flatMap(withDescendants)
    const messages: OutgoingMessage[] = jobs.map((job) => toFlowOutgoing(tracing, job))
    return toPublication(
      jobs.map(({ queueName }) => queueName),
      messages,
      true,
      (trees) => toResults((Array.isArray(trees) ? trees : [trees]).flatMap(jobsOf)),
    )
  })
  return send(tracing, publication, (injections) => {
    const left = [...injections]
    const copy = (job: FlowJobLike): FlowJobLike => {
      const own = withOptions(job, withContext(tracing, job.opts, left.shift()))
      // BullMQ takes null for no children, too.
      return job.children ? copyWith(own, { children: job.children.map(copy) }) : own
    }
    return call((injections.length === 0 ? undefined : tracing.guard(() => flows.map(copy))) ?? flows)
  })
}

function send(
  tracing: AdapterTracing,
  publication: Publication | undefined,
  publish: (injections: Injections) => Promise<unknown>,
): Promise<unknown> {
  return publication === undefined ? publish([]) : tracing.send(publication, publish)
}

/** A copy of a job's options with the context in its metadata. */
function withContext(
  tracing: AdapterTracing,
  options: JobOptionsLike | undefined,
  injection: Injection | undefined,
): JobOptionsLike | undefined {
  const { fields } = injection ?? {}
  if (fields === undefined || options?.telemetry?.omitContext === true) return options
  return (
    tracing.guard(() => {
      const metadata = writeMetadata(tracing, options?.telemetry?.metadata, fields)
      return copyWith(options ?? {}, { telemetry: { ...options?.telemetry, metadata } })
    }) ?? options
  )
}

function withOptions<Job extends BulkJobLike>(job: Job, opts: JobOptionsLike | undefined): Job {
  return opts === job.opts ? job : copyWith(job, { opts } as Partial<Job>)
}

/** A job and all that it waits for, parents first: the order in which flows are written here. */
function withDescendants(job: FlowJobLike): FlowJobLike[] {
  return [job, ...(job.children ?? []).flatMap(withDescendants)]
}

interface Tree {
  readonly job?: unknown
  readonly children?: readonly Tree[] | undefined
}

/** What was added: a producer of flows gives trees of jobs, parents first, and a queue gives a job. */
function jobsOf(added: Tree): unknown[] {
  return 'job' in added ? [added.job, ...(added.children ?? []).flatMap(jobsOf)] : [added]
}
