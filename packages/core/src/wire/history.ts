import type { SpanContext } from '@opentelemetry/api'

/** What a message has been through, as far as the message itself tells. */
export interface Lineage {
  /**
   * The creation context this was written for, on a moved copy. On a message that carries another one, it is stale. Without
   * it and `made` it was written for a message that carries none.
   */
  readonly creation?: SpanContext | undefined
  /** The same on a first copy: the last eight hex digits of the creation span. */
  readonly made?: string | undefined
  /** The attempt this copy of the message is for, from 1. */
  readonly attempt?: number | undefined
  /** Attempts allowed, where known. */
  readonly maxAttempts?: number | undefined
  /** First sent, ms since the epoch. */
  readonly firstSent?: number | undefined
  /** This copy sent, ms since the epoch. */
  readonly sent?: number | undefined
  /** Delay that was asked for, ms. It is no time in the queue. */
  readonly delay?: number | undefined
  /** The attempt before this one. */
  readonly previousAttempt?: SpanContext | undefined
  /** Why there is this copy; absent on the first. A dead letter stays one while it is tried again, see {@link reasonOf}. */
  readonly kind?: MoveKind | undefined
  /** How often the message came back from a dead-letter queue. */
  readonly redrives?: number | undefined
  /** Fingerprint of what the broker had written on this copy when it was sent: eight hex digits. */
  readonly deaths?: string | undefined
  /** The first send of the journey, where that is in another trace than the creation context. */
  readonly journey?: SpanContext | undefined
  /** What the producer wishes the consumer's span to be. */
  readonly relation?: 'child' | 'link' | undefined
}

/** Why the application put a message on a queue once more. */
export type MoveKind = 'immediate' | 'delayed' | 'dead_letter' | 'redrive'

/** Why there is this copy, of a dead letter that is tried again, too. */
export function reasonOf({ kind, attempt = 1, delay }: Lineage): MoveKind | undefined {
  if (kind !== 'dead_letter' || attempt === 1) return kind
  return delay === undefined ? 'immediate' : 'delayed'
}

/** The lineage of a dead letter that was put back where it came from, as a redrive would have written it. */
export function putBack(lineage: Lineage): Lineage {
  const redrives = (lineage.redrives ?? 0) + 1
  return { ...lineage, kind: 'redrive', attempt: 1, maxAttempts: undefined, delay: undefined, redrives }
}

/** What a dead letter, or a retry copy, says in plain headers. Absent is what nobody knew, or had no room for. */
export interface MoveFacts extends Partial<Failure> {
  /** Where the message was before its first move. */
  readonly originalDestination?: string | undefined
  /** Partition and offset, delivery tag, message id or job id, there. */
  readonly originalPosition?: string | undefined
  /** The group or queue that handled it there. */
  readonly originalConsumer?: string | undefined
  /** Attempts before the latest move. */
  readonly attempts?: number | undefined
  /** Time of the latest move, ISO 8601. */
  readonly failedAt?: string | undefined
}

/** A failure in words that fit into headers. */
export interface Failure {
  readonly errorType: string
  readonly errorMessage?: string | undefined
  readonly errorStack?: string | undefined
}

/** A context in the broker's own slot. */
export interface Slot {
  readonly traceparent: string
  /** Whether its flags are the producer's decision, and not what a platform writes for those who asked for nothing. */
  readonly decides: boolean
}
