import { metrics, ProxyTracerProvider, trace } from '@opentelemetry/api'
import { ownOptions, resolveTracing, type AdapterTracing, type TracingInput } from '@tracebaton/core/adapter'
import { OWN_OPTIONS, traceHandler as traceProcessor } from './consumer.ts'
import { SCOPE } from './scope.ts'

/** Options of {@link traceHandler}. */
export type SandboxOptions = TracingInput & {
  /**
   * Hands over what has been recorded; called after each job, because a sandbox may be ended as soon as it is idle. The
   * job waits for it, a second at most. `false`: nothing is called. @default flushes the providers in use
   */
  readonly flush?: (() => unknown) | false | undefined
}

const NO_SDK =
  'A sandbox has no OpenTelemetry SDK, so nothing is recorded: set one up in the file of its processor, before the first job'

/**
 * Wraps the processor that a sandbox's file exports, in a child process or a worker thread: each call is one attempt on a
 * job, as with the function of this name for processors that are not sandboxed. The SDK has to be set up in the sandbox,
 * and the worker's `bullmqTelemetry` has to be told `sandboxed: true`. Never throws.
 */
export function traceHandler<
  // oxlint-disable-next-line typescript/no-explicit-any -- nothing says what the job of a sandbox's file is
  Job = any,
  Rest extends unknown[] = [token?: string, signal?: AbortSignal],
  Result = unknown,
>(
  processor: (job: Job, ...rest: Rest) => Result,
  options?: SandboxOptions,
): (job: Job, ...rest: Rest) => Promise<Awaited<Result>> {
  const traced = traceProcessor(processor, options)
  // It is none, as was said; the sandbox says the rest.
  if (typeof traced !== 'function') return traced
  const tracing = resolveTracing(options, SCOPE, OWN_OPTIONS)
  let isFirst = true
  const flush = ownOptions(options, OWN_OPTIONS, tracing).flush ?? (() => flushProviders(tracing))
  const handle = async (...args: [job: Job, ...rest: Rest]): Promise<unknown> => {
    // Whoever starts the sandbox has an SDK of its own, which does not reach into it.
    if (isFirst && tracing.isIdle()) tracing.warn(NO_SDK)
    isFirst = false
    try {
      return await traced(...args)
    } finally {
      if (flush !== false) await patiently(flush)
    }
  }
  return handle as (job: Job, ...rest: Rest) => Promise<Awaited<Result>>
}

async function flushProviders({ options }: AdapterTracing): Promise<void> {
  const tracers = options.tracerProvider ?? trace.getTracerProvider()
  const meters = options.meterProvider ?? metrics.getMeterProvider()
  await Promise.all([
    flushed(tracers instanceof ProxyTracerProvider ? tracers.getDelegate() : tracers),
    flushed(meters),
  ])
}

/** Providers of an SDK can be flushed; the API's own cannot. */
async function flushed(provider: object): Promise<void> {
  await (provider as { forceFlush?(): Promise<unknown> }).forceFlush?.()
}

/** Waits for work, at most a second, and not for its success. */
async function patiently(work: () => unknown): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, 1_000)
  })
  await Promise.race([Promise.resolve().then(work), late]).catch(() => {})
  clearTimeout(timer)
}
