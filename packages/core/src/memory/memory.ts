import { processWide } from '../base/process-wide.ts'

/** What a process remembers by a key, within bounds. */
export interface Memory<Value> {
  readonly recall: (key: string | undefined) => Value | undefined
  /** Replaces what was remembered. Without a key nothing is. */
  readonly remember: (key: string | undefined, value: Value) => void
}

/** How many full generations there are behind the young one. More of them waste less, and take longer to look through. */
const FULL = 4

/**
 * A memory that there is one of in a process. The latest so many keys are remembered for sure, and at most a quarter more
 * are: when the youngest generation of keys is full another one begins, and the oldest is forgotten at once.
 *
 * @param name with a version of the values' shape, see {@link processWide}
 */
export function createMemory<Value>(name: string, most: number): Memory<Value> {
  const generations = processWide<Map<string, Value>[]>(name, () => [new Map()])
  return {
    recall(key) {
      if (key === undefined) return undefined
      for (const generation of generations) {
        const value = generation.get(key)
        if (value !== undefined) return value
      }
      return undefined
    },
    remember(key, value) {
      if (key === undefined) return
      const [young] = generations
      young?.set(key, value)
      if (young === undefined || young.size >= most / FULL) generations.unshift(new Map())
      if (generations.length > FULL + 1) generations.pop()
    },
  }
}
