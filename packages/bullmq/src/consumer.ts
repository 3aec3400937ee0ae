import { context as contexts, trace } from '@opentelemetry/api'
import {
  processWide,
  resolveTracing,
  tracingToldBy,
  type AdapterTracing,
  type TracingInput,
} from '@tracebaton/core/adapter'
import type { JobLike, ProcessorLike } from './client.ts'
import { toDelivery } from './describe.ts'
import { patiently } from './patience.ts'
import { getProcessing, type Processing } from './processing.ts'
import { rememberRelative } from './relatives.ts'
import { numberAttempt, readStored, type StoredFacts } from './stored.ts'
import { SCOPE } from './scope.ts'

/** Options of {@link traceHandler}. How to trace is by default what the worker's `bullmqTelemetry` was told. */
export type HandlerOptions = TracingInput & {
  /**
   * Whether an attempt after the first asks Redis for the one before, which may have been another process's: the
   * processor waits for one round trip, a second at most. @default false: only this process's own are known
   */
  readonly readPreviousAttempt?: boolean | undefined
  /**
   * Whether an attempt asks Redis for the contexts of the job's children, which may have been done by other processes:
   * the processor waits for one round trip, for two where there are children, a second at most. @default false: only
   * attempts of this process are known
   */
  readonly readChildren?: boolean | undefined
}

/** How a job was traced, for as long as somebody holds it. */
export const tracedJobs: WeakMap<object, AdapterTracing> = processWide(
  'tracebaton.bullmq.jobs.1',
  () => new WeakMap<object, AdapterTracing>(),
)

/** Processors that are traced already. */
const wrapped = processWide('tracebaton.bullmq.processors.1', () => new WeakSet<object>())

/**
 * Wraps a processor: each call is one attempt on a job, with a span of its own that is active inside and begins with
 * all that is known of the job. Together with `bullmqTelemetry` on the worker the span also tells what became of the job
 * in the end; without it, what its options say. The processor keeps its number of parameters, and what it returns and
 * throws stays the same. Wrapping what this gave gives it back. Never throws.
 */
export function traceHandler<Processor extends ProcessorLike>(
  processor: Processor,
  options?: HandlerOptions,
): Processor {
  if (wrapped.has(processor)) return processor
  const told = tracingToldBy(options, ['readPreviousAttempt', 'readChildren'], SCOPE)
  const traced = function (this: unknown, ...args: unknown[]): unknown {
    const job = args[0] as JobLike
    const call = (): unknown => Reflect.apply(processor, this, args)
    const processing = resolveTracing(undefined, SCOPE).guard(() => processingOf(job))
    // Somebody has looked at the context already, so the attempt began without its facts: there is no second one.
    if (processing?.stateFor(job.id) === 'begun') return call()
    const tracing = told ?? processing?.tracing ?? resolveTracing(undefined, SCOPE)
    const wanted = {
      previousAttempt: options?.readPreviousAttempt === true,
      children: options?.readChildren === true,
    }
    if (!wanted.previousAttempt && !wanted.children) return handle(tracing, processing, job, call)
    processing?.claim()
    return patiently(() => readStored(tracing, job, wanted)).then((read) =>
      handle(tracing, processing, job, call, read),
    )
  }
  // BullMQ looks at the number of parameters.
  for (const key of ['length', 'name'] as const) Object.defineProperty(traced, key, { value: processor[key] })
  wrapped.add(traced)
  return traced as unknown as Processor
}

/** The work of a traced worker on this very job, as long as its attempt is no other's. */
function processingOf(job: JobLike): Processing | undefined {
  const processing = getProcessing(contexts.active())
  return processing?.stateFor(job.id) === 'other' ? undefined : processing
}

function handle(
  tracing: AdapterTracing,
  processing: Processing | undefined,
  job: JobLike,
  call: () => unknown,
  read?: StoredFacts,
): unknown {
  const delivery = tracing.guard(() => {
    tracedJobs.set(job, tracing)
    return toDelivery(tracing, job, read)
  })
  if (delivery === undefined) return call()
  const processor = (): unknown => {
    tracing.guard(() => {
      const active = contexts.active()
      const attempt = trace.getSpanContext(active)
      if (attempt !== undefined) rememberRelative(job, attempt)
      numberAttempt(active, job)
    })
    return call()
  }
  return processing === undefined ? tracing.process(delivery, processor) : processing.run(delivery, processor, tracing)
}
