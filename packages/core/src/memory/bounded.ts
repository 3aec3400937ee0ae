import { createHash } from 'node:crypto'
import { processWide } from '../base/shared-state.ts'

/** A key is at most so long; a longer text is its digest. */
const LONGEST = 256

/** The key of a text: of at most 256 characters, so that what comes from outside is not kept at its length. */
export function keyOf(text: string): string {
  return text.length <= LONGEST ? text : createHash('sha256').update(text).digest('hex').slice(0, 32)
}

/** What is remembered by key, within a bound: what came since the bound last turned, and what came before. */
export class Store<Key, Value> {
  #recent = new Map<Key, Value>()
  #earlier: Map<Key, Value> | undefined

  get(key: Key): Value | undefined {
    return this.#recent.get(key) ?? this.#earlier?.get(key)
  }

  /** @returns whether it is the first since the bound last turned */
  set(key: Key, value: Value): boolean {
    return this.#recent.set(key, value).size === 1
  }

  delete(key: Key): void {
    this.#recent.delete(key)
    this.#earlier?.delete(key)
  }

  /** Forgets what came before the bound last turned. */
  turn(): void {
    this.#earlier = this.#recent.size === 0 ? undefined : this.#recent
    this.#recent = new Map()
  }
}

/** A bound that stores share: they forget together, half of it at a time. Forgetting one by one costs as much again. */
export interface Bounded {
  /** Puts a value into one of the stores, in place of an earlier one of that key. */
  put<Key, Value>(store: Store<Key, Value>, key: Key, value: Value): void
}

interface Turns {
  /** Since the bound last turned. */
  count: number
  /** The stores that have got something since. */
  recent: Set<{ turn(): void }>
  /** Those that had got something before. */
  earlier: Set<{ turn(): void }>
}

/**
 * A bound that there is one of in a process.
 *
 * @param name with a version of its shape, see {@link processWide}
 * @param most values in all stores together; the latest half of them is there for sure
 */
export function createBounded(name: string, most: number): Bounded {
  const turns = processWide<Turns>(name, () => ({ count: 0, recent: new Set(), earlier: new Set() }))
  return {
    put(store, key, value) {
      if (turns.count >= most / 2) {
        for (const each of new Set([...turns.earlier, ...turns.recent])) each.turn()
        turns.earlier = turns.recent
        turns.recent = new Set()
        turns.count = 0
      }
      turns.count += 1
      if (store.set(key, value)) turns.recent.add(store)
    },
  }
}

/** What a process remembers by a text, within a bound of its own. */
export interface Memory<Value> {
  recall(key: string | undefined): Value | undefined
  /** Replaces what was remembered. Without a key nothing is. */
  remember(key: string | undefined, value: Value): void
}

/**
 * A memory that there is one of in a process, for adapters.
 *
 * @param name with a version of the values' shape, see {@link processWide}
 * @param most values; the latest half of them is there for sure
 */
export function createMemory<Value>(name: string, most: number): Memory<Value> {
  const bound = createBounded(`${name}.bound`, most)
  const values = processWide(name, () => new Store<string, Value>())
  return {
    recall: (key) => (key === undefined ? undefined : values.get(keyOf(key))),
    remember(key, value) {
      if (key !== undefined) bound.put(values, keyOf(key), value)
    },
  }
}
