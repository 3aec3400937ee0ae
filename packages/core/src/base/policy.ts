import type { SpanContext } from '@opentelemetry/api'

/**
 * How a process span hangs on the creation context of its message: its `child`, a root with a `link`, or `auto`: a
 * child as long as that gives a trace somebody can read (not for dead letters, scheduled and old messages).
 */
export type Relation = 'auto' | 'child' | 'link'

/**
 * How much of what a message says is believed: everything; the identity of its context, as a link that decides nothing;
 * or nothing at all.
 */
export type Trust = 'full' | 'link-only' | 'ignore'

/** What a link of core's own points to; the attribute `tracebaton.link.role`. Adapters may name other roles. */
export type LinkRole =
  | 'creation'
  | 'previous_attempt'
  | 'origin'
  | 'message'
  | 'batch'
  | 'attempt'
  | 'scheduler'
  | 'child_job'

/** What became of an attempt. */
export type Outcome =
  | 'acked'
  | 'requeued'
  | 'retry_scheduled'
  | 'rejected'
  | 'dead_lettered'
  | 'discarded'
  | 'abandoned'

/**
 * Tells by what a handler returned, or resolved with, what became of the message; `undefined`: the result does not say. The
 * type of a method, so that a function of one's own type of result fits.
 */
export type OutcomeOf = { of(result: unknown): Outcome | undefined }['of']

/** Whether a message carried a context that could be used. */
export type ContextStatus = 'present' | 'absent' | 'malformed' | 'untrusted'

/** A span to link, and why. */
export interface Relative {
  /** What the span is to this one, a word of few values: a {@link LinkRole}, or a word of the adapter's own. */
  readonly role: string
  readonly context: SpanContext
  /** `false`: its context decides nothing on sampling. @default true */
  readonly decides?: boolean | undefined
}

/**
 * What `retryLater` did. `exhausted`: nothing, because the message has had all its attempts, or its copy has no room to count
 * them; what becomes of it is yours to say.
 */
export type RetryResult = 'retried' | 'exhausted'
