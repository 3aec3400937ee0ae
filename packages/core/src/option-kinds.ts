import { isObject } from './base/given.ts'
import type { Outcome } from './base/policy.ts'

/** What an option may be, or the answer of a function among the options. */
export interface Kind {
  readonly accepts: (value: unknown) => boolean
  /** The valid values, in words. */
  readonly words: string
  /** Stands in for any other value, `null` included. @default as if the option were not given */
  readonly instead?: unknown
}

export const oneOf = (...values: readonly unknown[]): Kind => ({
  accepts: (value) => values.includes(value),
  words: values.map(String).join(', '),
})
export const either = (first: Kind, second: Kind): Kind => ({
  accepts: (value) => first.accepts(value) || second.accepts(value),
  words: `${first.words} or ${second.words}`,
})
export const withMethods = (words: string, ...names: readonly string[]): Kind => ({
  accepts: (value) => isObject(value) && names.every((name) => typeof Reflect.get(value, name) === 'function'),
  words,
})
export const BOOLEAN: Kind = oneOf(true, false)
export const FUNCTION: Kind = { accepts: (value) => typeof value === 'function', words: 'a function' }
export const NUMBER: Kind = { accepts: (value) => typeof value === 'number' && !Number.isNaN(value), words: 'a number' }
export const TIME: Kind = { accepts: (value) => typeof value === 'number' && value >= 0, words: 'a number from 0 on' }
export const TEXT: Kind = { accepts: (value) => typeof value === 'string', words: 'a text' }

export const RELATION: Kind = oneOf('auto', 'child', 'link')
export const TRUST: Kind = oneOf('full', 'link-only', 'ignore')
/** The compiler sees to it that none is missing. */
const OUTCOMES: Readonly<Record<Outcome, true>> = {
  acked: true,
  requeued: true,
  retry_scheduled: true,
  rejected: true,
  dead_lettered: true,
  discarded: true,
  abandoned: true,
}
export const OUTCOME: Kind = oneOf(...Object.keys(OUTCOMES))
export const REPUBLISH: Kind = oneOf('retry', 'dead_letter', 'redrive', 'forward')
