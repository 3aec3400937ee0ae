import type { Story } from './story.ts'

/** Which story a trace belongs to. */
export interface TracePlaces {
  of(traceId: string): Story | undefined
  put(traceId: string, story: Story): void
  /** A link of a story leads to a trace that has not come, or to a span. */
  awaits(key: string, story: Story): void
  /** The stories that have awaited a trace or a span. */
  arrived(key: string): Iterable<Story>
  /** Forgets a story that is let go. */
  drop(story: Story): void
  /** Forgets a story that has become a part of another one, which has its traces by now. */
  leave(story: Story): void
  /** Whether a trace was let go. */
  isGone(traceId: string): boolean
}

/** @param memory how many of the traces that were let go are remembered */
export function createTracePlaces(memory: number): TracePlaces {
  const known = new Map<string, Story>()
  const awaited = new Map<string, Set<Story>>()
  const gone = new Set<string>()

  function leave(story: Story): void {
    for (const key of story.awaited) {
      const stories = awaited.get(key)
      stories?.delete(story)
      if (stories?.size === 0) awaited.delete(key)
    }
    story.awaited.clear()
  }

  return {
    of: (traceId) => known.get(traceId),
    put: (traceId, story) => void known.set(traceId, story),
    awaits(key, story) {
      story.awaited.add(key)
      const stories = awaited.get(key)
      if (stories) stories.add(story)
      else awaited.set(key, new Set([story]))
    },
    arrived(key) {
      const stories = awaited.get(key) ?? []
      awaited.delete(key)
      for (const story of stories) story.awaited.delete(key)
      return stories
    },
    leave,
    drop(story) {
      leave(story)
      for (const traceId of story.traces) {
        known.delete(traceId)
        gone.add(traceId)
      }
      for (const oldest of gone) {
        if (gone.size <= memory) break
        gone.delete(oldest)
      }
    },
    isGone: (traceId) => gone.has(traceId),
  }
}
