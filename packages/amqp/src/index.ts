export { traceChannel, traceConnection } from './trace.ts'
export { traceHandler } from './consumer.ts'
export type { ChannelLike, ConnectionLike, MessageLike } from './client.ts'
export { createTracing, logFields, type Tracing, type TracingInput, type TracingOptions } from '@tracebaton/core'
