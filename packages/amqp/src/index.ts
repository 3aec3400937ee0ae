export { traceChannel, traceConnection } from './trace.ts'
export { traceHandler } from './consumer.ts'
export { deadLetter, redrive, retryLater } from './dead-letter.ts'
export type { ChannelLike, ConnectionLike, MessageLike } from './client.ts'
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
