export { createTracing } from './tracing.ts'
export { logFields, type LogFields } from './log-fields.ts'
export type { ErrorCode } from './base/errors.ts'
export type * from './types.ts'
