import { describe, expect, test } from 'vitest'
import { createBounded, createMemory, Store } from '../../src/memory/bounded.ts'

const keysOf = (store: Store<string, number>): string =>
  ['a', 'b', 'c', 'd', 'e', 'f'].filter((key) => store.get(key)).join('')

describe('stores that share a bound', () => {
  test('forget half of it at a time, whichever store it is in', () => {
    const bound = createBounded('test.bounded.one', 4)
    const [left, right] = [new Store<string, number>(), new Store<string, number>()]
    bound.put(left, 'a', 1)
    bound.put(right, 'b', 1)
    bound.put(right, 'c', 1)
    bound.put(right, 'd', 1)
    expect([keysOf(left), keysOf(right)]).toEqual(['a', 'bcd'])
    bound.put(left, 'e', 1)
    expect([keysOf(left), keysOf(right)]).toEqual(['e', 'cd'])
    bound.put(left, 'f', 1)
    bound.put(left, 'a', 1)
    expect([keysOf(left), keysOf(right)]).toEqual(['aef', ''])
  })

  test('keep the latest value of a key that is written again', () => {
    const bound = createBounded('test.bounded.again', 4)
    const store = new Store<string, number>()
    for (const [index, key] of ['a', 'b', 'a', 'c', 'd'].entries()) bound.put(store, key, index + 1)
    expect([keysOf(store), store.get('a')]).toEqual(['acd', 3])
  })

  test('find nothing under a key that was taken out, whenever it was put in', () => {
    const bound = createBounded('test.bounded.out', 4)
    const store = new Store<string, number>()
    for (const key of ['a', 'b', 'a', 'c']) bound.put(store, key, 1)
    for (const key of ['a', 'b', 'c']) store.delete(key)
    expect(keysOf(store)).toBe('')
  })

  test('share it wherever the package was loaded', () => {
    const [one, two] = [createBounded('test.bounded.shared', 2), createBounded('test.bounded.shared', 2)]
    const store = new Store<string, number>()
    one.put(store, 'a', 1)
    two.put(store, 'b', 1)
    one.put(store, 'c', 1)
    expect(keysOf(store)).toBe('bc')
  })
})

describe('a memory of an adapter', () => {
  test('recalls the latest value of a key, within its bound', () => {
    const memory = createMemory<number>('test.memory.one', 2)
    memory.remember('a', 1)
    memory.remember('a', 2)
    expect(memory.recall('a')).toBe(2)
    memory.remember('b', 3)
    expect([memory.recall('a'), memory.recall('b')]).toEqual([2, 3])
    memory.remember('c', 4)
    expect([memory.recall('a'), memory.recall('b'), memory.recall('c')]).toEqual([undefined, 3, 4])
  })

  test('remembers nothing without a key', () => {
    const memory = createMemory<number>('test.memory.none', 2)
    memory.remember(undefined, 1)
    expect(memory.recall(undefined)).toBeUndefined()
    expect(memory.recall('undefined')).toBeUndefined()
  })

  test('is one for the process, and another for each name', () => {
    createMemory<number>('test.memory.shared', 2).remember('a', 1)
    expect(createMemory<number>('test.memory.shared', 2).recall('a')).toBe(1)
    expect(createMemory<number>('test.memory.other', 2).recall('a')).toBeUndefined()
  })
})
