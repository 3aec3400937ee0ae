import type { RecordedSpan } from '../spans/span.ts'
import { judge, type CheckOptions } from './evidence.ts'
import type { Finding } from './finding.ts'
import type { Rule } from './rule.ts'
import { rules } from './rules.ts'

/** Applies rules to spans, and gives all that they find, rule by rule. Never throws. */
export function findingsIn(
  spans: readonly RecordedSpan[],
  options: CheckOptions = {},
  chosen: readonly Rule[] = rules,
): Finding[] {
  return judge(spans, options, chosen).flatMap(({ findings }) => findings)
}
