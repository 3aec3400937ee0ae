import { describe, expect, test } from 'vitest'
import { createBounded, createMemory, type Entry } from '../../src/memory/bounded.ts'

interface Value extends Entry {
  readonly value: string
}

const entry = (value: string): Value => ({ value, slot: 0 })
const keysOf = (map: Map<string, Value>): string[] => [...map.keys()]

describe('maps that share a bound', () => {
  test('forget what was remembered first, whichever map it is in', () => {
    const bound = createBounded('test.bounded.one', 3)
    const [left, right] = [new Map<string, Value>(), new Map<string, Value>()]
    bound.put(left, 'a', entry('a'))
    bound.put(right, 'b', entry('b'))
    bound.put(right, 'c', entry('c'))
    expect([keysOf(left), keysOf(right)]).toEqual([['a'], ['b', 'c']])
    bound.put(right, 'd', entry('d'))
    expect([keysOf(left), keysOf(right)]).toEqual([[], ['b', 'c', 'd']])
    bound.put(left, 'e', entry('e'))
    expect([keysOf(left), keysOf(right)]).toEqual([['e'], ['c', 'd']])
  })

  test('keep what was written again for as long as it is the latest', () => {
    const bound = createBounded('test.bounded.again', 3)
    const map = new Map<string, Value>()
    for (const key of ['a', 'b', 'a', 'c', 'd']) bound.put(map, key, entry(key))
    // The first place of `a` was written over, and the second one counts.
    expect(keysOf(map).toSorted()).toEqual(['a', 'c', 'd'])
    bound.put(map, 'e', entry('e'))
    expect(keysOf(map).toSorted()).toEqual(['c', 'd', 'e'])
  })

  test('leave alone what was taken out and put in again', () => {
    const bound = createBounded('test.bounded.out', 2)
    const map = new Map<string, Value>()
    bound.put(map, 'a', entry('old'))
    map.delete('a')
    bound.put(map, 'a', entry('new'))
    bound.put(map, 'b', entry('b'))
    expect(map.get('a')?.value).toBe('new')
    bound.put(map, 'c', entry('c'))
    expect(keysOf(map)).toEqual(['b', 'c'])
  })

  test('share it wherever the package was loaded', () => {
    const [one, two] = [createBounded('test.bounded.shared', 2), createBounded('test.bounded.shared', 2)]
    const map = new Map<string, Value>()
    one.put(map, 'a', entry('a'))
    two.put(map, 'b', entry('b'))
    one.put(map, 'c', entry('c'))
    expect(keysOf(map)).toEqual(['b', 'c'])
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
