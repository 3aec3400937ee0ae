/** The types in signatures of both entries. */
export type { CapturedContext, Tracing, TracingInput } from './tracing.ts'
export type { Failure, Lineage, MoveFacts, MoveKind, Slot } from './wire/history.ts'
export type { TracingOptions } from './options.ts'
export type {
  ContextStatus,
  LinkRole,
  Outcome,
  OutcomeOf,
  Relation,
  Relative,
  Trust,
  RetryResult,
} from './base/policy.ts'
export type { Convention, Facts } from './base/names.ts'
export type { BaggagePolicy } from './wire/format.ts'
export type { OnError, Redact, Stage } from './base/report.ts'
export type { AttemptDetails, Hooks } from './runtime.ts'
export type { FieldChanges, Fields, HeaderGetter, HeaderSetter, IsField } from './wire/carrier.ts'
export type { FailurePolicy } from './wire/move-facts.ts'
export type { AttemptFacts, DeliveryHistory } from './verdict/attempt-count.ts'
export type { HandledAttempt } from './verdict/verdict.ts'
export type {
  AttemptMemory,
  Begun,
  BrokerHistory,
  BrokerMove,
  CopyFacts,
  Delivery,
  DeliveryCount,
  DeliveryKind,
  Meaning,
  Move,
  OutgoingMessage,
  OwnMoves,
  PastAttempt,
  Publication,
  SendResults,
} from './verdict/delivery.ts'
export type { Destination } from './base/names.ts'

/** Arguments of every adapter's `retryLater`. */
export interface RetryOptions {
  /** The topic or queue, as the client's own sends name it. @default where the message came from */
  readonly to?: string | undefined
  /** What the handler failed with. The attempt has then failed, even if its handler returns. @default none */
  readonly error?: unknown
  /** ms that the copy is to wait: by the broker where it can, else by whoever consumes it. @default 0 */
  readonly delay?: number | undefined
  /**
   * Attempts allowed in all. After so many nothing is sent. The copy says it, too. Of a producer that is not trusted in full
   * the attempts before are unknown. @default any number
   */
  readonly maxAttempts?: number | undefined
}

/** Arguments of every adapter's `deadLetter`. */
export interface DeadLetterOptions {
  /** The topic or queue, as the client's own sends name it. @default none: it has to be given */
  readonly to: string
  /** What the handler failed with. The attempt has then failed, even if its handler returns. @default none */
  readonly error?: unknown
}

/** Arguments of every adapter's `redrive`. */
export interface RedriveOptions {
  /** The topic or queue, as the client's own sends name it. @default where the message says it was at first */
  readonly to?: string | undefined
}
