/** A class, of whatever arguments. */
// oxlint-disable-next-line typescript/no-explicit-any -- TypeScript lets a class extend one of a variable type only so
export type AnyClass<Instance extends object = object> = new (...args: any[]) => Instance

/**
 * A copy of a module's exports with some replaced, all others as they are: the exports of compilers cannot be changed in
 * place, and getters may load files. A name that was not exported is not added. Throws where the exports are a function,
 * of which there is no copy.
 */
export function withExports(exports: object, changes: Readonly<Record<string, unknown>>): object {
  if (typeof exports === 'function') throw new TypeError('it exports a function')
  const descriptors = Object.getOwnPropertyDescriptors(exports) as Record<string, PropertyDescriptor>
  for (const [name, value] of Object.entries(changes)) {
    if (Object.hasOwn(descriptors, name))
      descriptors[name] = { value, enumerable: true, configurable: true, writable: true }
  }
  return Object.create(Object.getPrototypeOf(exports) as object | null, descriptors) as object
}

/** The exported class of a name, which has these methods. Throws if there is none. */
export function classIn(exports: unknown, name: string, ...methods: readonly string[]): AnyClass {
  const found = Reflect.get(Object(exports) as object, name) as AnyClass | undefined
  if (typeof found !== 'function') throw new TypeError(`there is no class ${name}`)
  const missing = methods.find((method) => typeof Reflect.get(found.prototype as object, method) !== 'function')
  if (missing !== undefined) throw new TypeError(`${name} has no method ${missing}`)
  return found
}

/** Gives a function, or a class, the name and the number of parameters of the one that it replaces. */
export function named<Replacement extends object>(
  original: { readonly name: string; readonly length: number },
  replacement: Replacement,
): Replacement {
  for (const key of ['name', 'length'] as const) {
    Object.defineProperty(replacement, key, { value: original[key], configurable: true })
  }
  return replacement
}

/**
 * Has a class pass for the one that it extends: it is named as that one, and objects that were made of the other one
 * before are instances of it, too.
 */
export function standIn<Class extends AnyClass>(original: AnyClass, replacement: Class): Class {
  return Object.defineProperty(named(original, replacement), Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      return Function.prototype[Symbol.hasInstance].call(this === replacement ? original : this, value)
    },
    configurable: true,
  })
}
