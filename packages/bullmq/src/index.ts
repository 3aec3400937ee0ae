export { bullmqTelemetry, type TelemetryOptions } from './telemetry/telemetry.ts'
export { attemptOf, traceHandler, type HandlerOptions } from './consumer.ts'
export { traceFlowProducer, traceQueue, type BullmqOptions } from './producer.ts'
export { deadLetter, redrive, retryLater, type Added, type MovedJob, type Publisher } from './dead-letter.ts'
export type {
  FlowProducerLike,
  JobLike,
  JobOptionsLike,
  ProcessorLike,
  QueueLike,
  SpanLike,
  TelemetryLike,
} from './client.ts'
export { createTracing, logFields } from '@tracebaton/core'
export type * from '@tracebaton/core'
