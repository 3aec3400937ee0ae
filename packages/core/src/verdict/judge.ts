import type { ContextStatus, Trust } from '../base/policy.ts'
import type { Extracted } from '../wire/format.ts'
import { countAttempt } from './attempt-count.ts'
import { copyOf } from './copy.ts'
import type { AttemptMemory, Delivery } from './delivery.ts'
import { believe } from './relation.ts'
import type { Verdict } from './verdict.ts'

/**
 * Facts in, verdict out. Four sources speak about one delivery: the message, the broker, who is trusted, and what this
 * process remembers. Pure, but for the memory it is given to ask.
 *
 * @param extracted what the message says
 * @param delivery what the broker says
 * @param memory `undefined`: the attempt in question has been made, so what is remembered may be that very attempt
 */
export function judge(
  extracted: Extracted,
  delivery: Delivery,
  trust: Trust,
  memory: AttemptMemory | undefined,
): Verdict {
  const { creation } = extracted
  const belief = believe(trust, creation, extracted.lineage)
  // The facts of a move belong to the lineage that they came with.
  const moved = trust === 'full' && belief.origin === undefined ? extracted.moved : undefined
  const copy = copyOf(delivery, trust, creation, belief.lineage, moved)
  return {
    delivery,
    extracted,
    status: statusOf(extracted, delivery, trust),
    trust,
    belief,
    copy,
    attempt: countAttempt({
      lineage: copy.lineage,
      broker: copy.count,
      deaths: copy.deaths,
      past: memory?.recall(delivery, copy),
      pastElsewhere: memory?.recallElsewhere(delivery, copy),
      maxAttempts: delivery.maxAttempts,
      kind: copy.kind,
      redrives: delivery.redrives,
    }),
    firstSent: copy.lineage?.firstSent ?? copy.lineage?.sent ?? delivery.sentAt,
    moved,
    work: undefined,
  }
}

function statusOf({ status }: Extracted, { malformed }: Delivery, trust: Trust): ContextStatus {
  if (status === 'absent') return malformed === true ? 'malformed' : 'absent'
  return trust === 'ignore' && status === 'present' ? 'untrusted' : status
}
