import type { Finding } from '../rules/finding.ts'
import { spanKey, type RecordedSpan } from '../spans/span.ts'
import type { Stories } from './stories.ts'
import type { Story } from './story.ts'

/** What rules find in spans. */
export type Find = (spans: readonly RecordedSpan[]) => readonly Finding[]

// The messages of a batch.
const mostNamed = 256

/**
 * What rules find in a story. Where it names spans of other stories, as the call for a batch does, they are looked at as
 * well; what is wrong with those is not said here.
 */
export function judgeStory(story: Story, stories: Stories, find: Find): Finding[] {
  const own = [...story.spans.values()]
  const found = find([...own, ...namedBy(own, story, stories)])
  return found.filter(({ spans: [culprit] }) => culprit === undefined || story.spans.has(spanKey(culprit)))
}

function namedBy(spans: readonly RecordedSpan[], story: Story, stories: Stories): RecordedSpan[] {
  const named = new Map<string, RecordedSpan>()
  for (const { links } of spans) {
    for (const link of links) {
      const key = spanKey(link)
      if (story.spans.has(key)) continue
      const target = stories.of(link.traceId)?.spans.get(key)
      if (target && named.size < mostNamed) named.set(key, target)
    }
  }
  return [...named.values()]
}
