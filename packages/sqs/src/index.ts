export { traceSqs, type SqsOptions } from './trace.ts'
export { deadLetter, redrive, retryLater } from './dead-letter.ts'
export {
  attemptOf,
  forEachMessage,
  traceBatch,
  traceBatchHandler,
  traceHandler,
  type HandledMessage,
  type HandlerOptions,
} from './consumer.ts'
export type {
  MessageAttribute,
  MessageAttributes,
  ReceivedMessage,
  SendingClient,
  SendOutput,
  SqsClientLike,
} from './client.ts'
export { createTracing, logFields } from '@tracebaton/core'
export type * from '@tracebaton/core'
