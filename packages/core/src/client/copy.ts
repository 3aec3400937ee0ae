import { lookAlike } from './look-alike.ts'

/**
 * A copy of one of the caller's objects with some members replaced. The object itself may be frozen, shared or used
 * again. One with a prototype of its own may hold its values there, behind private fields: that gets a look-alike.
 */
export function copyWith<Original extends object>(original: Original, changes: Partial<Original>): Original {
  const prototype: unknown = Object.getPrototypeOf(original)
  if (prototype !== Object.prototype && prototype !== null) return lookAlike(original, changes)
  // Adding keys to what a spread made is many times slower, but only a spread keeps a key of that name.
  if (Object.hasOwn(original, '__proto__')) return { ...original, ...changes }
  return Object.assign({}, original, changes)
}
