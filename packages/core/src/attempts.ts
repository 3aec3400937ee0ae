import type { PastAttempt } from './lineage.ts'
import { processWide } from './process-wide.ts'

/**
 * The latest so many messages of this process are remembered for sure, and at most twice as many are. An attempt that
 * nobody remembers is `unknown`, never guessed.
 */
export const REMEMBERED_ATTEMPTS = 10_000

/** Two generations: when the young one is full it becomes the old one, and what was old is forgotten at once. */
interface Memory {
  young: Map<string, PastAttempt>
  old: Map<string, PastAttempt>
}

/**
 * The latest attempts of this process, by what identifies a delivery (destination, group and message, never the
 * creation context alone: the messages of a bulk send may share it). One per process, even where this package is loaded
 * both as an ES module and as CommonJS.
 */
const memory: Memory = processWide('tracebaton.attempts.0', () => ({ young: new Map(), old: new Map() }))

export function recallAttempt(identity: string | undefined): PastAttempt | undefined {
  return identity === undefined ? undefined : (memory.young.get(identity) ?? memory.old.get(identity))
}

export function rememberAttempt(identity: string | undefined, attempt: PastAttempt): void {
  if (identity === undefined) return
  memory.young.set(identity, attempt)
  if (memory.young.size < REMEMBERED_ATTEMPTS) return
  memory.old = memory.young
  memory.young = new Map()
}
