import type { Elsewhere } from '../rules/evidence.ts'
import type { Finding } from '../rules/finding.ts'
import { hasAllLinks } from '../spans/facts.ts'
import { spanKey, type RecordedSpan } from '../spans/span.ts'
import type { Stories } from './stories.ts'

/** What rules find in spans. */
export type Find = (spans: readonly RecordedSpan[], elsewhere: Elsewhere) => readonly Finding[]

/** What rules ask of spans that stand in another story than the one they judge: a batch and its messages. */
export function elsewhereIn(stories: Stories): Elsewhere {
  const spanOf = (key: Parameters<typeof spanKey>[0]): RecordedSpan | undefined =>
    stories.of(key.traceId)?.spans.get(spanKey(key))
  return {
    flagsOf(key) {
      const span = spanOf(key)
      // What was let go was there.
      return span ? (span.traceFlags ?? null) : stories.isGone(key.traceId) ? null : undefined
    },
    isMember(batch, send) {
      const span = spanOf(batch)
      return span && hasAllLinks(span) ? span.links.some((link) => spanKey(link) === spanKey(send)) : undefined
    },
  }
}
