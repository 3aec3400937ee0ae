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
