/** The types in signatures of both entries. */
export type { CapturedContext, Tracing, TracingInput } from './tracing.ts'
export type { TracingOptions } from './options.ts'
export type { ContextStatus, LinkRole, Outcome, Relation, Relative, Trust } from './base/policy.ts'
export type { Convention, Facts } from './base/names.ts'
export type { BaggagePolicy } from './wire/format.ts'
export type { OnError, Stage } from './base/report.ts'
export type { AttemptDetails, Hooks } from './runtime.ts'
export type { Fields, HeaderGetter, HeaderSetter } from './wire/carrier.ts'
export type { Lineage, MoveKind } from './wire/lineage.ts'
export type { Failure, FailurePolicy, MoveFacts } from './wire/move-facts.ts'
export type { AttemptFacts, DeliveryHistory } from './verdict/attempt-count.ts'
export type {
  AttemptMemory,
  Begun,
  BrokerHistory,
  BrokerMove,
  CopyFacts,
  Delivery,
  DeliveryCount,
  DeliveryKind,
  Destination,
  Meaning,
  Move,
  OutgoingMessage,
  OwnMoves,
  PastAttempt,
  Publication,
  SendResults,
} from './verdict/delivery.ts'
export type { DeadLetterOptions, RedriveOptions, RetryOptions } from './client/moves.ts'
