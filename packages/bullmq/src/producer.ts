import {
  copyWith,
  isFor,
  isObject,
  originalOf,
  resolveTracing,
  sendOne,
  traced,
  type AdapterTracing,
  type Injection,
  type TracingInput,
} from '@tracebaton/core/adapter'
import { TAKES } from './client.ts'
import type { BulkJobLike, FlowJobLike, FlowProducerLike, JobOptionsLike, QueueLike } from './client.ts'
import { toFlowPublication, toOutgoing, toPublication, type Place } from './describe.ts'
import { writeHistory, writeMetadata } from './headers.ts'
import { callAlone, warnOfTelemetry } from './own-call.ts'
import { SCOPE } from './scope.ts'

/** Options of {@link traceQueue} and {@link traceFlowProducer}. */
export type BullmqOptions = TracingInput

/** The real methods, with the arguments that they are given here. */
interface Client extends Place {
  add(...args: readonly unknown[]): Promise<unknown>
  addBulk(...args: readonly unknown[]): Promise<unknown>
  upsertJobScheduler(id: unknown, repeat: unknown, template?: BulkJobLike, ...rest: unknown[]): Promise<unknown>
}

/**
 * Wraps a queue: gives one of the same type that traces what is added. It does what `bullmqTelemetry` cannot: each job of
 * `addBulk` has a context of its own, and one that brings a context keeps it. The original stays as it is, and may have
 * that telemetry as well; wrapping what this gave replaces the options. Never throws.
 */
export function traceQueue<Wrapped extends QueueLike>(queue: Wrapped, options?: BullmqOptions): Wrapped {
  const tracing = resolveTracing(options, SCOPE)
  if (!isFor(tracing, queue, 'traceQueue', TAKES)) return queue
  const original = originalOf<object>(queue) as Client
  warnOfTelemetry(tracing, original)
  const overrides: Partial<Client> = {
    add: (name, data, opts, ...rest) =>
      sendJob(tracing, original, name, opts, (copy) => original.add(name, data, copy, ...rest)),
    addBulk: (jobs, ...rest) => sendJobs(tracing, original, jobs, (copies) => original.addBulk(copies, ...rest)),
    upsertJobScheduler: (id, repeat, template, ...rest) => {
      const call = (own?: BulkJobLike): Promise<unknown> => original.upsertJobScheduler(id, repeat, own, ...rest)
      const seen = tracing.guard(() => {
        if (!isOptions(template)) return undefined
        const own = copyWith(template ?? ({} as BulkJobLike), {})
        return { own, name: own.name ?? id, opts: own.opts }
      })
      if (seen === undefined) return call(template)
      return sendJob(tracing, original, seen.name, seen.opts, (opts) =>
        call(opts === seen.opts ? template : copyWith(seen.own, { opts })),
      )
    },
  }
  return traced(original, overrides, tracing) as unknown as Wrapped
}

/**
 * Wraps a producer of flows: gives one of the same type that traces what is added, and gives each job of a flow a context
 * of its own, also one without options, which BullMQ's telemetry passes over. The original stays as it is, and may have
 * `bullmqTelemetry` as well; wrapping what this gave replaces the options. Never throws.
 */
export function traceFlowProducer<Wrapped extends FlowProducerLike>(
  producer: Wrapped,
  options?: BullmqOptions,
): Wrapped {
  const tracing = resolveTracing(options, SCOPE)
  if (!isFor(tracing, producer, 'traceFlowProducer', TAKES)) return producer
  const original = originalOf<object>(producer) as Client
  warnOfTelemetry(tracing, original)
  const overrides: Partial<Client> = {
    add: (flow, ...rest) => sendJobs(tracing, original, [flow], ([copy = flow]) => original.add(copy, ...rest)),
    addBulk: (flows, ...rest) => sendJobs(tracing, original, flows, (copies) => original.addBulk(copies, ...rest)),
  }
  return traced(original, overrides, tracing) as unknown as Wrapped
}

/** One job. Options that are none get the client's own error. */
function sendJob(
  tracing: AdapterTracing,
  queue: Client,
  name: unknown,
  options: unknown,
  call: (options: JobOptionsLike | undefined) => Promise<unknown>,
): Promise<unknown> {
  if (!isOptions(options)) return call(options as JobOptionsLike)
  return sendOne(
    tracing,
    () => toPublication(queue, [toOutgoing(name, options)], false),
    (injection) => callAlone(tracing, queue, () => call(withContext(tracing, options, injection))),
  )
}

/** Several jobs, or flows of jobs: each of them gets a context of its own. What is none gets the client's own error. */
function sendJobs(
  tracing: AdapterTracing,
  client: Client,
  jobs: unknown,
  call: (jobs: readonly unknown[]) => Promise<unknown>,
): Promise<unknown> {
  const flows = jobs as readonly FlowJobLike[]
  const publication = tracing.guard(() => (isJobs(jobs) ? toFlowPublication(client, flows) : undefined))
  if (publication === undefined) return call(flows)
  return tracing.send(publication, (injections) => {
    let next = 0
    const copy = (job: FlowJobLike): FlowJobLike => {
      const opts = withContext(tracing, job.opts, injections[next++])
      const own = opts === job.opts ? job : copyWith(job, { opts })
      // BullMQ takes null for no children, too.
      return job.children ? copyWith(own, { children: job.children.map(copy) }) : own
    }
    const copies = injections.length === 0 ? undefined : tracing.guard(() => flows.map(copy))
    return callAlone(tracing, client, () => call(copies ?? flows))
  })
}

/** A copy of a job's options with the context in its metadata. */
export function withContext(
  tracing: AdapterTracing,
  options: JobOptionsLike | undefined,
  injection: Injection | undefined,
): JobOptionsLike | undefined {
  const fields = injection?.fields
  if (fields === undefined) return options
  const write = (): JobOptionsLike | undefined => {
    const telemetry = options?.telemetry
    const writeFields = telemetry?.omitContext === true && injection?.anew !== true ? writeHistory : writeMetadata
    const metadata = writeFields(tracing, telemetry?.metadata, fields)
    return metadata === undefined ? options : copyWith(options ?? {}, { telemetry: { ...telemetry, metadata } })
  }
  return tracing.guard(write) ?? options
}

function isJobs(jobs: unknown): boolean {
  return Array.isArray(jobs) && jobs.length > 0 && jobs.every(isObject)
}

function isOptions(options: unknown): options is JobOptionsLike | undefined {
  return options === undefined || isObject(options)
}
