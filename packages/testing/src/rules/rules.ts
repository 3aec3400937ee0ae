import { evidenceOf, type CheckOptions } from './evidence.ts'
import type { Finding } from './finding.ts'
import { attemptsInOrder } from './attempts.ts'
import { batchLinks } from './batch.ts'
import { connected } from './connected.ts'
import { conventions } from './conventions.ts'
import { noDanglingLinks } from './dangling-links.ts'
import { allEnded } from './ended.ts'
import { noLeak } from './leak.ts'
import { noOrphans } from './orphans.ts'
import type { Rule } from './rule.ts'
import { samplingConsistent } from './sampling.ts'
import { noSecrets } from './secrets.ts'
import type { RecordedSpan } from '../spans/span.ts'

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

/** What a rule says of spans. */
export interface Judgement {
  readonly rule: Rule
  /** Whether there was something that the rule is about. */
  readonly applied: boolean
  readonly findings: readonly Finding[]
}

/** Applies rules to spans, for assertions and for the command. Never throws. */
export function judge(
  spans: readonly RecordedSpan[],
  options: CheckOptions = {},
  chosen: readonly Rule[] = rules,
): Judgement[] {
  const evidence = evidenceOf(spans, options)
  return chosen.map((rule) => ({ rule, applied: rule.applies(evidence), findings: rule.check(evidence) }))
}

/** Applies rules to spans, and gives all that they find, rule by rule. Never throws. */
export function findingsIn(
  spans: readonly RecordedSpan[],
  options: CheckOptions = {},
  chosen: readonly Rule[] = rules,
): Finding[] {
  return judge(spans, options, chosen).flatMap(({ findings }) => findings)
}

/**
 * The rules that should have applied and did not, so that nothing is known of what was asked: all that are about handled
 * messages, and where none of those was asked, all that were. Empty: something was judged.
 */
export function nothingJudged(judgements: readonly Pick<Judgement, 'rule' | 'applied'>[]): readonly Rule[] {
  const handling = judgements.filter(({ rule }) => rule.handling)
  const asked = handling.length > 0 ? handling : judgements
  return asked.some(({ applied }) => applied) ? [] : asked.map(({ rule }) => rule)
}
