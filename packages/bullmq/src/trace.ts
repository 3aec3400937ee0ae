import {
  copyWith,
  originalOf,
  resolveTracing,
  traced,
  type AdapterTracing,
  type TracingInput,
} from '@tracebaton/core/adapter'
import type { BulkJobLike, FlowJobLike, FlowProducerLike, JobOptionsLike, QueueLike } from './client.ts'
import { callAlone, telemetryOf } from './own-call.ts'
import { sendFlows, sendJob, sendJobs } from './producer.ts'
import { isOurs } from './telemetry.ts'
import { SCOPE } from './scope.ts'

/** Options of {@link traceQueue} and {@link traceFlowProducer}. */
export type BullmqOptions = TracingInput

/** The real methods, with the arguments that they are given here. */
interface Queue {
  readonly name: string
  readonly qualifiedName?: string | undefined
  add(name: unknown, data: unknown, options: JobOptionsLike | undefined, ...rest: unknown[]): Promise<unknown>
  addBulk(jobs: readonly BulkJobLike[], ...rest: unknown[]): Promise<unknown>
  upsertJobScheduler(id: unknown, repeat: unknown, template?: BulkJobLike, ...rest: unknown[]): Promise<unknown>
}

interface FlowProducer {
  add(flow: FlowJobLike, ...rest: unknown[]): Promise<unknown>
  addBulk(flows: readonly FlowJobLike[], ...rest: unknown[]): Promise<unknown>
}

/**
 * Wraps a queue: gives one of the same type that traces what is added. It does what `bullmqTelemetry` cannot: each job of
 * `addBulk` has a context of its own, and one that brings a context keeps it. The original stays as it is, and may have
 * that telemetry as well; wrapping what this gave replaces the options. Never throws.
 */
export function traceQueue<Wrapped extends QueueLike>(queue: Wrapped, options?: BullmqOptions): Wrapped {
  const tracing = resolveTracing(options, SCOPE)
  warnOfTelemetry(tracing, queue)
  const original = originalOf<object>(queue) as Queue
  const alone = (call: () => Promise<unknown>): Promise<unknown> => callAlone(tracing, original, call)
  const overrides: Partial<Queue> = {
    add: (name, data, opts, ...rest) =>
      isOptions(opts)
        ? sendJob(tracing, original, name, opts, (copy) => alone(() => original.add(name, data, copy, ...rest)))
        : original.add(name, data, opts, ...rest),
    addBulk: (jobs, ...rest) =>
      Array.isArray(jobs) && jobs.length > 0
        ? sendJobs(tracing, original, jobs, (copies) => alone(() => original.addBulk(copies, ...rest)))
        : original.addBulk(jobs, ...rest),
    upsertJobScheduler: (id, repeat, template, ...rest) =>
      isOptions(template)
        ? sendJob(tracing, original, template?.name ?? id, template?.opts, (opts) => {
            const copy = opts === template?.opts ? template : copyWith(template ?? ({} as BulkJobLike), { opts })
            return alone(() => original.upsertJobScheduler(id, repeat, copy, ...rest))
          })
        : original.upsertJobScheduler(id, repeat, template, ...rest),
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
  warnOfTelemetry(tracing, producer)
  const original = originalOf<object>(producer) as FlowProducer
  const alone = (call: () => Promise<unknown>): Promise<unknown> => callAlone(tracing, original, call)
  const overrides: Partial<FlowProducer> = {
    add: (flow, ...rest) =>
      isObject(flow)
        ? sendFlows(tracing, [flow], ([copy = flow]) => alone(() => original.add(copy, ...rest)))
        : original.add(flow, ...rest),
    addBulk: (flows, ...rest) =>
      Array.isArray(flows) && flows.length > 0
        ? sendFlows(tracing, flows, (copies) => alone(() => original.addBulk(copies, ...rest)))
        : original.addBulk(flows, ...rest),
  }
  return traced(original, overrides, tracing) as unknown as Wrapped
}

/** Says that there will be two spans for everything: another telemetry also replaces the context on each job. */
function warnOfTelemetry(tracing: AdapterTracing, client: object): void {
  tracing.guard(() => {
    const telemetry = telemetryOf(client)
    if (telemetry === undefined || isOurs(telemetry)) return
    tracing.warn(
      'A wrapped queue or flow producer also has the telemetry of another package, so every span is there twice. ' +
        'Give it `telemetry: bullmqTelemetry()` or none',
    )
  })
}

/** Anything else gets the client's own error. */
function isOptions(options: unknown): boolean {
  return options === undefined || isObject(options)
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}
