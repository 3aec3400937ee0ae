import { isBatch, staysInStory } from '../spans/facts.ts'
import { messageIdentity } from '../spans/identity.ts'
import { createKeyTable, grown } from './key-table.ts'
import type { OtlpRequest } from './read-otlp.ts'

/**
 * Which traces of a file belong together, in some dozen bytes for each: those that links connect, but for the links of
 * batches, and those that name the same message. Built in a first pass over the file, so that a second one knows when all spans of a story are there.
 */
export interface StoryIndex {
  /** Takes the requests of the file in order. */
  add(request: OtlpRequest): void
  /** After the last request. */
  finish(): StoryPlan
}

/** How to go through the file a second time. */
export interface StoryPlan {
  /** How often the file has to be read, so that the spans held at a time stay within the budget. */
  readonly rounds: number
  readonly requests: number
  /** The story of a trace; equal for all traces of a story. */
  storyOf(traceId: string): number
  /** The round in which a story is put together, from 0; one that is too large never is, and is read in the first. */
  roundOf(story: number): number
  /** The request after which all spans of the story are there, counted from 0. */
  lastOf(story: number): number
  /** Whether the story alone is too much to be judged as a whole. */
  isTooLarge(story: number): boolean
}

/**
 * @param budget how many bytes of a file the spans that are held at a time may have taken there
 * @param batches whether a batch is a story beside those of its messages
 */
export function createStoryIndex(budget: number, batches: 'apart' | 'together' = 'apart'): StoryIndex {
  // To judge a story takes several times as much memory as to hold it.
  const largest = Math.min(budget, 24 * 1024 * 1024)
  const keys = createKeyTable()
  let parents = new Uint32Array(1024)
  let bytes = new Float32Array(1024)
  let firsts = new Uint32Array(1024)
  let lasts = new Uint32Array(1024)
  const waiting: number[] = []
  let requests = 0

  function numberOf(key: string): number {
    const before = keys.size
    const number = keys.add(key)
    if (number < before) return number
    if (number === parents.length) {
      parents = grown(parents, number * 2)
      bytes = grown(bytes, number * 2)
      firsts = grown(firsts, number * 2)
      lasts = grown(lasts, number * 2)
    }
    parents[number] = number
    return number
  }

  function rootOf(number: number): number {
    let current = number
    while (parents[current] !== current) {
      const grandparent = parents[parents[current]!]!
      parents[current] = grandparent
      current = grandparent
    }
    return current
  }

  /** What was counted for one of the two is then counted for the other. */
  function join(one: number, other: number): void {
    const [kept, gone] = [rootOf(one), rootOf(other)]
    if (kept === gone) return
    parents[gone] = kept
    if (bytes[gone] === 0) return
    const fresh = bytes[kept] === 0
    bytes[kept] = (bytes[kept] ?? 0) + (bytes[gone] ?? 0)
    firsts[kept] = fresh ? (firsts[gone] ?? 0) : Math.min(firsts[kept] ?? 0, firsts[gone] ?? 0)
    lasts[kept] = Math.max(lasts[kept] ?? 0, lasts[gone] ?? 0)
  }

  function count(number: number, size: number): void {
    const root = rootOf(number)
    if (bytes[root] === 0) firsts[root] = requests
    bytes[root] = (bytes[root] ?? 0) + size
    lasts[root] = requests
  }

  const isTooLarge = (story: number): boolean => (bytes[story] ?? 0) > largest

  return {
    add({ spans, bytes: size }) {
      for (const span of spans) {
        const trace = numberOf(span.traceId)
        count(trace, size / spans.length)
        for (const link of span.links) {
          if (link.traceId === span.traceId) continue
          if (batches === 'apart' && !staysInStory(span, link)) continue
          const target = numberOf(link.traceId)
          // What links a trace that is not there at all has nothing in common by that.
          if (bytes[rootOf(target)] === 0) waiting.push(trace, target)
          else join(target, trace)
        }
        const message = isBatch(span) ? undefined : messageIdentity(span)
        if (message) join(numberOf(message.key), trace)
      }
      requests += 1
    },
    finish() {
      for (let index = 0; index < waiting.length; index += 2) {
        const [trace = 0, target = 0] = waiting.slice(index, index + 2)
        if (bytes[rootOf(target)] !== 0) join(target, trace)
      }
      const held = new Float64Array(requests + 1)
      for (let number = 0; number < keys.size; number += 1) {
        const size = bytes[number] ?? 0
        if (parents[number] !== number || size === 0 || isTooLarge(number)) continue
        held[firsts[number] ?? 0]! += size
        held[(lasts[number] ?? 0) + 1]! -= size
      }
      let now = 0
      let most = 0
      for (const change of held) most = Math.max(most, (now += change))
      const rounds = Math.max(1, Math.ceil(most / budget))
      return {
        rounds,
        requests,
        storyOf: (traceId) => rootOf(numberOf(traceId)),
        roundOf: (story) => (isTooLarge(story) ? 0 : story % rounds),
        lastOf: (story) => lasts[story] ?? 0,
        isTooLarge,
      }
    },
  }
}
