import { isPlain } from '../base/given.ts'

/**
 * Something that looks like a client object and passes everything on to it, except the given members. The object itself
 * is never changed: its methods run on it, not on the look-alike, and a method that returns the object to be chained
 * returns the look-alike.
 *
 * @param overrides members that replace the object's own
 */
export function lookAlike<Target extends object>(target: Target, overrides: Partial<Target>): Target {
  const bound = new Map<PropertyKey, { readonly method: unknown; readonly wrapper: unknown }>()
  const ours: ReadonlyMap<PropertyKey, unknown> = new Map(
    Reflect.ownKeys(overrides).map((key) => [key, Reflect.get(overrides, key)]),
  )
  /** What stands in for the object's own: ours, or what somebody put in its place. */
  const replaced = new Map(ours)
  /** Values that the object itself does not have, neither by itself nor by its prototype. */
  const added = new Set(Reflect.ownKeys(overrides).filter((key) => !Reflect.has(target, key)))

  function methodOf(key: PropertyKey, method: (...args: unknown[]) => unknown): unknown {
    const known = bound.get(key)
    if (known?.method === method) return known.wrapper
    const wrapper = (...args: unknown[]): unknown => {
      const result = Reflect.apply(method, target, args)
      return result === target ? facade : result
    }
    bound.set(key, { method, wrapper })
    return wrapper
  }

  /**
   * A method that somebody puts in place of one (a spy, a wrapper) is given out as it is. In place of one of ours it is
   * the look-alike's alone: ours calls the object's, so that one which calls ours would end up calling itself.
   */
  function keep(key: PropertyKey, value: unknown): boolean {
    if (typeof value === 'function') bound.set(key, { method: value, wrapper: value })
    if (!replaced.has(key)) return false
    replaced.set(key, value)
    return true
  }

  // The proxied object is an empty one of the same prototype, so that a frozen target does not bind us to its members. It
  // gets only what can no longer be configured, because a proxy may not tell of more than that.
  const facade: Target = new Proxy(Object.create(Object.getPrototypeOf(target)) as Target, {
    get(_, key) {
      if (replaced.has(key)) return replaced.get(key)
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' && key !== 'constructor'
        ? methodOf(key, value as (...args: unknown[]) => unknown)
        : value
    },
    set(fixed, key, value, receiver) {
      // What inherits from the look-alike, to put a method of its own in front of ours, keeps that to itself.
      if (receiver !== facade) return Reflect.set(target, key, value, receiver)
      if (Reflect.getOwnPropertyDescriptor(fixed, key)?.writable === false) return false
      return keep(key, value) || Reflect.set(target, key, value, target)
    },
    defineProperty(fixed, key, descriptor) {
      if (Object.hasOwn(fixed, key) || !Object.isExtensible(fixed))
        return Reflect.defineProperty(fixed, key, descriptor)
      const isDefined =
        ('value' in descriptor && keep(key, descriptor.value)) || Reflect.defineProperty(target, key, descriptor)
      return isDefined && (descriptor.configurable !== false || Reflect.defineProperty(fixed, key, descriptor))
    },
    // What freezes the look-alike leaves the object as it is.
    preventExtensions(fixed) {
      Object.defineProperties(fixed, Object.getOwnPropertyDescriptors(facade))
      return Reflect.preventExtensions(fixed)
    },
    has: (_, key) => replaced.has(key) || Reflect.has(target, key),
    // A copy made of the look-alike has to hold what was replaced, too.
    ownKeys(fixed) {
      const keys = Reflect.ownKeys(fixed)
      return Object.isExtensible(fixed) ? [...new Set([...Reflect.ownKeys(target), ...added, ...keys])] : keys
    },
    getOwnPropertyDescriptor(fixed, key) {
      const known = Reflect.getOwnPropertyDescriptor(fixed, key)
      if (known !== undefined || !Object.isExtensible(fixed)) return known
      const descriptor = Reflect.getOwnPropertyDescriptor(target, key)
      if (descriptor === undefined && !added.has(key)) return undefined
      return {
        value: Reflect.get(facade, key),
        writable: true,
        enumerable: descriptor?.enumerable ?? true,
        configurable: true,
      }
    },
    deleteProperty(_, key) {
      if (!ours.has(key)) return Reflect.deleteProperty(target, key)
      replaced.set(key, ours.get(key))
      return true
    },
  })
  return facade
}

/**
 * A copy of one of the caller's objects with some members replaced. The object itself may be frozen, shared or used
 * again. One with a prototype of its own may hold its values there, behind private fields: that gets a look-alike.
 */
export function copyWith<Original extends object>(original: Original, changes: Partial<Original>): Original {
  if (!isPlain(original)) return lookAlike(original, changes)
  // Adding keys to what a spread made is many times slower, but only a spread keeps a key of that name.
  if (Object.hasOwn(original, '__proto__')) return { ...original, ...changes }
  return Object.assign({}, original, changes)
}
