import type { Trust } from '../base/policy.ts'
import type { Extracted } from '../wire/format.ts'
import { countAttempt, type PastAttempt } from './attempt-count.ts'
import { copyOf } from './copy.ts'
import type { Delivery } from './delivery.ts'
import { believe } from './relation.ts'
import type { Verdict } from './verdict.ts'

/** What there is to judge one delivery from. */
export interface Known {
  /** What the broker says. */
  readonly delivery: Delivery
  /** What the message says. */
  readonly extracted: Extracted
  /** How far the message is trusted. */
  readonly trust: Trust
  /** What this process remembers: the latest attempt on this copy, before the one in question. */
  readonly past: PastAttempt | undefined
  /** What this process remembers of the message where it was before the broker itself moved it here. */
  readonly pastElsewhere: PastAttempt | undefined
}

/** Facts in, verdict out: pure, and never throws. */
export function judge({ delivery, extracted, trust, past, pastElsewhere }: Known): Verdict {
  const believed = believe(trust, extracted.creation, extracted.lineage)
  // The facts of a move belong to the lineage that they came with.
  const moved = trust === 'full' && believed.origin === undefined ? extracted.moved : undefined
  const copy = copyOf(delivery, believed.lineage, moved)
  const counted = countAttempt({
    lineage: copy.counted,
    broker: copy.count,
    past,
    pastElsewhere,
    maxAttempts: delivery.maxAttempts,
    kind: copy.kind,
    redrives: delivery.redrives,
    previous: delivery.previousAttempt,
  })
  return {
    delivery,
    creation: extracted.creation,
    lineage: extracted.lineage,
    status: trust === 'ignore' && extracted.status === 'present' ? 'untrusted' : extracted.status,
    trust,
    belief: copy.lineage === believed.lineage ? believed : { ...believed, lineage: copy.lineage },
    attempt: copy.certain || counted.source === 'memory' ? counted : { ...counted, source: 'assumed' },
    deadLetter: copy.deadLetter,
    queuedAt: copy.queuedAt,
    delay: copy.delay,
    firstSent: copy.lineage?.firstSent ?? delivery.sentAt,
    moved,
  }
}
