export { traceSqs, type SqsOptions } from './trace.ts'
export { forEachMessage, traceHandler, type HandlerOptions } from './consumer.ts'
export type { ReceivedMessage, SqsClientLike } from './client.ts'
export { createTracing, logFields, type Tracing, type TracingInput, type TracingOptions } from '@tracebaton/core'
