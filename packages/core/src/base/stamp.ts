import { processWide } from './shared-state.ts'

/** Marks objects that a client handed out with a value that only we can read. */
export interface Stamp<Value> {
  /** Puts the value on the object, in place of an earlier one. Never throws. */
  set(object: object, value: Value): void
  /** `undefined`: this object has none. */
  get(object: unknown): Value | undefined
}

/** A constructor that returns the object it is given, so that a private field of a subclass lands on that object. */
// oxlint-disable-next-line typescript/no-extraneous-class -- only a base class can do that
export class Same {
  constructor(object: object) {
    return object
  }
}

/**
 * A stamp that there is one of in a process. The value is a private field: no key, no JSON, no clone and no `inspect` shows
 * it, it works on frozen objects, and it costs a thirtieth of a `WeakMap`, whose young keys the garbage collector has to
 * carry to the old space. V8's flag `--js-nonextensible-applies-to-private` forbids the field on a frozen object: that one
 * object goes into a `WeakMap`.
 *
 * @param name with a version of the value's shape, see {@link processWide}
 */
export function createStamp<Value>(name: string): Stamp<Value> {
  return processWide(name, () => stampBy<Value>(Same))
}

/** @param Base gives the object back, or throws where no field may be added to it */
export function stampBy<Value>(Base: typeof Same): Stamp<Value> {
  const refused = new WeakMap<object, Value>()
  let anyRefused = false

  class Stamped extends Base {
    #value: Value

    constructor(object: object, value: Value) {
      super(object)
      this.#value = value
    }

    static set(object: object, value: Value): void {
      if (#value in object) object.#value = value
      else {
        try {
          // oxlint-disable-next-line no-new -- the field is what is wanted
          new Stamped(object, value)
        } catch {
          anyRefused = true
          refused.set(object, value)
        }
      }
    }

    static get(object: unknown): Value | undefined {
      if (typeof object !== 'object' || object === null) return undefined
      if (#value in object) return object.#value
      return anyRefused ? refused.get(object) : undefined
    }
  }
  return { set: (object, value) => Stamped.set(object, value), get: (object) => Stamped.get(object) }
}
