import { createContextKey, ROOT_CONTEXT, trace, type Context } from '@opentelemetry/api'
import {
  ownOptions,
  resolveTracing,
  warnOfInstrumentation,
  withValue,
  type TracingInput,
} from '@tracebaton/core/adapter'
import { FOLLOWERS, type TelemetryLike } from '../client.ts'
import { OURS } from '../own-call.ts'
import { SCOPE } from '../scope.ts'
import { Adding, metadataIn } from './adding.ts'
import { activeContext, Operation } from './operation.ts'
import { Housekeeping, Processing } from './processing.ts'

/** Options of {@link bullmqTelemetry}. */
export type TelemetryOptions = TracingInput & {
  /**
   * Whether the worker's processor runs in a sandbox and is traced there, by `@tracebaton/bullmq/sandbox`: then the
   * attempts are recorded in the sandbox alone. @default false
   */
  readonly sandboxed?: boolean | undefined
}

const OPTIONS = { sandboxed: 'boolean' } as const

/** The kinds of BullMQ's spans. All else is housekeeping. */
const PRODUCER = 3
const CONSUMER = 4

const METADATA = createContextKey('tracebaton.bullmq.metadata.1')

/**
 * The `telemetry` option of BullMQ's `Queue`, `Worker` and `FlowProducer`: jobs carry the context of the call that added
 * them, and each attempt has a span that tells what became of the job. Wrap the processor in `traceHandler`, too: BullMQ
 * does not tell its telemetry what a job is. Never throws.
 */
export function bullmqTelemetry(options?: TelemetryOptions): TelemetryLike {
  const tracing = resolveTracing(options, SCOPE, OPTIONS)
  const { sandboxed = false } = ownOptions(options, OPTIONS, tracing)
  warnOfInstrumentation(tracing, {}, 'add', FOLLOWERS)
  const worked = new Set<unknown>()
  const none = new Operation(tracing, worked)
  const telemetry: TelemetryLike = {
    tracer: {
      startSpan(_, { kind } = { kind: 0 }, context) {
        if (kind === CONSUMER) {
          const metadata = (context as Context | undefined)?.getValue(METADATA)
          return new Processing(tracing, worked, metadata, sandboxed)
        }
        // A context is passed on even where nothing is recorded.
        if (tracing.isIdle() && (kind !== PRODUCER || trace.getSpanContext(activeContext(tracing)) === undefined))
          return none
        return kind === PRODUCER ? new Adding(tracing, worked) : new Housekeeping(tracing, worked)
      },
    },
    contextManager: {
      with: (context, work) => {
        const isProcessing = tracing.guard(() => (context as object) instanceof Processing) === true
        const result = isProcessing ? (context as Processing).enter(work) : tracing.runIn(context, work)
        return result as ReturnType<typeof work>
      },
      active: () => activeContext(tracing),
      root: () => ROOT_CONTEXT,
      getMetadata: (context) => tracing.guard(() => metadataIn(context)) ?? '',
      // It is read with the job, if that is worked on, and nothing here may fail: BullMQ would wait for ever.
      fromMetadata: (_, metadata) => withValue(ROOT_CONTEXT, METADATA, metadata),
    },
  }
  return Object.defineProperty(telemetry, OURS, { value: true })
}
