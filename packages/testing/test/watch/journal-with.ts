import { judge } from '../../src/rules/evidence.ts'
import { rules } from '../../src/rules/rules.ts'
import { createJournal, type Journal, type JournalOptions } from '../../src/watch/journal.ts'

/** A journal that judges by all rules. */
export function journalWith(options: Partial<JournalOptions> = {}): Journal {
  return createJournal({
    keep: 100,
    quiet: 0,
    find: (spans, elsewhere) => judge(spans, {}, rules, elsewhere).flatMap(({ findings }) => findings),
    ...options,
  })
}
