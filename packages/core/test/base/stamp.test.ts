import { inspect, isDeepStrictEqual } from 'node:util'
import { describe, expect, test, vi } from 'vitest'
import { createStamp, Same, stampBy } from '../../src/base/stamp.ts'

/** What other code may find out about an object. */
const seenOf = (object: object): unknown => ({
  keys: Reflect.ownKeys(object),
  enumerable: Object.keys(object),
  json: JSON.stringify(object),
  clone: structuredClone(object),
  inspected: inspect(object, { showHidden: true, depth: null }),
  prototype: Object.getPrototypeOf(object) as unknown,
})

class Message {
  readonly value: unknown = { order: 1 }
}

const OBJECTS: readonly (readonly [string, () => object])[] = [
  ['a plain object', () => ({ value: Buffer.from('x'), headers: { a: '1' } })],
  ['an instance of a class', () => new Message()],
  ['an object without a prototype', () => Object.assign(Object.create(null) as object, { a: 1 })],
  ['an array', () => [1, 2]],
  ['a frozen object', () => Object.freeze({ a: 1 })],
  ['a sealed object', () => Object.seal({ a: 1 })],
  ['an object that takes no more keys', () => Object.preventExtensions({ a: 1 })],
]

/** Adds no field where V8's flag `--js-nonextensible-applies-to-private` would not. */
class Strict extends Same {
  constructor(object: object) {
    super(object)
    if (!Object.isExtensible(object)) throw new TypeError('Cannot define private field')
  }
}

/** Adds no field at all. */
class Never extends Same {
  constructor(object: object) {
    super(object)
    throw new TypeError('Cannot define private field')
  }
}

describe.each([
  ['a stamp', Same],
  ['a stamp where frozen objects take no field', Strict],
  ['a stamp where no object takes a field', Never],
])('%s', (_, Base) => {
  test.each(OBJECTS)('on %s can be read, and cannot be seen', (__, create) => {
    const stamp = stampBy<object>(Base)
    const [object, same] = [create(), create()]
    const before = seenOf(object)
    const value = {}
    stamp.set(object, value)
    expect(stamp.get(object)).toBe(value)
    expect(seenOf(object)).toEqual(before)
    expect(isDeepStrictEqual(object, same)).toBe(true)
    expect(stamp.get(same)).toBeUndefined()
  })

  test.each(OBJECTS)('on %s is put in place of an earlier one', (__, create) => {
    const stamp = stampBy<number>(Base)
    const object = create()
    for (const value of [1, 2, 3]) {
      stamp.set(object, value)
      expect(stamp.get(object)).toBe(value)
    }
  })

  test('is on no copy and no clone', () => {
    const stamp = stampBy<number>(Base)
    const object = { a: 1 }
    stamp.set(object, 1)
    expect(
      [{ ...object }, structuredClone(object), Object.create(object) as object].map((copy) => stamp.get(copy)),
    ).toEqual([undefined, undefined, undefined])
  })

  test('is on a proxy or on what is behind it, and no trap is called', () => {
    const stamp = stampBy<string>(Base)
    const target = { a: 1 }
    const trap = vi.fn<() => never>(() => {
      throw new Error('touched')
    })
    const touched = new Proxy({}, { get: () => trap })
    const proxy = new Proxy(target, Base === Strict ? {} : touched)
    stamp.set(proxy, 'proxy')
    expect([stamp.get(proxy), stamp.get(target)]).toEqual(['proxy', undefined])
    stamp.set(target, 'target')
    expect([stamp.get(proxy), stamp.get(target)]).toEqual(['proxy', 'target'])
    expect(trap).not.toHaveBeenCalled()
  })

  test.each([[undefined], [null], ['text'], [7], [Symbol('x')]])('is not on %o', (value) => {
    expect(stampBy<number>(Base).get(value)).toBeUndefined()
  })

  test('is read by itself alone', () => {
    const [one, other] = [stampBy<number>(Base), stampBy<number>(Base)]
    const object = Object.freeze({})
    one.set(object, 1)
    other.set(object, 2)
    expect([one.get(object), other.get(object)]).toEqual([1, 2])
  })
})

test('an object that was stamped before it was frozen takes a later stamp in its place', () => {
  const stamp = stampBy<number>(Strict)
  const object = {}
  stamp.set(object, 1)
  Object.freeze(object)
  stamp.set(object, 2)
  expect(stamp.get(object)).toBe(2)
})

test('there is one stamp of a name, however often the package is loaded', async () => {
  const object = Object.freeze({})
  createStamp<number>('test.stamp').set(object, 1)
  vi.resetModules()
  const second = await import('../../src/base/stamp.ts')
  expect(second.createStamp).not.toBe(createStamp)
  expect(second.createStamp<number>('test.stamp').get(object)).toBe(1)
  expect(second.createStamp<number>('test.other').get(object)).toBeUndefined()
})
