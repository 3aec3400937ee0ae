import type { PastAttempt } from '../verdict/attempt-count.ts'
import { SHARED } from '../base/shared-state.ts'
import { createMemory, type Memory } from './memory.ts'

/**
 * The latest so many messages of this process are remembered for sure, and at most a quarter more. An attempt that
 * nobody remembers is `unknown`, never guessed.
 */
export const REMEMBERED_ATTEMPTS = 10_000

/**
 * The latest attempts of this process, by what identifies a delivery (destination, group and message, never the
 * creation context alone: the messages of a bulk send may share it).
 */
const memory: Memory<PastAttempt> = createMemory(SHARED.attempts, REMEMBERED_ATTEMPTS)

export function recallAttempt(identity: string | undefined): PastAttempt | undefined {
  return memory.recall(identity)
}

export function rememberAttempt(identity: string | undefined, attempt: PastAttempt): void {
  memory.remember(identity, attempt)
}
