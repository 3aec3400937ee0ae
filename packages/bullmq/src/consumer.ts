import { context as contexts, trace } from '@opentelemetry/api'
import { processWide, resolveTracing, type Delivery, type Tracing, type TracingInput } from '@tracebaton/core'
import type { JobLike, ProcessorLike } from './client.ts'
import { toDelivery } from './describe.ts'
import { getProcessing, type Processing } from './processing.ts'
import { rememberRelative } from './relatives.ts'

/** How a job was traced, for as long as somebody holds it. */
export const tracedJobs: WeakMap<object, Tracing> = processWide(
  'tracebaton.bullmq.jobs.0',
  () => new WeakMap<object, Tracing>(),
)

/** Processors that are traced already. */
const wrapped = processWide('tracebaton.bullmq.processors.0', () => new WeakSet<object>())

/**
 * Wraps a processor: each call is one attempt on a job, with a span of its own that is active inside and begins with
 * all that is known of the job. Together with `bullmqTelemetry` on the worker the span also tells what became of the job
 * in the end; without it, what its options say. The processor keeps its number of parameters, and what it returns and
 * throws stays the same. Wrapping what this gave gives it back. Never throws.
 *
 * @param options default: as the worker's `bullmqTelemetry` was told
 */
export function traceHandler<Processor extends ProcessorLike>(processor: Processor, options?: TracingInput): Processor {
  if (wrapped.has(processor)) return processor
  const traced = function (this: unknown, ...args: unknown[]): unknown {
    const job = args[0] as JobLike
    const call = (): unknown => Reflect.apply(processor, this, args)
    const processing = resolveTracing(options).guard(() => processingOf(job))
    const tracing = options === undefined && processing !== undefined ? processing.tracing : resolveTracing(options)
    return handle(tracing, processing, job, call)
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

function handle(tracing: Tracing, processing: Processing | undefined, job: JobLike, call: () => unknown): unknown {
  // Somebody has looked at the context already, so the attempt began without its facts: there is no second one.
  if (processing?.stateFor(job.id) === 'begun') return call()
  const delivery: Delivery | undefined = tracing.guard(() => {
    tracedJobs.set(job, tracing)
    return toDelivery(tracing, job)
  })
  if (delivery === undefined) return call()
  const processor = (): unknown => {
    tracing.guard(() => {
      const attempt = trace.getSpanContext(contexts.active())
      if (attempt !== undefined) rememberRelative(job, attempt)
    })
    return call()
  }
  return processing === undefined ? tracing.process(delivery, processor) : processing.run(delivery, processor)
}
