import type { SpanContext } from '@opentelemetry/api'
import { formatIds, parseTraceparent } from './traceparent.ts'
import type { Lineage, MoveKind } from './history.ts'

/** The one header field of ours. */
export const LINEAGE_FIELD = 'tracebaton'

const VERSION = '1'
/** Characters. */
export const LONGEST_LINEAGE = 320
/** The largest time, and the largest number of attempts. */
const LATEST = 999_999_999_999_999
const MOST_ATTEMPTS = 1_000_000
const DECIMAL = 10
const BASE_36 = 36
const EIGHT_DIGITS = /^[0-9a-f]{8}$/
const KINDS: ReadonlySet<string> = new Set(['immediate', 'delayed', 'dead_letter', 'redrive'])
const RELATIONS: ReadonlySet<string> = new Set(['child', 'link'])

/** A lineage while it is being read. */
type Draft = { -readonly [Key in keyof Lineage]: Lineage[Key] }

/**
 * Reads the field, in one pass. Unknown keys are ignored; anything malformed, repeated or over 320 characters makes the
 * whole field unreadable (`undefined`), because half a history is worse than none. Never throws.
 */
export function parseLineage(text: string): Lineage | undefined {
  if (text.length > LONGEST_LINEAGE || !text.startsWith(`${VERSION};`)) return undefined
  const draft: Draft = {}
  let known = 0
  let unknown: Set<string> | undefined
  for (let at = VERSION.length + 1; at <= text.length;) {
    const semicolon = text.indexOf(';', at)
    const end = semicolon === -1 ? text.length : semicolon
    const equals = text.indexOf('=', at)
    if (equals <= at || equals >= end) return undefined
    const key = equals === at + 1 ? text.charCodeAt(at) : 0
    const bit = key >= A && key <= Z ? 1 << (key - A) : 0
    if ((bit & KNOWN) !== 0) {
      if ((known & bit) !== 0 || !read(draft, key, text.slice(equals + 1, end))) return undefined
      known |= bit
    } else {
      const name = text.slice(at, equals)
      if (unknown?.has(name) === true) return undefined
      unknown ??= new Set()
      unknown.add(name)
    }
    at = end + 1
  }
  return draft
}

const A = 97
const Z = 122
const bitOf = (key: string): number => 1 << (key.charCodeAt(0) - A)
const KNOWN = Array.from('bcamfsdpknxjr').reduce((bits, key) => bits | bitOf(key), 0)

/** Reads the value of one known key; `false`: it is malformed. */
function read(draft: Draft, key: number, value: string): boolean {
  switch (key) {
    case 98: // b
      draft.made = EIGHT_DIGITS.test(value) ? value : undefined
      return draft.made !== undefined
    case 99: // c
      draft.creation = parseTraceparent(`00-${value}`)
      return draft.creation !== undefined
    case 97: // a
      draft.attempt = integer(value, DECIMAL, 1, MOST_ATTEMPTS)
      return draft.attempt !== undefined
    case 109: // m
      draft.maxAttempts = integer(value, DECIMAL, 1, MOST_ATTEMPTS)
      return draft.maxAttempts !== undefined
    case 102: // f
      draft.firstSent = integer(value, BASE_36, 0, LATEST)
      return draft.firstSent !== undefined
    case 115: // s
      draft.sent = integer(value, BASE_36, 0, LATEST)
      return draft.sent !== undefined
    case 100: // d
      draft.delay = integer(value, BASE_36, 0, LATEST)
      return draft.delay !== undefined
    case 112: // p
      draft.previousAttempt = parseTraceparent(`00-${value}`)
      return draft.previousAttempt !== undefined
    case 107: // k
      if (!KINDS.has(value)) return false
      draft.kind = value as MoveKind
      return true
    case 110: {
      // n: no redrives is what a field without it says.
      const redrives = integer(value, DECIMAL, 0, MOST_ATTEMPTS)
      if (redrives !== undefined && redrives > 0) draft.redrives = redrives
      return redrives !== undefined
    }
    case 120: // x
      draft.deaths = EIGHT_DIGITS.test(value) ? value : undefined
      return draft.deaths !== undefined
    case 106: // j
      draft.journey = parseTraceparent(`00-${value}`)
      return draft.journey !== undefined
    default: // r
      if (!RELATIONS.has(value)) return false
      draft.relation = value as 'child' | 'link'
      return true
  }
}

/** Reads digits without a leading zero, in lower case. */
function integer(text: string, base: number, least: number, most: number): number | undefined {
  if (text === '' || text.length > 15 || (text.length > 1 && text.charCodeAt(0) === 48)) return undefined
  let value = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    const digit = code <= 57 ? code - 48 : code - A + 10
    if (digit < 0 || digit >= base || (code > 57 && code < A)) return undefined
    value = value * base + digit
  }
  return value >= least && value <= most ? value : undefined
}

/**
 * Writes the field: ASCII, at most 268 characters. A number that could not be read again is left out.
 *
 * @param creation the context that the message carries; `undefined`: none, and the field says none
 */
export function formatLineage(lineage: Lineage, creation: SpanContext | undefined): string {
  const first = lineage.kind === undefined && lineage.attempt === undefined
  let text = VERSION
  if (creation !== undefined) text += first ? `;b=${creation.spanId.slice(-8)}` : `;c=${formatIds(creation)}`
  text += number('a', lineage.attempt, DECIMAL, 1, MOST_ATTEMPTS)
  text += number('m', lineage.maxAttempts, DECIMAL, 1, MOST_ATTEMPTS)
  text += number('f', lineage.firstSent, BASE_36, 0, LATEST)
  text += number('s', lineage.sent, BASE_36, 0, LATEST)
  text += number('d', lineage.delay, BASE_36, 0, LATEST)
  if (lineage.previousAttempt !== undefined) text += `;p=${formatIds(lineage.previousAttempt)}`
  if (lineage.kind !== undefined) text += `;k=${lineage.kind}`
  text += number('n', lineage.redrives, DECIMAL, 1, MOST_ATTEMPTS)
  if (lineage.deaths !== undefined) text += `;x=${lineage.deaths}`
  if (lineage.journey !== undefined) text += `;j=${formatIds(lineage.journey)}`
  if (lineage.relation !== undefined) text += `;r=${lineage.relation}`
  return text
}

function number(key: string, value: number | undefined, base: number, least: number, most: number): string {
  if (value === undefined) return ''
  const rounded = Math.round(value)
  return rounded >= least && rounded <= most ? `;${key}=${digits(rounded, base)}` : ''
}

const HALF = 5
const HALF_OF_TIME = BASE_36 ** HALF

/** In two halves where it is long: V8 takes five times as long for a number that does not fit into 31 bits. */
function digits(value: number, base: number): string {
  if (base !== BASE_36 || value < HALF_OF_TIME) return value.toString(base)
  return Math.floor(value / HALF_OF_TIME).toString(base) + (value % HALF_OF_TIME).toString(base).padStart(HALF, '0')
}
