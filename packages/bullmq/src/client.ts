import { hasMethods, type Followers, type Takes } from '@tracebaton/core/adapter'

const adds = hasMethods('add', 'addBulk')
/** A producer of flows has no name. */
const hasName = (given: unknown): boolean => typeof (given as { readonly name?: unknown }).name === 'string'

/** What is wrapped here. */
export const TAKES: Takes = {
  traceQueue: { words: 'a Queue of bullmq', fits: (given) => adds(given) && hasName(given) },
  traceFlowProducer: { words: 'a FlowProducer of bullmq', fits: (given) => adds(given) && !hasName(given) },
  'bullmqTelemetry as the telemetry of a Worker': { words: 'options', fits: hasMethods('run', 'getNextJob') },
  traceHandler: {
    words: 'a function that processes a job; the file of a sandbox wraps its own',
    fits: (given) => typeof given === 'function',
  },
}

export const FOLLOWERS: Followers = {
  library: 'bullmq',
  datadog: ['bullmq', 'tracing:orchestrion:bullmq:Queue_add:start'],
}

/** The part of a job's options that we read. */
export interface JobOptionsLike {
  readonly attempts?: number | undefined
  readonly backoff?: unknown
  /** ms. */
  readonly delay?: number | undefined
  readonly telemetry?:
    | { readonly metadata?: string | undefined; readonly omitContext?: boolean | undefined }
    | undefined
  /** `telemetry.metadata` in a sandbox of BullMQ 5, which names options as they are stored. */
  readonly tm?: string | undefined
  /** `telemetry.omitContext` there. */
  readonly omc?: boolean | undefined
}

/** What a job's options say of telemetry, in a sandbox, too. */
export function telemetryOptions({ telemetry, tm, omc }: JobOptionsLike): JobOptionsLike['telemetry'] {
  return telemetry ?? (tm === undefined && omc === undefined ? undefined : { metadata: tm, omitContext: omc })
}

/** A job as a processor gets it, in the worker's process or in a sandbox. */
export interface JobLike {
  readonly id?: string | undefined
  readonly name: string
  readonly queueName: string
  /** Prefix and name of the queue. */
  readonly queueQualifiedName?: string | undefined
  readonly opts: JobOptionsLike
  /** When it was added, ms since the epoch. */
  readonly timestamp: number
  /** When this attempt began, ms since the epoch. */
  readonly processedOn?: number | undefined
  /** Attempts that ended, without those that were put off or stalled. */
  readonly attemptsMade: number
  /** Attempts that began, this one included. */
  readonly attemptsStarted: number
  /** Of attempts that failed; as JSON in a sandbox. */
  readonly stacktrace?: readonly string[] | string | null | undefined
  /** The scheduler that made it. */
  readonly repeatJobKey?: string | undefined
  /** The job that waits for it. */
  readonly parentKey?: string | undefined
}

/** A processor. BullMQ hands the abort signal only to one that declares three parameters. */
export type ProcessorLike = (job: never, token?: string, signal?: AbortSignal) => unknown

/** A job to add, of several. */
export interface BulkJobLike {
  readonly name: string
  readonly opts?: JobOptionsLike | undefined
}

/** A queue. The real class fits; `never` takes its arguments as they are. */
export interface QueueLike {
  readonly name: string
  add(name: never, data: never, options?: never): Promise<unknown>
  addBulk(jobs: never): Promise<unknown>
  upsertJobScheduler(id: never, repeat: never, template?: never): Promise<unknown>
}

/** A job of a flow, with the jobs it waits for. */
export interface FlowJobLike {
  readonly name: string
  readonly queueName: string
  readonly opts?: JobOptionsLike | undefined
  readonly children?: readonly FlowJobLike[] | undefined
}

/** A producer of flows. */
export interface FlowProducerLike {
  add(flow: never, options?: never): Promise<unknown>
  addBulk(flows: never): Promise<unknown>
}

/** BullMQ's own interface for telemetry, as we implement it. */
export interface TelemetryLike {
  readonly tracer: {
    startSpan(name: string, options?: { readonly kind: number }, context?: unknown): SpanLike
  }
  readonly contextManager: {
    with<Work extends (...args: never[]) => unknown>(context: never, work: Work): ReturnType<Work>
    active(): unknown
    root(): unknown
    getMetadata(context: never): string
    fromMetadata(active: never, metadata: string): unknown
  }
}

/** One operation of BullMQ's. */
export interface SpanLike {
  setSpanOnContext(context: never): unknown
  setAttribute(key: string, value: unknown): void
  setAttributes(attributes: Readonly<Record<string, unknown>>): void
  addEvent(name: string, attributes?: Readonly<Record<string, unknown>>): void
  recordException(exception: unknown): void
  end(): void
}
