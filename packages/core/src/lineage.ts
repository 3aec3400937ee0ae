import type { SpanContext } from '@opentelemetry/api'
import { formatIds, parseTraceparent, sameSpan } from './traceparent.ts'

/** The one header field of ours. */
export const LINEAGE_FIELD = 'tracebaton'

/** What a message has been through, as far as the message itself tells. */
export interface Lineage {
  /** The creation context this was written for. On a message that carries another one, it is stale. */
  readonly creation: SpanContext
  /** The attempt this copy of the message is for, from 1. */
  readonly attempt?: number
  /** Attempts allowed, where known. */
  readonly maxAttempts?: number
  /** First sent, ms since the epoch. */
  readonly firstSent?: number
  /** This copy sent, ms since the epoch. */
  readonly sent?: number
  /** Delay somebody asked for, ms. It is no time in the queue. */
  readonly delay?: number
  /** The attempt before this one. */
  readonly previousAttempt?: SpanContext
  /** Why there is this copy; absent on the first. A dead letter stays one while it is tried again, see {@link reasonOf}. */
  readonly kind?: MoveKind
  /** How often the message came back from a dead-letter queue. */
  readonly redrives?: number
  /** What the producer wishes the consumer's span to be. */
  readonly relation?: 'child' | 'link'
}

/** Why the application put a message on a queue once more. */
export type MoveKind = 'immediate' | 'delayed' | 'dead_letter' | 'redrive'

/** Why there is this attempt. */
export type DeliveryKind = 'first' | MoveKind | 'redelivery'

const VERSION = '0'
const MAX_LENGTH = 256
/** The largest number that `INTEGER` reads. */
const MOST = 999_999_999_999_999
const INTEGER = /^(?:0|[1-9][0-9]{0,14})$/
const KINDS: readonly string[] = ['immediate', 'delayed', 'dead_letter', 'redrive']

/**
 * Reads the field. Unknown keys are ignored; anything malformed, repeated or over 256 bytes makes the whole field
 * unreadable (`undefined`), because half a history is worse than none. Never throws.
 */
export function parseLineage(text: string): Lineage | undefined {
  if (text.length > MAX_LENGTH) return undefined
  const [version, ...pairs] = text.split(';')
  if (version !== VERSION) return undefined

  const values = new Map<string, string>()
  for (const pair of pairs) {
    const equals = pair.indexOf('=')
    const key = pair.slice(0, Math.max(equals, 0))
    if (key === '' || values.has(key)) return undefined
    values.set(key, pair.slice(equals + 1))
  }

  const fields = {
    creation: context(values.get('c')),
    attempt: integer(values.get('a'), 1),
    maxAttempts: integer(values.get('m'), 1),
    firstSent: integer(values.get('f'), 0),
    sent: integer(values.get('s'), 0),
    delay: integer(values.get('d'), 0),
    previousAttempt: context(values.get('p')),
    kind: oneOf(values.get('k'), KINDS),
    // None is what a field without it says.
    redrives: integer(values.get('n'), 0) || undefined,
    relation: oneOf(values.get('r'), ['child', 'link']),
  }
  if (fields.creation === undefined) return undefined
  for (const value of Object.values(fields)) if (value === MALFORMED) return undefined
  return defined(fields) as unknown as Lineage
}

/** Why there is this copy, of a dead letter that is tried again, too. */
export function reasonOf({ kind, attempt = 1, delay }: Lineage): MoveKind | undefined {
  if (kind !== 'dead_letter' || attempt === 1) return kind
  return delay === undefined ? 'immediate' : 'delayed'
}

/** Writes the field: ASCII, at most 241 characters. A number that could not be read again is left out. */
export function formatLineage(lineage: Lineage): string {
  let text = `${VERSION};c=${formatIds(lineage.creation)}`
  text += number('a', lineage.attempt, 1)
  text += number('m', lineage.maxAttempts, 1)
  text += number('f', lineage.firstSent, 0)
  text += number('s', lineage.sent, 0)
  text += number('d', lineage.delay, 0)
  if (lineage.previousAttempt !== undefined) text += `;p=${formatIds(lineage.previousAttempt)}`
  if (lineage.kind !== undefined) text += `;k=${lineage.kind}`
  text += number('n', lineage.redrives, 1)
  if (lineage.relation !== undefined) text += `;r=${lineage.relation}`
  return text
}

function number(key: string, value: number | undefined, least: number): string {
  const rounded = Math.round(value ?? Number.NaN)
  return rounded >= least && rounded <= MOST ? `;${key}=${rounded}` : ''
}

/** What a broker says about how often it handed out this copy of the message. */
export interface DeliveryCount {
  /** Deliveries so far, this one included. */
  readonly deliveries: number
  /** `false`: at least so many. */
  readonly exact: boolean
  /**
   * The broker says that nobody had this copy before, so that what is remembered is of another one. @default unknown,
   * even where it counts a single delivery
   */
  readonly fresh?: boolean | undefined
  /** Attempts on earlier copies at this destination, at least, where the broker itself brought the message back. @default 0 */
  readonly earlier?: number | undefined
}

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

/** A message that the broker itself moved to a dead-letter queue counts from 1 there, whatever it counted before. */
function countedOn({ lineage, kind }: AttemptSources): Lineage | undefined {
  return kind === 'dead_letter' && lineage !== undefined && reasonOf(lineage) !== 'dead_letter' ? undefined : lineage
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
  readonly relation: Lineage['relation']
}

/**
 * The lineage of the next copy: a retry counts on, a dead letter and a redrive count from 1 again, and what was first
 * said (when it was sent) is kept.
 */
export function advance(creation: SpanContext, step: Step): Lineage {
  const { attempt, delay = 0 } = step
  const retry = step.kind === 'retry'
  return defined({
    creation,
    attempt: retry ? attempt.attempt + 1 : 1,
    maxAttempts: retry ? step.maxAttempts : undefined,
    firstSent: step.firstSent,
    sent: step.sent,
    delay: delay > 0 ? delay : undefined,
    previousAttempt: step.attemptContext,
    kind: !retry ? step.kind : step.deadLetter ? 'dead_letter' : delay > 0 ? 'delayed' : 'immediate',
    redrives: attempt.redrives + (step.kind === 'redrive' ? 1 : 0),
    relation: step.relation,
  }) as unknown as Lineage
}

/** The lineage of a dead letter that somebody put back where it came from, as a redrive would have written it. */
export function putBack(lineage: Lineage): Lineage {
  const redrives = (lineage.redrives ?? 0) + 1
  return defined({
    ...lineage,
    kind: 'redrive',
    attempt: 1,
    maxAttempts: undefined,
    delay: undefined,
    redrives,
  }) as unknown as Lineage
}

/** Whether the lineage was written for the context that the message carries now. */
export function isFresh(lineage: Lineage, creation: SpanContext | undefined): boolean {
  return sameSpan(lineage.creation, creation)
}

const MALFORMED = Symbol('malformed')

function context(text: string | undefined): SpanContext | undefined | typeof MALFORMED {
  return text === undefined ? undefined : (parseTraceparent(`00-${text}`) ?? MALFORMED)
}

function integer(text: string | undefined, least: number): number | undefined | typeof MALFORMED {
  if (text === undefined) return undefined
  return INTEGER.test(text) && Number(text) >= least ? Number(text) : MALFORMED
}

function oneOf(text: string | undefined, allowed: readonly string[]): string | undefined | typeof MALFORMED {
  return text === undefined || allowed.includes(text) ? text : MALFORMED
}

function defined(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
