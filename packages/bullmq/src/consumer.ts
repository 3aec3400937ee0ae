import { context as contexts, trace } from '@opentelemetry/api'
import {
  createArrivals,
  functionLike,
  isFor,
  ownOptions,
  processWide,
  resolveTracing,
  tracingToldBy,
  type AdapterTracing,
  type Arrival,
  type Arrivals,
  type Delivery,
  type HandledAttempt,
  type TracingInput,
} from '@tracebaton/core/adapter'
import { TAKES, type JobLike } from './client.ts'
import { keyOfRun, toDelivery } from './describe.ts'
import { rememberRelative } from './relatives.ts'
import { SCOPE } from './scope.ts'
import { workerJobIn } from './worker.ts'

/** Options of {@link traceHandler}. How to trace is by default what the worker's `bullmqTelemetry` was told. */
export type HandlerOptions = TracingInput

/** With those of a sandbox's function of the same name. */
export const OWN_OPTIONS = { flush: 'hook', outcomeOf: 'outcomeOf' } as const

/** How jobs came to their processors. */
export const arrivals: Arrivals = createArrivals('tracebaton.bullmq.arrivals.4')

/** How a job came, in the run that it is in or was in last; `undefined`: it was not traced. */
export function arrivalOf(job: JobLike): Arrival | undefined {
  const run = keyOfRun(job)
  const arrival = arrivals.of(job, (delivery) => isOf(delivery, job))
  // BullMQ counts up on the job itself where a program fetches it by hand.
  return arrival === undefined || (arrival.delivery.key ?? run) === run ? arrival : undefined
}

function isOf({ system, destination, facts, key }: Delivery, job: JobLike): boolean {
  if (system !== 'bullmq' || facts?.messageId !== job.id || destination.name !== job.queueName) return false
  return key === undefined || key === keyOfRun(job)
}

/**
 * What is known of the attempt that a job is in: its number, of how many, why, and when it is due. `undefined`: it is not
 * being handled. Never throws.
 */
export function attemptOf(job: JobLike): HandledAttempt | undefined {
  return arrivals.attemptOf(job, (delivery) => isOf(delivery, job))
}

/** Processors that are traced already. */
const wrapped = processWide('tracebaton.bullmq.processors.1', () => new WeakSet<object>())

/**
 * Wraps a processor: each call is one attempt on a job, with a span of its own that is active inside and begins with
 * all that is known of the job. Together with `bullmqTelemetry` on the worker the span also tells what became of the job
 * in the end; without it, what its options say. The processor keeps its number of parameters, and what it returns and
 * throws stays the same. Wrapping what this gave gives it back. Never throws.
 */
export function traceHandler<
  // oxlint-disable-next-line typescript/no-explicit-any -- in a worker without type arguments, nothing says what a job is
  Job = any,
  Rest extends unknown[] = [token?: string, signal?: AbortSignal],
  Result = unknown,
>(processor: (job: Job, ...rest: Rest) => Result, options?: HandlerOptions): (job: Job, ...rest: Rest) => Result {
  if (wrapped.has(processor)) return processor
  const told = tracingToldBy(options, OWN_OPTIONS, SCOPE)
  const otherwise = resolveTracing(undefined, SCOPE)
  if (!isFor(told ?? otherwise, processor, 'traceHandler', TAKES)) return processor
  const { outcomeOf } = ownOptions(options, OWN_OPTIONS, told ?? otherwise)
  const traced = function (this: unknown, ...args: unknown[]): unknown {
    const job = args[0] as JobLike
    const call = (): unknown => Reflect.apply(processor, this, args)
    const worker = otherwise.guard(() => workerJobIn(contexts.active(), job))
    // It was looked at, and began without the job's facts: there is no second attempt.
    if (worker?.hasBegun()) return call()
    const tracing = told ?? worker?.tracing ?? otherwise
    const delivery = tracing.guard(() => arrive(tracing, job))
    if (delivery === undefined) return call()
    const work = isRelative(job) && !tracing.isIdle() ? () => related(tracing, job, call) : call
    return worker === undefined
      ? tracing.process(delivery, work, outcomeOf)
      : worker.run(tracing, delivery, work, outcomeOf)
  }
  wrapped.add(traced)
  // BullMQ looks at the number of parameters.
  return functionLike(traced, processor) as unknown as typeof processor
}

/** A run that is handled again is the same arrival. */
function arrive(tracing: AdapterTracing, job: JobLike): Delivery {
  const known = arrivals.of(job)?.delivery
  if (known?.key !== undefined && known.key === keyOfRun(job)) return known
  const delivery = toDelivery(job)
  arrivals.note(job, { tracing, delivery })
  return delivery
}

/** Whether attempts on other jobs link the ones on this job. */
function isRelative({ parentKey, repeatJobKey }: JobLike): boolean {
  return parentKey !== undefined || Boolean(repeatJobKey)
}

function related(tracing: AdapterTracing, job: JobLike, call: () => unknown): unknown {
  tracing.guard(() => {
    const attempt = trace.getSpanContext(contexts.active())
    if (attempt !== undefined) rememberRelative(job, attempt)
  })
  return call()
}
