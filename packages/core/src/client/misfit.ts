import { codedError } from '../base/errors.ts'
import { isObject, wordFor } from '../base/given.ts'
import type { AdapterTracing } from '../tracing.ts'
import type { Move } from '../verdict/delivery.ts'

/**
 * What the functions of an adapter take to wrap, by their names: each in words, and how it is known. `notYet` is a package
 * for the same broker that is not traced yet, and how its objects are known.
 */
export type Takes = Readonly<
  Record<
    string,
    {
      readonly words: string
      readonly fits: (given: unknown) => boolean
      readonly notYet?: readonly [name: string, isOf: (given: unknown) => boolean]
    }
  >
>

/** Knows an object by its methods. */
export function hasMethods(...names: readonly string[]): (given: unknown) => boolean {
  return (given) => isObject(given) && names.every((name) => typeof Reflect.get(given, name) === 'function')
}

/**
 * Whether a function that wraps was given what it takes. If not, says what it was given and what to do; the function then
 * gives that back as it is. Never throws.
 *
 * @param name of the function, one of `takes`
 */
export function isFor(tracing: Pick<AdapterTracing, 'warn'>, given: unknown, name: string, takes: Takes): boolean {
  const is = (judge: ((given: unknown) => boolean) | undefined): boolean => {
    try {
      return judge?.(given) === true
    } catch {
      return false
    }
  }
  const fits = (key: string): boolean => is(takes[key]?.fits)
  if (fits(name)) return true
  const { words, notYet } = takes[name] ?? {}
  if (is(notYet?.[1])) {
    tracing.warn(`${name} was given a client of ${notYet?.[0]}, which is not traced yet: it takes ${words}`)
    return false
  }
  const what = wordFor(given)
  const other = isObject(given) ? Object.keys(takes).find(fits) : undefined
  const advice = what === 'a promise' ? 'await it first' : other ? `use ${other}` : `it takes ${words}`
  tracing.warn(`${name} was given ${what}, which is not traced: ${advice}`)
  return false
}

const HELPERS: Readonly<Record<Move['kind'], string>> = {
  retry: 'retryLater',
  dead_letter: 'deadLetter',
  redrive: 'redrive',
}

/** An argument of a helper: what was given, whether the helper takes it, and what it takes. */
export type Argument = readonly [given: unknown, isTaken: boolean, takes: string]

/** A rejection with the code `ERR_TRACEBATON_ARGUMENT` if a helper cannot work with what it was given. */
export function refusalOf(
  helper: Move['kind'] | 'forEachMessage',
  ...given: readonly Argument[]
): Promise<never> | undefined {
  const wrong = given.find(([, isTaken]) => !isTaken)
  if (wrong === undefined) return undefined
  const name = helper === 'forEachMessage' ? helper : HELPERS[helper]
  const message = `${name} was given ${wordFor(wrong[0])} where it takes ${wrong[2]}`
  return Promise.reject(codedError('ERR_TRACEBATON_ARGUMENT', message))
}
