import type { SpanContext } from '@opentelemetry/api'
import type { AttemptFacts } from './attempt-count.ts'
import type { DeliveryKind } from './delivery.ts'
import type { MoveFacts } from '../wire/move-facts.ts'

/** What a message has been through by the time of an attempt, in the same words on every broker. Absent is what nobody knows. */
export interface DeliveryHistory {
  /** This attempt, from 1. */
  readonly attempt: number
  readonly maxAttempts?: number | undefined
  /** Who counted. */
  readonly attemptSource: AttemptFacts['source']
  /** Why there is this attempt. */
  readonly kind: DeliveryKind
  /** How often the message came back from a dead-letter queue. */
  readonly redrives: number
  /** ms since the epoch. */
  readonly firstSent?: number | undefined
  /** The span of the first send. */
  readonly origin?: SpanContext | undefined
  /** The span of the attempt before this one. */
  readonly previousAttempt?: SpanContext | undefined
  /** Set on a dead letter: the destination it came from, and why. */
  readonly deadLetter?: { readonly source?: string | undefined; readonly reason?: string | undefined } | undefined
  /** Set on a message that the application has moved: what it says of its moves. */
  readonly moved?: MoveFacts | undefined
}
