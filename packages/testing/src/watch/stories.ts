import { messageIdentity } from '../spans/identity.ts'
import { spanKey, type RecordedSpan } from '../spans/span.ts'
import { slimSpan } from './slim-span.ts'
import { isBatchRun, isLost, isSend, joins, type Story } from './story.ts'
import { createTracePlaces } from './trace-places.ts'

/** How much is kept. */
export interface StoryLimits {
  readonly stories: number
  /** Spans of one story. What comes beyond is counted only. */
  readonly spansOfStory: number
  /** Spans of all stories. */
  readonly spans: number
  /** Characters of all spans. */
  readonly characters: number
}

/** The latest stories, put together while their spans come, in any order. */
export interface Stories {
  /** @param now ms of a clock that never goes back */
  add(spans: readonly RecordedSpan[], now: number): void
  /** The story that a trace belongs to. */
  of(traceId: string): Story | undefined
  /** Whether a trace was let go, and is not forgotten so far. */
  isGone(traceId: string): boolean
  /** The batch that the message of a send was handled in, as a whole. */
  batchOf(send: RecordedSpan): RecordedSpan | undefined
  /** From the oldest to the newest. */
  all(): Iterable<Story>
  /** Stories that were let go to make room. */
  readonly dropped: number
  /** Stories that have changed. Whoever has taken a change in takes it out. */
  readonly changed: Set<Story>
  /** Ids of stories that were let go, or are part of another one. As with `changed`. */
  readonly gone: Set<string>
}

/**
 * A story is a trace and every trace that a link of one message leads to. An attempt that has lost its context belongs
 * to the send that names the same message.
 */
export function createStories(limits: StoryLimits): Stories {
  const all = new Map<string, Story>()
  const places = createTracePlaces(limits.stories * 10)
  // By the key of a message: its send, and an attempt that leads nowhere.
  const sends = new Map<string, RecordedSpan>()
  const lost = new Map<string, RecordedSpan>()
  // By the key of a send: the batch that its message was handled in.
  const batches = new Map<string, RecordedSpan>()
  const changed = new Set<Story>()
  const gone = new Set<string>()
  let [spans, characters, dropped, number] = [0, 0, 0, 0]

  function begin(traceId: string): Story {
    const story: Story = {
      id: traceId,
      number: (number += 1),
      spans: new Map(),
      traces: new Set([traceId]),
      awaited: new Set(),
      messages: new Set(),
      more: 0,
      size: 0,
      partial: false,
      touched: 0,
    }
    all.set(traceId, story)
    gone.delete(traceId)
    places.put(traceId, story)
    for (const other of places.arrived(traceId)) join(other, story)
    return places.of(traceId) ?? story
  }

  /** Makes one of two stories. The one that began first stays, in its place. */
  function join(one: Story, other: Story): void {
    if (one === other) return
    if (one.spans.size + other.spans.size > limits.spansOfStory) {
      one.partial = other.partial = true
      return
    }
    const [kept, given] = one.number < other.number ? [one, other] : [other, one]
    for (const [key, span] of given.spans) kept.spans.set(key, span)
    for (const traceId of given.traces) places.put(traceId, kept)
    for (const traceId of given.traces) kept.traces.add(traceId)
    const awaited = [...given.awaited]
    places.leave(given)
    for (const traceId of awaited) places.awaits(traceId, kept)
    for (const message of given.messages) kept.messages.add(message)
    kept.size += given.size
    kept.more += given.more
    kept.partial ||= given.partial
    remove(given)
    touch(kept, given.touched)
  }

  function remove(story: Story): void {
    all.delete(story.id)
    changed.delete(story)
    gone.add(story.id)
  }

  function touch(story: Story, now: number): void {
    story.touched = Math.max(story.touched, now)
    changed.add(story)
  }

  const storyOf = (span: RecordedSpan, otherwise: Story): Story => places.of(span.traceId) ?? otherwise

  function followLinks(span: RecordedSpan, story: Story): void {
    for (const link of span.links) {
      if (link.traceId === span.traceId) continue
      const current = storyOf(span, story)
      const other = places.of(link.traceId)
      if (!joins(span, link)) {
        const key = spanKey(link)
        // What it leads to can mend what the rules find, and can be handled by it.
        if (!other?.spans.has(key)) places.awaits(key, current)
        else touch(other, current.touched)
        if (isBatchRun(span)) batches.set(key, span)
      } else if (other) join(other, current)
      else if (places.isGone(link.traceId)) current.partial = true
      else places.awaits(link.traceId, current)
    }
  }

  function followMessage(span: RecordedSpan, story: Story): void {
    const sent = isSend(span)
    if (!sent && !isLost(span)) return
    const message = messageIdentity(span)?.key
    if (message === undefined) return
    storyOf(span, story).messages.add(message)
    const [own, others] = sent ? [sends, lost] : [lost, sends]
    own.set(message, span)
    const other = others.get(message)
    // A broker that was emptied gives an id twice. Clocks may differ a little.
    if (!other || (sent && other.startTime < span.startTime - 5000)) return
    join(storyOf(other, story), storyOf(span, story))
  }

  function take(given: RecordedSpan, now: number): void {
    const { traceId } = given
    if (places.isGone(traceId)) return
    const story = places.of(traceId) ?? begin(traceId)
    const key = spanKey(given)
    const known = story.spans.get(key)
    if (known && (known.endTime !== undefined || given.endTime === undefined)) return
    touch(story, now)
    for (const other of places.arrived(key)) touch(other, now)
    if (story.spans.size >= limits.spansOfStory || story.size > limits.characters / 8) {
      story.more += 1
      story.partial = true
      return
    }
    const { span, size } = slimSpan(given)
    story.spans.set(key, span)
    story.size += size
    if (!known) spans += 1
    characters += size
    followLinks(span, story)
    followMessage(span, story)
  }

  function makeRoom(): void {
    for (const story of all.values()) {
      if (all.size <= limits.stories && spans <= limits.spans && characters <= limits.characters) return
      if (all.size === 1) return
      spans -= story.spans.size
      characters -= story.size
      dropped += 1
      places.drop(story)
      for (const span of story.spans.values()) {
        for (const link of span.links) if (batches.get(spanKey(link)) === span) batches.delete(spanKey(link))
      }
      for (const message of story.messages) {
        for (const known of [sends, lost]) {
          if (story.traces.has(known.get(message)?.traceId ?? '')) known.delete(message)
        }
      }
      remove(story)
    }
  }

  return {
    add(given, now) {
      for (const span of given) {
        take(span, now)
        makeRoom()
      }
    },
    of: (traceId) => places.of(traceId),
    isGone: (traceId) => places.isGone(traceId),
    batchOf: (send) => batches.get(spanKey(send)),
    all: () => all.values(),
    get dropped() {
      return dropped
    },
    changed,
    gone,
  }
}
