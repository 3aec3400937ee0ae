import { performance } from 'node:perf_hooks'
import type { Finding } from '../rules/finding.ts'
import type { RecordedSpan } from '../spans/span.ts'
import { detailOf } from './detail.ts'
import { elsewhereIn, type Find } from './judgement.ts'
import type { Change, Counts, JourneyDetail, JourneySummary } from './protocol.ts'
import { createStories } from './stories.ts'
import type { Story } from './story.ts'
import { summaryOf } from './summary.ts'

/** How a journal is set up. */
export interface JournalOptions {
  /** The most journeys that are kept. */
  readonly keep: number
  /** What judges a journey. */
  readonly find: Find
  /** ms without a new span, after which the rules judge a journey. */
  readonly quiet: number
}

/** What has come, as readers see it. */
export interface Journal {
  add(spans: readonly RecordedSpan[]): void
  /** Works out what has changed, for some ms at most. Undefined: nothing has. */
  advance(): Change | undefined
  /** Whether `advance` has more to do at once. */
  readonly isBehind: boolean
  everything(): Change
  /** @param traceId of any trace of the journey */
  detail(traceId: string): JourneyDetail | undefined
  spansOf(traceId: string): readonly RecordedSpan[]
  countProblem(): void
}

// ms: what waits for the next round keeps nobody waiting.
const budget = 15

/** Keeps the latest journeys and judges them. */
export function createJournal({ keep, find, quiet }: JournalOptions): Journal {
  const stories = createStories({ stories: keep, spansOfStory: 400, spans: keep * 30, characters: 48 * 1024 * 1024 })
  const elsewhere = elsewhereIn(stories)
  const summaries = new Map<string, JourneySummary>()
  const findings = new WeakMap<Story, readonly Finding[]>()
  // By id, in the order of their last spans.
  const unjudged = new Map<string, Story>()
  let [spans, problems, version] = [0, 0, 0]

  const counts = (): Counts => ({ limit: keep, dropped: stories.dropped, spans, problems })

  function write(story: Story): JourneySummary {
    const summary = summaryOf(story, findings.get(story), (version += 1), (send) => stories.batchOf(send))
    summaries.set(story.id, summary)
    return summary
  }

  function* changes(now: number): Generator<JourneySummary> {
    for (const story of stories.changed) {
      stories.changed.delete(story)
      if (story.partial) findings.delete(story)
      unjudged.delete(story.id)
      unjudged.set(story.id, story)
      yield write(story)
    }
    for (const [id, story] of unjudged) {
      if (story.touched > now - quiet) break
      unjudged.delete(id)
      if (story.partial) continue
      findings.set(story, find([...story.spans.values()], elsewhere))
      yield write(story)
    }
  }

  return {
    add(given) {
      spans += given.length
      stories.add(given, performance.now())
    },
    advance() {
      const now = performance.now()
      const gone = [...stories.gone]
      stories.gone.clear()
      for (const id of gone) {
        summaries.delete(id)
        unjudged.delete(id)
      }
      const journeys: JourneySummary[] = []
      for (const summary of changes(now)) {
        journeys.push(summary)
        if (performance.now() > now + budget) break
      }
      return journeys.length + gone.length === 0 ? undefined : { reset: false, journeys, gone, counts: counts() }
    },
    get isBehind() {
      return stories.changed.size > 0
    },
    everything: () => ({
      reset: true,
      journeys: [...stories.all()].flatMap(({ id }) => summaries.get(id) ?? []),
      gone: [],
      counts: counts(),
    }),
    detail(traceId) {
      const story = stories.of(traceId)
      if (!story) return undefined
      const summary = summaries.get(story.id) ?? write(story)
      return detailOf(story, summary, findings.get(story) ?? [], stories)
    },
    spansOf: (traceId) => [...(stories.of(traceId)?.spans.values() ?? [])],
    countProblem() {
      problems += 1
    },
  }
}
