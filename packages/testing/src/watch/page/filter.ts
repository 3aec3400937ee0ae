import type { JourneySummary } from '../protocol.ts'

/** What is looked for. */
export interface Filter {
  /** Words that all have to be there. */
  readonly words: readonly string[]
  readonly failed: boolean
  readonly broken: boolean
}

/** The words of a text that somebody types. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().split(/\s+/).filter(Boolean)
}

/** Whether a journey did not end well so far. One that recovered did. */
export function isFailed({ state }: JourneySummary): boolean {
  return state === 'failed' || state === 'dead' || state === 'retrying'
}

/** Whether the rules have found something. */
export function isBroken({ findings }: JourneySummary): boolean {
  return findings !== undefined && findings > 0
}

/** Whether a journey is what somebody looks for. */
export function matches(journey: JourneySummary, { words, failed, broken }: Filter): boolean {
  if (failed && !isFailed(journey)) return false
  if (broken && !isBroken(journey)) return false
  return words.every((word) => journey.text.includes(word))
}
