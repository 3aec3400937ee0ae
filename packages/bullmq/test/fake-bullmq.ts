import { SpanKind, trace, type Telemetry } from 'bullmq'
import type { BulkJobLike, FlowJobLike, JobLike, JobOptionsLike, TelemetryLike } from '../src/client.ts'

/** A job as it is given back and handed to a processor. */
export interface Job extends JobLike {
  readonly data: unknown
}

/** The parts of BullMQ that we meet, without a store behind them, around BullMQ's own function `trace`. */
export interface FakeBullmq {
  readonly queue: FakeQueue
  readonly flows: FakeFlows
  /** Does the work on a job as a worker does, and gives what it would keep beside a job that failed. */
  readonly work: (job: Job, processor: (job: Job, token?: string) => unknown) => Promise<string | undefined>
  /** Jobs in the order they were added. */
  readonly added: Job[]
}

interface FakeQueue {
  readonly name: string
  readonly opts: { readonly telemetry: TelemetryLike | undefined }
  add(name: string, data: unknown, opts?: JobOptionsLike): Promise<Job>
  addBulk(jobs: readonly (BulkJobLike & { readonly data: unknown })[]): Promise<Job[]>
  upsertJobScheduler(id: string, repeat: object, template?: Partial<BulkJobLike>): Promise<Job>
  /** A member that is nobody's business. */
  count(): number
}

interface FakeFlows {
  add(flow: FlowJobLike): Promise<{ readonly job: Job }>
  addBulk(flows: readonly FlowJobLike[]): Promise<{ readonly job: Job }[]>
}

let latest = 0

/** ms since the epoch, and never the same twice: jobs of two stores here have the same ids. */
function now(): number {
  latest = Math.max(latest + 1, Date.now())
  return latest
}

/**
 * @param onActive called where a worker that has put a job away tells that it has begun the next one
 * @param tells whether it tells what it does with which job, as late versions of BullMQ 5 and later ones do
 */
export function createBullmq(
  given: TelemetryLike | undefined,
  name = 'orders',
  onActive: () => void = () => {},
  tells = true,
): FakeBullmq {
  const telemetry = given as Telemetry | undefined
  const added: Job[] = []
  const traced = <Result>(
    kind: SpanKind,
    operation: string,
    callback: Parameters<typeof trace<Result>>[5],
    metadata?: string,
  ): Promise<Result> => trace<Result>(telemetry, kind, name, operation, name, callback, metadata)

  function store(jobName: string, data: unknown, opts: JobOptionsLike = {}): Job {
    if (jobName === 'refused') throw new RangeError('This job is refused')
    const job: Job = {
      id: String(added.length + 1),
      name: jobName,
      data,
      opts,
      queueName: name,
      queueQualifiedName: `bull:${name}`,
      timestamp: now(),
      attemptsMade: 0,
      attemptsStarted: 1,
    }
    added.push(job)
    return job
  }

  function addTree(flow: FlowJobLike): { job: Job } {
    const job = store(flow.name, undefined, flow.opts)
    for (const child of flow.children ?? []) addTree(child)
    return { job }
  }

  const addFlow = (flow: FlowJobLike): Promise<{ job: Job }> =>
    traced(SpanKind.PRODUCER, 'addFlow', async () => addTree(flow))

  return {
    added,
    queue: {
      name,
      opts: { telemetry: given },
      add: (jobName, data, opts) =>
        traced(SpanKind.PRODUCER, 'add', async (span, metadata) => {
          const job = store(jobName, data, withMetadata(opts, metadata))
          span?.setAttributes({ 'bullmq.job.name': jobName, 'bullmq.job.id': job.id })
          return job
        }),
      addBulk: (jobs) =>
        traced(SpanKind.PRODUCER, 'addBulk', async (span, metadata) => {
          const names = jobs.map((job) => job.name)
          span?.setAttributes({ 'bullmq.job.bulk.names': names, 'bullmq.job.bulk.count': jobs.length })
          return jobs.map(({ name: jobName, data, opts }) =>
            store(jobName, data, opts?.telemetry ? opts : withMetadata(opts, metadata)),
          )
        }),
      upsertJobScheduler: (id, _, template) =>
        traced(SpanKind.PRODUCER, 'add', async (span, metadata) => {
          const opts = template?.opts
          const job = store(template?.name ?? id, {}, opts?.telemetry ? opts : withMetadata(opts, metadata))
          span?.setAttributes({ 'bullmq.job.scheduler.id': id, 'bullmq.job.id': job.id })
          return job
        }),
      count: () => added.length,
    },
    flows: { add: addFlow, addBulk: (flows) => Promise.all(flows.map(addFlow)) },
    work(job, processor) {
      const putAway = (operation: string): Promise<string | undefined> =>
        traced(SpanKind.INTERNAL, operation, async (span, metadata) => {
          if (tells) span?.setAttributes({ 'bullmq.job.name': job.name, 'bullmq.job.id': job.id })
          return metadata
        })
      return traced(
        SpanKind.CONSUMER,
        'process',
        async (span) => {
          span?.setAttributes({ 'bullmq.worker.id': 'w', 'bullmq.job.id': job.id, 'bullmq.job.name': job.name })
          try {
            await processor(job, 'token')
            const kept = await putAway('complete')
            span?.addEvent('job completed', {})
            return kept
          } catch (error) {
            const kept = await putAway('fail')
            span?.addEvent('job failed', { 'bullmq.job.failed.reason': (error as Error).message })
            return kept
          } finally {
            span?.setAttributes({ 'bullmq.job.attempts.made': job.attemptsMade + 1 })
            onActive()
            span?.setAttributes({ 'bullmq.job.attempt_finished_timestamp': job.timestamp })
          }
        },
        job.opts.telemetry?.metadata,
      )
    },
  }
}

function withMetadata(opts: JobOptionsLike | undefined, metadata: string | undefined): JobOptionsLike {
  return metadata ? { ...opts, telemetry: { metadata } } : { ...opts }
}
