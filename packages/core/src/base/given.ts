import { types } from 'node:util'

/** Whether a value has members that can be read. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** Whether an object is as a literal makes one, or has no prototype: all of its members are its own. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Something that a caller gave, in a word or two for a warning: a single word itself, else what it is. Never throws. */
export function wordFor(given: unknown): string {
  // Any other text may be secret: an address with a password.
  if (typeof given === 'string') return /^[\w.-]{1,40}$/.test(given) ? `'${given}'` : 'a text'
  if (typeof given === 'function') return 'a function'
  if (!isObject(given)) return given === undefined || given === null ? String(given) : `a ${typeof given}`
  if (types.isPromise(given)) return 'a promise'
  try {
    if (Array.isArray(given)) return 'an array'
    const { name } = given.constructor
    return name === 'Object' || name === '' ? 'an object' : `an instance of ${name.slice(0, 40)}`
  } catch {
    return 'an object'
  }
}
