import { processWide } from './process-wide.ts'

/** What a process remembers by a key, within bounds. */
export interface Memory<Value> {
  readonly recall: (key: string | undefined) => Value | undefined
  /** Replaces what was remembered. Without a key nothing is. */
  readonly remember: (key: string | undefined, value: Value) => void
}

/** Two generations: when the young one is full it becomes the old one, and what was old is forgotten at once. */
interface Generations<Value> {
  young: Map<string, Value>
  old: Map<string, Value>
}

/**
 * A memory that there is one of in a process. The latest so many keys are remembered for sure, and at most twice as
 * many are.
 *
 * @param name with a version of the values' shape, see {@link processWide}
 */
export function createMemory<Value>(name: string, most: number): Memory<Value> {
  const memory = processWide<Generations<Value>>(name, () => ({ young: new Map(), old: new Map() }))
  return {
    recall: (key) => (key === undefined ? undefined : (memory.young.get(key) ?? memory.old.get(key))),
    remember(key, value) {
      if (key === undefined) return
      memory.young.set(key, value)
      if (memory.young.size < most) return
      memory.old = memory.young
      memory.young = new Map()
    },
  }
}
