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
  return toLineage(fields as Lineage)
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

/** A lineage without the keys of which nobody knows anything. */
export function toLineage(fields: { readonly [Key in keyof Lineage]: Lineage[Key] | undefined }): Lineage {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as unknown as Lineage
}

/** The lineage of a dead letter that was put back where it came from, as a redrive would have written it. */
export function putBack(lineage: Lineage): Lineage {
  const redrives = (lineage.redrives ?? 0) + 1
  return toLineage({
    ...lineage,
    kind: 'redrive',
    attempt: 1,
    maxAttempts: undefined,
    delay: undefined,
    redrives,
  })
}
