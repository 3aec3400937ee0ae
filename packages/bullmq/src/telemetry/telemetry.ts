import { createContextKey, ROOT_CONTEXT, type Context } from '@opentelemetry/api'
import { resolveTracing, type TracingInput } from '@tracebaton/core/adapter'
import type { TelemetryLike } from './client.ts'
import { createProcessing } from './processing.ts'
import { activeContext, addingSpan, housekeepingSpan, metadataIn, processingSpan } from './spans.ts'
import { SCOPE } from './scope.ts'

/** Options of {@link bullmqTelemetry}. */
export type TelemetryOptions = TracingInput & {
  /**
   * Whether the worker's processor runs in a sandbox and is traced there, by `@tracebaton/bullmq/sandbox`: then the
   * attempts are recorded in the sandbox alone. @default false
   */
  readonly sandboxed?: boolean | undefined
}

/** The kinds of BullMQ's spans. All else is housekeeping. */
const PRODUCER = 3
const CONSUMER = 4

const METADATA = createContextKey('tracebaton.bullmq.metadata.1')

/** What is ours, told from other telemetry, even where this package is loaded twice. */
const OURS = Symbol.for('tracebaton.bullmq.telemetry.1')

/**
 * The `telemetry` option of BullMQ's `Queue`, `Worker` and `FlowProducer`: jobs carry the context of the call that added
 * them, and each attempt has a span that tells what became of the job. Wrap the processor in `traceHandler`, too: BullMQ
 * does not tell its telemetry what a job is. Never throws.
 */
export function bullmqTelemetry(options?: TelemetryOptions): TelemetryLike {
  const tracing = resolveTracing(options, SCOPE)
  const elsewhere = options?.sandboxed === true
  const worked = new Set<unknown>()
  const telemetry: TelemetryLike = {
    tracer: {
      startSpan(_, { kind } = { kind: 0 }, context) {
        if (kind === PRODUCER) return addingSpan(tracing, worked)
        if (kind !== CONSUMER) return housekeepingSpan(tracing, worked)
        const metadata = (context as Context | undefined)?.getValue(METADATA) as string | undefined
        return processingSpan(createProcessing(tracing, metadata, elsewhere), worked)
      },
    },
    contextManager: {
      with: (context, work) => tracing.runIn(context, work) as ReturnType<typeof work>,
      active: () => activeContext(tracing),
      root: () => ROOT_CONTEXT,
      getMetadata: (context) => tracing.guard(() => metadataIn(context)) ?? '',
      // It is read with the job, if that is worked on, and nothing here may fail: BullMQ would wait for ever.
      fromMetadata: (_, metadata) => ROOT_CONTEXT.setValue(METADATA, metadata),
    },
  }
  return Object.defineProperty(telemetry, OURS, { value: true })
}

/** Whether a `telemetry` option is one of ours. */
export function isOurs(telemetry: unknown): boolean {
  return typeof telemetry === 'object' && telemetry !== null && Reflect.has(telemetry, OURS)
}
