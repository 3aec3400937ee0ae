export { traceSqs, type SqsOptions } from './trace.ts'
export { deadLetter, redrive, retryLater } from './dead-letter.ts'
export { forEachMessage, traceHandler, type HandlerOptions } from './consumer.ts'
export type { ReceivedMessage, SendingClient, SendOutput, SqsClientLike } from './client.ts'
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
