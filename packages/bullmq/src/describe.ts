import {
  memoryBy,
  type AttemptMemory,
  type Delivery,
  type Destination,
  type OutgoingMessage,
  type Publication,
  type SendResults,
} from '@tracebaton/core/adapter'
import { telemetryOptions, type FlowJobLike, type JobLike, type JobOptionsLike } from './client.ts'
import { metadataGetter, readMetadata } from './headers.ts'
import { meaningOf } from './meaning.ts'
import { relativesOf } from './relatives.ts'

const SYSTEM = 'bullmq'

/** What is told of a queue. A producer of flows has no name, and of many a queue the prefix is unknown. */
export interface Place {
  readonly name?: string | undefined
  /** With its prefix. */
  readonly qualifiedName?: string | undefined
}

/** A call that adds jobs. What it gives are jobs, or trees of jobs where it adds flows, in the order of the messages. */
export function toPublication(
  { name, qualifiedName }: Place,
  messages: readonly OutgoingMessage[],
  batch: boolean,
  results: Publication['results'] = (added) => ({
    messages: Array.isArray(added) ? added.flatMap(toResults) : toResults(added as Tree),
  }),
): Publication {
  const destination = name === undefined || name === '' ? {} : { name, address: qualifiedName }
  return { system: SYSTEM, operation: 'add', destination, batch, messages, results }
}

/** A call that adds several jobs, or flows. Where they go to several queues, the call itself has no destination. */
export function toFlowPublication(client: Place, flows: readonly FlowJobLike[]): Publication {
  const jobs = flows.flatMap(withDescendants)
  const messages = jobs.map(({ name, queueName, opts }) =>
    toOutgoing(name, opts, client.name === undefined ? { name: queueName } : undefined),
  )
  if (client.name !== undefined) return toPublication(client, messages, true)
  const [queue, ...others] = new Set(jobs.map(({ queueName }) => queueName))
  return toPublication({ name: others.length > 0 ? undefined : queue }, messages, true)
}

/** A job and all that it waits for, parents first: the order in which flows are written here. */
function withDescendants(job: FlowJobLike): FlowJobLike[] {
  return [job, ...(job.children ?? []).flatMap(withDescendants)]
}

interface Tree {
  readonly id?: unknown
  readonly job?: Tree | undefined
  readonly children?: readonly Tree[] | undefined
}

/** What was added: a producer of flows gives trees of jobs, and a queue gives a job. */
function toResults({ id, job, children }: Tree): NonNullable<SendResults['messages']>[number][] {
  return job === undefined
    ? [{ facts: { messageId: text(id) } }]
    : [...toResults(job), ...(children ?? []).flatMap(toResults)]
}

/** @param destination where that differs within the call */
export function toOutgoing(
  name: unknown,
  options: JobOptionsLike | undefined,
  destination?: Destination,
): OutgoingMessage {
  const carrier = readMetadata(options?.telemetry?.metadata)
  return { carrier, getter: metadataGetter, destination, facts: { jobName: text(name) }, delay: finite(options?.delay) }
}

/**
 * Knows a job by its queue's name, its id and the context that it was added with: these facts both a processor and the
 * worker's telemetry have. The id alone will not do, because another job may get it later. A job without a context is
 * known by its identity.
 */
const memory: AttemptMemory = memoryBy(({ identity, destination, facts }, { creation }) =>
  creation === undefined || facts?.messageId === undefined
    ? identity
    : `${SYSTEM}:${destination.name}:${facts.messageId}:${creation.traceId}-${creation.spanId}`,
)

/** Names one run of a job for its queue. */
export function keyOfRun({ id, attemptsStarted }: JobLike): string | undefined {
  return id === undefined ? undefined : `${id}:${attemptsStarted}`
}

/**
 * One attempt on a job.
 *
 * A job that was given up comes back with its counts as they were: it has had all its attempts before it begins. Where they
 * were reset, it bears more failures than attempts.
 */
export function toDelivery(job: JobLike): Delivery {
  const { id, queueName, opts, timestamp, processedOn, attemptsMade, attemptsStarted } = job
  const queue = job.queueQualifiedName ?? queueName
  const carrier = readMetadata(telemetryOptions(opts)?.metadata)
  const attempts = Math.max(1, Number((opts.attempts as unknown) ?? 1))
  const givenUp = attemptsMade >= attempts
  const reset = !givenUp && failuresOf(job) > attemptsMade
  const redrives = givenUp ? attemptsMade - attempts + 1 : Number(reset)
  const identity = id === undefined ? undefined : `${SYSTEM}:${queue}:${id}:${timestamp}`
  const related = relativesOf(job)
  const delay = finite(opts.delay)
  // It was promoted, or its delay was shortened: its options still have the old one.
  const isEarly = delay !== undefined && delay > 0 && Number(processedOn) < timestamp + delay
  // Whether all runs since the reset have counted, or they were not reset, cannot be told apart otherwise.
  const isCounted = !givenUp && (reset ? attemptsStarted === attemptsMade + 1 : attemptsStarted > 0)
  const uncounted = redrives > 0 ? 0 : Math.max(0, attemptsStarted - 1 - attemptsMade) || 0
  return {
    system: SYSTEM,
    destination: { name: queueName, address: job.queueQualifiedName },
    carrier,
    getter: metadataGetter,
    malformed: carrier === undefined,
    facts: { messageId: id, jobName: job.name },
    identity,
    identityBefore: redrives > 0 ? identity : undefined,
    memory,
    source: queue,
    key: keyOfRun(job),
    sentAt: finite(timestamp),
    // It is unknown when these were put into the queue; a parent is there before its children, but not in the queue.
    queuedAt: isEarly || redrives > 0 || related?.some(({ role }) => role === 'child_job') === true ? null : undefined,
    delay,
    deliveredAt: processedOn,
    scheduled: Boolean(job.repeatJobKey),
    count: isCounted ? { deliveries: attemptsStarted, exact: true } : undefined,
    // One that has had all its attempts is given up again as soon as it fails.
    maxAttempts: givenUp ? 1 : Number.isSafeInteger(attempts) ? attempts + uncounted : undefined,
    kind: redrives > 0 ? 'redrive' : undefined,
    redrives: redrives > 0 ? redrives : undefined,
    meaning: meaningOf(job),
    related,
    verdict: undefined,
    arrival: undefined,
  }
}

/** How many failures a job bears, as far as they are kept. In a sandbox they are JSON, of which `null` and `[]` hold none. */
function failuresOf({ stacktrace }: JobLike): number {
  return typeof stacktrace === 'string' ? Number(stacktrace.length > 4) : (stacktrace?.length ?? 0)
}

/** One attempt on a job of which BullMQ tells little more than its id. */
export function toBareDelivery(
  queueName: string,
  id: string | undefined,
  jobName: string | undefined,
  metadata: unknown,
  startedAt: number,
  meaning: Delivery['meaning'],
): Delivery {
  const carrier = readMetadata(metadata)
  return {
    system: SYSTEM,
    destination: { name: queueName },
    carrier,
    getter: metadataGetter,
    malformed: carrier === undefined,
    facts: { messageId: id, jobName },
    memory,
    startedAt,
    deliveredAt: startedAt,
    // Schedulers name the jobs they make like this.
    scheduled: id?.startsWith('repeat:') === true,
    meaning,
    verdict: undefined,
    arrival: undefined,
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Options may hold anything that a producer wrote. */
function finite(value: number | undefined): number | undefined {
  return Number.isFinite(value) ? value : undefined
}
