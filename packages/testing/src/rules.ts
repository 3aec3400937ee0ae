import { evidenceOf, type CheckOptions } from './evidence.ts'
import type { Finding } from './finding.ts'
import { attemptsInOrder } from './rules/attempts.ts'
import { batchLinks } from './rules/batch.ts'
import { connected } from './rules/connected.ts'
import { conventions } from './rules/conventions.ts'
import { noDanglingLinks } from './rules/dangling-links.ts'
import { allEnded } from './rules/ended.ts'
import { noLeak } from './rules/leak.ts'
import { noOrphans } from './rules/orphans.ts'
import type { Rule } from './rules/rule.ts'
import { samplingConsistent } from './rules/sampling.ts'
import { noSecrets } from './rules/secrets.ts'
import type { RecordedSpan } from './span.ts'

/** Everything that is true of spans whose propagation works, the same in a test, in CI and on a production export. */
export const rules: readonly Rule[] = [
  connected,
  attemptsInOrder,
  batchLinks,
  noLeak,
  noOrphans,
  noDanglingLinks,
  allEnded,
  samplingConsistent,
  conventions,
  noSecrets,
]

/** Applies rules to spans, and gives all that they find, rule by rule. Never throws. */
export function findingsIn(
  spans: readonly RecordedSpan[],
  options: CheckOptions = {},
  chosen: readonly Rule[] = rules,
): Finding[] {
  const evidence = evidenceOf(spans, options)
  return chosen.flatMap((rule) => rule.check(evidence))
}
