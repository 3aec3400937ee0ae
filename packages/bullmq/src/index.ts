export { bullmqTelemetry, type BullmqOptions } from './telemetry.ts'
export { traceHandler, type HandlerOptions } from './consumer.ts'
export { traceFlowProducer, traceQueue } from './trace.ts'
export { deadLetter, redrive, retryLater } from './dead-letter.ts'
export type { FlowProducerLike, JobLike, ProcessorLike, QueueLike, TelemetryLike } from './client.ts'
export {
  createTracing,
  logFields,
  type DeadLetterOptions,
  type RedriveOptions,
  type RetryOptions,
  type Tracing,
  type TracingInput,
  type TracingOptions,
} from '@tracebaton/core'
