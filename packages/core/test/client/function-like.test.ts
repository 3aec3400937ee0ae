import { afterEach, expect, test, vi } from 'vitest'
import { functionLike } from '../../src/client/function-like.ts'

afterEach(() => vi.unstubAllGlobals())

const original = (): void => {}
const wrapper = (): void => {}

/** Adds to `Reflect` what `reflect-metadata` does. */
function useMetadata(): Map<object, Map<unknown, unknown>> {
  const stored = new Map<object, Map<unknown, unknown>>()
  vi.stubGlobal(
    'Reflect',
    Object.defineProperties(
      {},
      {
        ...Object.getOwnPropertyDescriptors(Reflect),
        getOwnMetadataKeys: { value: (of: object) => [...(stored.get(of)?.keys() ?? [])] },
        getOwnMetadata: { value: (key: unknown, of: object) => stored.get(of)?.get(key) },
        defineMetadata: {
          value: (key: unknown, value: unknown, of: object) => stored.set(of, new Map(stored.get(of)).set(key, value)),
        },
      },
    ),
  )
  return stored
}

test('a wrapper has the name, the number of parameters and the properties of its function', () => {
  const mark = Symbol('mark')
  const charge = Object.assign(function charge(_order: unknown, _token: unknown) {}, { queue: 'orders', [mark]: 1 })
  const like = functionLike((...args: unknown[]) => args, Object.freeze(charge))
  expect([like.name, like.length]).toEqual(['charge', 2])
  expect([Reflect.get(like, 'queue'), Reflect.get(like, mark)]).toEqual(['orders', 1])
})

test('a wrapper has what decorators have noted on its function', () => {
  const stored = useMetadata()
  stored.set(original, new Map([['pattern', 'orders']]))
  const like = functionLike(() => {}, original)
  expect(stored.get(like)).toEqual(new Map([['pattern', 'orders']]))
})

test('a wrapper of a function whose properties fail is as it was', () => {
  const failing = new Proxy(() => {}, {
    ownKeys() {
      throw new Error('no keys')
    },
  })
  expect(functionLike(wrapper, failing)).toBe(wrapper)
})
