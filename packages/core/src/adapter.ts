export {
  ownOptions,
  resolveTracing,
  tracingFor,
  tracingOf,
  tracingToldBy,
  tracedBy,
  type Arrival,
} from './instances.ts'
export type { AdapterTracing } from './tracing.ts'
export { followOptions, type FollowedOptions, type FollowingTracing } from './followed.ts'
export type { OwnOptions, OwnValues } from './read-options.ts'
export type { Scope } from './base/scope.ts'
export { codedError, type ErrorCode } from './base/errors.ts'
export { isObject, isPlain } from './base/given.ts'
export { withoutIds } from './base/ids.ts'
export type { Followers } from './base/other-tracers.ts'
export { SLOT_MARK } from './base/names.ts'
export { withValue } from './base/light-context.ts'
export { processWide } from './base/shared-state.ts'
export { fromHere } from './client/from-here.ts'
export { functionLike } from './client/function-like.ts'
export { copyWith, lookAlike } from './client/look-alike.ts'
export { createArrivals, type Arrivals } from './client/arrivals.ts'
export { createDeliveries, type Deliveries, type Unsettled } from './client/deliveries.ts'
export { hasMethods, isFor, refusalOf, type Argument, type Takes } from './client/misfit.ts'
export { moveMessage, retryResult, sendOne, writableOnly, type MoveRequest } from './client/moves.ts'
export { leaveToUs, originalOf, traced, warnOfInstrumentation } from './client/original.ts'
export { failedMemory, memoryBy } from './memory/attempts.ts'
export { partitionsOf, type Partition, type Partitions } from './memory/partition.ts'
export { createMemory, keyOf, type Memory } from './memory/bounded.ts'
export { createRegister, type Place, type Register, type Waiting } from './memory/register.ts'
export type { Injection } from './operations/injection.ts'
export type { OpenAttempt, OpenOptions } from './operations/open.ts'
export type { OpenSend } from './operations/send.ts'
export type { Reception } from './operations/receive.ts'
export type { Settlement } from './operations/settle.ts'
export { copyFields, replaceFields } from './wire/carrier.ts'
export type * from './types.ts'
