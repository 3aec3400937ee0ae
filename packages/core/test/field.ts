import type { SpanContext } from '@opentelemetry/api'

/** A context as text: `<trace id>-<span id>-<flags>`, or a whole `traceparent`. */
type Ids = string | SpanContext

/** What a `tracebaton` field can say beside the context that it was written for. */
export interface FieldFacts {
  readonly attempt?: number | undefined
  readonly maxAttempts?: number | undefined
  /** ms since the epoch. */
  readonly firstSent?: number | undefined
  /** ms since the epoch. */
  readonly sent?: number | undefined
  /** ms. */
  readonly delay?: number | undefined
  readonly previousAttempt?: Ids | undefined
  readonly kind?: string | undefined
  readonly redrives?: number | undefined
  /** Eight hex digits. */
  readonly deaths?: string | undefined
  readonly journey?: Ids | undefined
  readonly relation?: string | undefined
  /** Pairs that no version knows: `zz=1`. */
  readonly unknown?: string | undefined
}

/** The text of a field on a moved copy, by the rules of the format and without the code under test. */
export function movedField(creation: Ids, facts: FieldFacts = {}): string {
  return write(`c=${idsOf(creation)}`, facts)
}

/** The same on a first copy. */
export function firstField(creation: Ids, facts: FieldFacts = {}): string {
  return write(`b=${idsOf(creation).split('-')[1]?.slice(8)}`, facts)
}

/** The pairs of a field by their keys: times as ms, all else as text. */
export function readField(text: string): Readonly<Record<string, string | number>> {
  const [version, ...pairs] = text.split(';')
  if (version !== '1') throw new Error(`No field of version 1: ${text}`)
  return Object.fromEntries(
    pairs.map((pair) => {
      const [key = '', value = ''] = pair.split('=')
      return [key, TIMES.has(key) ? Number.parseInt(value, 36) : value]
    }),
  )
}

const TIMES = new Set(['f', 's', 'd'])

function write(bound: string, facts: FieldFacts): string {
  const { attempt, maxAttempts, firstSent, sent, delay, previousAttempt, kind, redrives, deaths, journey, relation } =
    facts
  const pairs = [
    ['a', attempt],
    ['m', maxAttempts],
    ['f', firstSent?.toString(36)],
    ['s', sent?.toString(36)],
    ['d', delay?.toString(36)],
    ['p', previousAttempt && idsOf(previousAttempt)],
    ['k', kind],
    ['n', redrives],
    ['x', deaths],
    ['j', journey && idsOf(journey)],
    ['r', relation],
  ]
  const known = pairs.flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`]))
  return ['1', bound, ...known, ...(facts.unknown === undefined ? [] : [facts.unknown])].join(';')
}

function idsOf(context: Ids): string {
  if (typeof context === 'string') return context.startsWith('00-') ? context.slice(3) : context
  return `${context.traceId}-${context.spanId}-${context.traceFlags.toString(16).padStart(2, '0')}`
}
