import type { Evidence } from './evidence.ts'
import type { Finding } from './finding.ts'

/** One thing that has to be true of spans. */
export interface Rule {
  /** Short and stable, for reports and for switching it off: `no-orphans`. */
  readonly id: string
  /** What is true where nothing is found. */
  readonly title: string
  /** What it is about: `a handled message`. */
  readonly subject: string
  /** Whether such a thing is there. Where it is not, the rule has judged nothing. */
  readonly applies: (evidence: Evidence) => boolean
  /** Is about what was handled: where no rule of this sort applies, nothing is known of propagation. @default false */
  readonly handling?: boolean
  /** Looks at one span at a time, so that spans of a file can be judged as they come. @default false */
  readonly single?: boolean
  /** Finds what is wrong. Pure, and never throws. */
  readonly check: (evidence: Evidence) => Finding[]
}

/** What a rule says of spans. */
export interface Judgement {
  readonly rule: Rule
  /** Whether there was something that the rule is about. */
  readonly applied: boolean
  readonly findings: readonly Finding[]
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
