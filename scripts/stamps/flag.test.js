import { expect, test } from 'vitest'
import { FLAG } from './flag.js'

// oxlint-disable-next-line typescript/no-extraneous-class -- only a base class can give back what it is given
class Same {
  constructor(object) {
    return object
  }
}
class Stamped extends Same {
  #value = 1
  static valueOf = (object) => (#value in object ? object.#value : undefined)
}

/** Whether an object takes a private field. */
function takesField(object) {
  try {
    return Stamped.valueOf(new Stamped(object)) === 1
  } catch {
    return false
  }
}

test('a frozen object takes a private field, unless the flag is set', () => {
  expect(takesField({})).toBe(true)
  expect(takesField(Object.freeze({}))).toBe(!process.execArgv.includes(FLAG))
})
