/** What `reflect-metadata` puts onto the global object, if a program has loaded it. */
interface Metadata {
  readonly getOwnMetadataKeys?: (of: object) => readonly unknown[]
  readonly getOwnMetadata?: (key: unknown, of: object) => unknown
  readonly defineMetadata?: (key: unknown, value: unknown, of: object) => void
}

/** Properties that say how a function was written, and not what it is for. */
const NOT_COPIED = new Set<PropertyKey>(['prototype', 'arguments', 'caller'])

/**
 * Makes a wrapper look like the function that it wraps, for frameworks that know a handler by more than a call: it gets the
 * name, the number of parameters, the own properties, and what decorators have noted by `reflect-metadata`. Never throws.
 *
 * @returns the wrapper
 */
export function functionLike<Wrapper extends object>(wrapper: Wrapper, original: object): Wrapper {
  if (wrapper === original) return wrapper
  try {
    for (const key of Reflect.ownKeys(original)) {
      const descriptor = NOT_COPIED.has(key) ? undefined : Reflect.getOwnPropertyDescriptor(original, key)
      if (descriptor !== undefined) Reflect.defineProperty(wrapper, key, descriptor)
    }
    const { getOwnMetadataKeys, getOwnMetadata, defineMetadata } = Reflect as Metadata
    for (const key of getOwnMetadataKeys?.(original) ?? [])
      defineMetadata?.(key, getOwnMetadata?.(key, original), wrapper)
  } catch {
    // A handler may be a proxy that refuses. The wrapper works without.
  }
  return wrapper
}
