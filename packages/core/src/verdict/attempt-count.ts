import type { SpanContext } from '@opentelemetry/api'
import { reasonOf, type Lineage } from '../wire/lineage.ts'
import type { DeliveryCount, DeliveryKind } from './delivery.ts'

/** An attempt this process made and still remembers. */
export interface PastAttempt {
  readonly attempt: number
  readonly redrives: number
  readonly context: SpanContext
}

/** The facts about an attempt that a process span starts with. */
export interface AttemptFacts {
  readonly attempt: number
  readonly maxAttempts: number | undefined
  readonly source: 'field' | 'memory' | 'broker' | 'assumed'
  readonly kind: DeliveryKind
  readonly redrives: number
  /** Whether this copy of the message is delivered for the first time, as far as anybody knows. */
  readonly firstDelivery: boolean
  readonly previous: SpanContext | undefined
}

/** What there is to count an attempt from. */
export interface AttemptSources {
  /** Believed and fresh lineage. */
  readonly lineage: Lineage | undefined
  readonly broker: DeliveryCount | undefined
  /** The latest attempt on this copy by this process. */
  readonly past: PastAttempt | undefined
  /** The latest attempt on the message before the broker itself moved it here. */
  readonly pastElsewhere: PastAttempt | undefined
  readonly maxAttempts: number | undefined
  /** What the broker says this copy is. */
  readonly kind: DeliveryKind | undefined
  /** What the broker says of how often the message came back. */
  readonly redrives?: number | undefined
  /** The attempt before this one, as the broker keeps it. */
  readonly previous?: SpanContext | undefined
}

/**
 * Counts: the attempt this copy was made for, plus how often the copy itself has come round. The broker's count is
 * taken where it is exact, what this process remembers where it is not, and nothing is guessed.
 */
export function countAttempt(sources: AttemptSources): AttemptFacts {
  const { broker } = sources
  const lineage = countedOn(sources)
  // What the application counted includes what the broker counted before.
  const earlier = lineage?.attempt === undefined ? (broker?.earlier ?? 0) : 0
  const start = lineage?.attempt ?? 1 + earlier
  const redrives = sources.redrives ?? sources.lineage?.redrives ?? 0
  const past = isOfThisMessage(sources, lineage?.attempt ?? 1, redrives) ? sources.past : undefined
  const told = start + (broker?.deliveries ?? 1) - 1
  const remembered = past === undefined ? 0 : past.attempt + 1
  const attempt = Math.max(told, remembered)
  const firstDelivery = broker?.fresh ?? (past === undefined && (broker?.deliveries ?? 1) === 1)
  const before = past?.attempt === attempt - 1 ? past.context : undefined
  const elsewhere = sources.pastElsewhere?.context
  return {
    attempt,
    // The broker allows so many on each copy of the message.
    maxAttempts: lineage?.maxAttempts ?? (sources.maxAttempts && start - 1 + sources.maxAttempts),
    source: sourceOf(
      lineage,
      broker,
      remembered > told || (remembered === told && broker?.exact !== true),
      firstDelivery,
    ),
    kind: firstDelivery ? firstKind(lineage, sources.kind, earlier > 0) : 'redelivery',
    redrives,
    firstDelivery,
    previous: before ?? (firstDelivery ? (lineage?.previousAttempt ?? elsewhere) : undefined) ?? sources.previous,
  }
}

/** What this copy is, of which the later mover knows better. */
function firstKind(lineage: Lineage | undefined, broker: DeliveryKind | undefined, broughtBack: boolean): DeliveryKind {
  const reason = lineage && reasonOf(lineage)
  return (broughtBack ? (broker ?? reason) : (reason ?? broker)) ?? 'first'
}

/** A copy may bear the name of the one before it, whose attempts do not count here, unless the broker brought it back. */
function isOfThisMessage({ past, broker }: AttemptSources, start: number, redrives: number): boolean {
  if (past === undefined || (broker?.fresh === true && (broker.earlier ?? 0) === 0)) return false
  return past.attempt >= start && past.redrives === redrives
}

/**
 * A message that the broker itself moved to a dead-letter queue, or gave out once more after it had been given up, counts
 * from 1 there, whatever it counted before.
 */
function countedOn({ lineage, kind }: AttemptSources): Lineage | undefined {
  const reason = lineage && reasonOf(lineage)
  if (kind === 'dead_letter') return reason === 'dead_letter' ? lineage : undefined
  if (kind === 'redrive') return reason === 'immediate' || reason === 'delayed' ? undefined : lineage
  return lineage
}

function sourceOf(
  lineage: Lineage | undefined,
  broker: DeliveryCount | undefined,
  fromMemory: boolean,
  firstDelivery: boolean,
): AttemptFacts['source'] {
  if (fromMemory) return 'memory'
  if (firstDelivery && lineage?.attempt !== undefined) return 'field'
  if (broker !== undefined && (broker.exact || broker.deliveries > 1 || (broker.earlier ?? 0) > 0)) return 'broker'
  return lineage?.attempt === undefined ? 'assumed' : 'field'
}
