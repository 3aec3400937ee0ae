import { createHash } from 'node:crypto'
import { processWide } from '../base/shared-state.ts'

/** A key is at most so long; a longer text is its digest. */
const LONGEST = 256

/** The key of a text: of at most 256 characters, so that what comes from outside is not kept at its length. */
export function keyOf(text: string): string {
  return text.length <= LONGEST ? text : createHash('sha256').update(text).digest('hex').slice(0, 32)
}

/** What is remembered, and where in the ring it stands. */
export interface Entry {
  slot: number
}

/** Maps that share one bound: whatever was remembered first is forgotten first, whichever map it is in. */
export interface Bounded {
  /** Puts an entry into one of the maps, in place of an earlier one of that key. */
  put<Key, Value extends Entry>(map: Map<Key, Value>, key: Key, value: Value): void
}

/** One place for each entry, written round and round. */
interface Ring {
  readonly maps: (Map<unknown, Entry> | undefined)[]
  readonly keys: unknown[]
  next: number
}

/**
 * A bound that there is one of in a process.
 *
 * @param name with a version of its shape, see {@link processWide}
 * @param most entries, in all maps together
 */
export function createBounded(name: string, most: number): Bounded {
  const ring = processWide<Ring>(name, () => ({ maps: [], keys: [], next: 0 }))
  return {
    put(map, key, value) {
      const slot = ring.next
      const oldest = ring.maps[slot]
      // The key may have been written again since, into another place.
      if (oldest?.get(ring.keys[slot])?.slot === slot) oldest.delete(ring.keys[slot])
      value.slot = slot
      map.set(key, value)
      ring.maps[slot] = map
      ring.keys[slot] = key
      ring.next = slot + 1 === most ? 0 : slot + 1
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
 */
export function createMemory<Value>(name: string, most: number): Memory<Value> {
  const bound = createBounded(`${name}.bound`, most)
  const values = processWide(name, () => new Map<string, Entry & { readonly value: Value }>())
  return {
    recall: (key) => (key === undefined ? undefined : values.get(keyOf(key))?.value),
    remember(key, value) {
      if (key !== undefined) bound.put(values, keyOf(key), { value, slot: 0 })
    },
  }
}
