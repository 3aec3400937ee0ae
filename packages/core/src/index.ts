// For users.
export { createTracing, type CapturedContext, type Tracing, type TracingInput } from './tracing.ts'
export type { TracingOptions } from './options.ts'
export type { ContextStatus, LinkRole, Outcome, Relation, Trust } from './base/policy.ts'
export type { Convention } from './base/names.ts'
export type { BaggagePolicy } from './wire/baggage-policy.ts'
export type { OnError, Stage } from './base/report.ts'
export type { AttemptDetails, Hooks } from './runtime.ts'
export type { DeliveryHistory } from './verdict/history.ts'
export type { FailurePolicy } from './wire/failure.ts'
export type { MoveFacts } from './wire/move-facts.ts'
export type { DeadLetterOptions, RedriveOptions, RetryOptions } from './verdict/move-options.ts'
export { logFields, type LogFields } from './log-fields.ts'

// For authors of adapters.
export { resolveTracing } from './tracing.ts'
export { copyWith } from './client/copy.ts'
export { warnOfInstrumentation } from './client/instrumentation.ts'
export { lookAlike } from './client/look-alike.ts'
export { originalOf, traced, tracedBy, tracingOf } from './client/original.ts'
export { processWide } from './base/process-wide.ts'
export { createMemory, type Memory } from './memory/memory.ts'
export { createRegister, type Place, type Register, type Waiting } from './memory/register.ts'
export { replaceFields, type Fields, type HeaderGetter, type HeaderSetter } from './wire/carrier.ts'
export type {
  BrokerParts,
  Delivery,
  Destination,
  Move,
  OutgoingMessage,
  Publication,
  SendResults,
} from './verdict/delivery.ts'
export type { AttemptFacts } from './verdict/attempt-count.ts'
export type { DeliveryCount, DeliveryKind } from './verdict/delivery.ts'
export type { Lineage, MoveKind } from './wire/lineage.ts'
export type { Facts } from './base/names.ts'
export type { Reception } from './operations/receive.ts'
export type { Injection } from './operations/injection.ts'
export type { OpenAttempt, OpenOptions } from './operations/open.ts'
export type { Relative } from './base/policy.ts'
export type { Settlement } from './operations/settle.ts'
