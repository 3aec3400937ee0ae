import type { SpanContext } from '@opentelemetry/api'
import { reasonOf, type Failure, type Lineage, type MoveFacts } from '../wire/history.ts'
import { isCount } from '../base/bounds.ts'
import type { Copy } from './copy.ts'
import type { DeliveryKind, PastAttempt } from './delivery.ts'

/** The facts about an attempt that a process span starts with. */
export interface AttemptFacts {
  readonly attempt: number
  readonly maxAttempts: number | undefined
  readonly source: 'field' | 'memory' | 'broker' | 'assumed'
  readonly kind: DeliveryKind
  readonly redrives: number
  /** Whether no earlier delivery of this copy is known. */
  readonly firstDelivery: boolean
  readonly previous: SpanContext | undefined
  /** What the attempt before failed with, as far as this process remembers. */
  readonly previousFailure: Failure | undefined
  /** An attempt on the same message that still runs here: the message was handed out again meanwhile. */
  readonly overtakes: { overtaken: boolean } | undefined
}

/** What a copy says of the attempts on it. */
export type Counted = Pick<Copy, 'lineage' | 'count' | 'deaths' | 'kind' | 'handledBefore' | 'redrives'>

/**
 * Counts: the attempt this copy was made for, plus how often the copy itself has come round. The broker's count is taken
 * where it is exact, what this process remembers where it is not, and nothing is guessed.
 *
 * @param past the latest attempt on this copy by this process
 * @param pastElsewhere the latest attempt on the message before the broker itself moved it here
 * @param most attempts that the broker allows
 * @param handedOut whether the broker has delivered this copy before, here or at the place that it moved it from
 */
export function countAttempt(
  copy: Counted,
  past: PastAttempt | undefined,
  pastElsewhere: PastAttempt | undefined,
  most: number | undefined,
  handedOut: boolean,
): AttemptFacts {
  const { count, deaths, kind } = copy
  const lineage = countedOn(copy)
  const deliveries = count?.deliveries ?? 1
  const isExact = count?.exact === true
  const start = startOf(copy)
  const redrives = (copy.lineage?.redrives ?? 0) + (copy.redrives ?? 0)
  const own = ofThisCopy(past, lineage?.attempt ?? 1, redrives)
  const told = start + deliveries - 1
  const remembered = own === undefined || isExact ? 0 : own.attempt + 1
  // Brought back to the same place, the copy had another name before.
  const pastHere = deaths > 0 ? ofThisCopy(pastElsewhere, lineage?.attempt ?? 1, redrives) : undefined
  const broughtBack = pastHere === undefined || isExact ? 0 : pastHere.attempt + 1
  const attempt = Math.max(told, remembered, broughtBack)
  const firstDelivery = deliveries === 1 && (own === undefined || isExact)
  const before = isBefore(own, attempt) ? own : isBefore(pastHere, attempt) ? pastHere : undefined
  // A dead letter and a redrive count from 1: the last attempt before has another number.
  const isMoved = firstDelivery && deaths === 0
  // Before the broker handed it out again there were attempts of which the message says nothing.
  const toldBefore = kind === 'redrive' || handedOut ? undefined : lineage?.previousAttempt
  const fromMemory = attempt > told || (remembered === told && !isExact)
  return {
    attempt,
    maxAttempts: atLeast(attempt, lineage?.maxAttempts ?? (most && start - 1 + most)),
    source: fromMemory ? 'memory' : sourceOf(copy, lineage, firstDelivery),
    kind: firstDelivery ? firstKind(lineage, kind, deaths > 0) : 'redelivery',
    redrives,
    firstDelivery,
    previous: before?.context ?? (isMoved ? (toldBefore ?? pastElsewhere?.context) : undefined),
    previousFailure: before?.failure ?? (isMoved ? pastElsewhere?.failure : undefined),
    overtakes: past?.running ?? pastElsewhere?.running,
  }
}

function isBefore(past: PastAttempt | undefined, attempt: number): past is PastAttempt {
  return past !== undefined && past.attempt === attempt - 1
}

/** The attempt on the first delivery of a copy, from which a broker's count of it and its limit go on. */
export function startOf(copy: Counted): number {
  return (countedOn(copy)?.attempt ?? 1) + copy.deaths
}

/** A maximum below the attempt counts something else, and one that is no count says nothing. */
function atLeast(attempt: number, maximum: number | undefined): number | undefined {
  return isCount(maximum) && maximum >= attempt ? maximum : undefined
}

/** What this copy is, of which the later mover knows better. */
function firstKind(lineage: Lineage | undefined, broker: DeliveryKind | undefined, broughtBack: boolean): DeliveryKind {
  const reason = lineage && reasonOf(lineage)
  return (broughtBack || broker === 'redrive' ? (broker ?? reason) : (reason ?? broker)) ?? 'first'
}

/** A copy may bear the name of the one before it, whose attempts do not count here. */
function ofThisCopy(past: PastAttempt | undefined, start: number, redrives: number): PastAttempt | undefined {
  return past !== undefined && past.attempt >= start && past.redrives === redrives ? past : undefined
}

/**
 * A message that the broker itself moved to a dead-letter queue, or handed out again after it had been given up, counts
 * from 1 there, whatever it counted before. One that the application sent there is what it says, unless the broker has
 * moved it on since.
 */
function countedOn({ lineage, kind, handledBefore }: Counted): Lineage | undefined {
  const reason = lineage && reasonOf(lineage)
  if (kind === 'dead_letter') return reason === 'dead_letter' && !handledBefore ? lineage : undefined
  if (kind === 'redrive') return reason === 'immediate' || reason === 'delayed' ? undefined : lineage
  return lineage
}

function sourceOf(
  { count, deaths }: Counted,
  lineage: Lineage | undefined,
  firstDelivery: boolean,
): AttemptFacts['source'] {
  if (firstDelivery && deaths === 0 && lineage?.attempt !== undefined) return 'field'
  if (count?.exact === true || (count?.deliveries ?? 1) > 1 || deaths > 0) return 'broker'
  return lineage?.attempt === undefined ? 'assumed' : 'field'
}

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
  /** The first send of the journey, where the copy's own context does not name its trace. */
  readonly journey: SpanContext | undefined
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
    journey: step.journey,
    relation: step.relation,
  }
}

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
