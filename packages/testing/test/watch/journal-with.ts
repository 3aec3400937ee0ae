import { findingsIn } from '../../src/rules/findings-in.ts'
import { createJournal, type Journal, type JournalOptions } from '../../src/watch/journal.ts'

/** A journal that judges by all rules. */
export function journalWith(options: Partial<JournalOptions> = {}): Journal {
  return createJournal({ keep: 100, quiet: 0, find: findingsIn, ...options })
}
