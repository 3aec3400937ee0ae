import type { SpanContext } from '@opentelemetry/api'
import type { AttemptFacts } from './attempt-count.ts'
import type { Lineage } from '../wire/lineage.ts'

/** The step from one copy of a message to the next: what it is, and the attempt that asked for it. */
export interface Step {
  readonly kind: 'retry' | 'dead_letter' | 'redrive'
  /** Whether it was a dead letter before. */
  readonly deadLetter: boolean
  /** ms the copy is meant to wait. */
  readonly delay?: number | undefined
  readonly attempt: AttemptFacts
  readonly attemptContext: SpanContext | undefined
  readonly firstSent: number | undefined
  /** Attempts allowed, where the message itself said so. What its broker allowed is for its next broker to say. */
  readonly maxAttempts: number | undefined
  /** The copy is sent at this time, ms, where the broker does not keep it. */
  readonly sent?: number | undefined
  /** Fingerprint of what the broker had written on the copy at hand, where the next one takes that along. */
  readonly deaths: string | undefined
  readonly relation: Lineage['relation']
}

/**
 * The lineage of the next copy: a retry counts on, a dead letter and a redrive count from 1 again, and what was first
 * said (when it was sent) is kept.
 */
export function advance(step: Step): Lineage {
  const { attempt, delay = 0 } = step
  const retry = step.kind === 'retry'
  return {
    attempt: retry ? attempt.attempt + 1 : 1,
    maxAttempts: retry ? step.maxAttempts : undefined,
    firstSent: step.firstSent,
    sent: step.sent,
    delay: delay > 0 ? delay : undefined,
    previousAttempt: step.attemptContext,
    kind: !retry ? step.kind : step.deadLetter ? 'dead_letter' : delay > 0 ? 'delayed' : 'immediate',
    redrives: attempt.redrives + (step.kind === 'redrive' ? 1 : 0),
    deaths: step.deaths,
    relation: step.relation,
  }
}
