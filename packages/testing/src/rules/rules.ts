import { attemptsInOrder } from './attempts.ts'
import { batchLinks } from './batch.ts'
import { connected } from './connected.ts'
import { conventions } from './conventions.ts'
import { noLeak } from './leak.ts'
import { allEnded, noDanglingLinks, noOrphans } from './recorded.ts'
import type { Rule } from './rule.ts'
import { samplingConsistent } from './sampling.ts'
import { noSecrets } from './secrets.ts'

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
