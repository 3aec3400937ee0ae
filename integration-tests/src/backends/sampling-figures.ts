import type { RecordedSpan } from '@tracebaton/testing'
import type { Kind } from './kinds.ts'
import { type Kept, keptOf, keyOf, pathKeptOf, type Truth } from './truth.ts'

/** How many were kept whole, in part, and not at all. */
export type Counts = Readonly<Record<Kept, number>>

/** What became of the orders of one run. */
export interface Figures {
  /** Orders that failed for good at one place, or waited long. */
  readonly failed: Counts
  /** Of these, the traces of what went wrong and of the sends that led to it. */
  readonly failedPath: Counts
  /** Orders that failed once, and were handled. */
  readonly retried: Counts
  readonly good: Counts
}

const groups: Readonly<Record<Kind, 'failed' | 'retried' | 'good'>> = {
  good: 'good',
  retried: 'retried',
  mail_retried: 'retried',
  slow: 'failed',
  dead: 'failed',
  mail_dead: 'failed',
  redriven: 'failed',
}

/** Compares what was kept with the truth. */
export function figuresOf(truths: readonly Truth[], kept: readonly RecordedSpan[]): Figures {
  const keys = new Set(kept.map(keyOf))
  const traces = new Set(kept.map(({ traceId }) => traceId))
  const of = (group: string): Truth[] => truths.filter(({ order }) => groups[order.kind] === group)
  return {
    failed: count(of('failed'), (truth) => keptOf(truth, keys)),
    failedPath: count(of('failed'), (truth) => pathKeptOf(truth, traces)),
    retried: count(of('retried'), (truth) => keptOf(truth, keys)),
    good: count(of('good'), (truth) => keptOf(truth, keys)),
  }
}

function count(truths: readonly Truth[], kept: (truth: Truth) => Kept): Counts {
  const counts = { whole: 0, part: 0, none: 0 }
  for (const truth of truths) counts[kept(truth)] += 1
  return counts
}
