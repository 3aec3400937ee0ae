import { readRequests, type OtlpProblem, type OtlpRequest } from './read-otlp.ts'
import type { RecordedSpan } from '../spans/span.ts'
import type { Elsewhere } from '../rules/evidence.ts'
import { createNamedSpans } from './named-spans.ts'
import { createStoryIndex, type StoryPlan } from './story-index.ts'

/** Spans that can be judged together. */
export interface Story {
  readonly spans: readonly RecordedSpan[]
  /**
   * `whole`: everything that links and message ids connect. `part`: the story takes more memory than there is, so these
   * are some of its spans, and nothing can be said about those around them.
   */
  readonly extent: 'whole' | 'part'
  /** What is known of spans in other stories: of the messages of a batch, and of the batch of a message. */
  readonly elsewhere: Elsewhere
}

/** How {@link readStories} reads. */
export interface ReadStoriesOptions {
  /**
   * Bytes that the spans which are held at a time may have taken in the files. They take two to three times as much in
   * memory.
   *
   * @default 64 MiB
   */
  readonly budget?: number
  /**
   * Whether a batch is a story beside those of its messages, or joins them.
   *
   * @default 'apart'
   */
  readonly batches?: 'apart' | 'together'
  /** Told about what could not be read, once, with the file. */
  readonly onProblem?: (problem: OtlpProblem, file: string) => void
  /** Told about progress, some times a second. */
  readonly onProgress?: (progress: StoryProgress) => void
}

/** How far {@link readStories} is. */
export interface StoryProgress {
  /** Passes over the files; known once the first is over. */
  readonly passes: number | undefined
  readonly pass: number
  readonly bytes: number
}

/**
 * Reads files that may be larger than the memory, and gives their spans story by story. The first pass finds out which
 * traces belong together and where in the files each story ends; the second collects the spans and lets go of a story
 * as soon as it is complete. Where the stories are so mixed that too many are open at a time, there are more passes.
 */
export async function* readStories(
  files: readonly string[],
  options: ReadStoriesOptions = {},
): AsyncGenerator<Story, void, void> {
  const { budget = 64 * 1024 * 1024, onProblem, onProgress = () => {} } = options
  const index = createStoryIndex(budget, options.batches)
  const named = createNamedSpans()
  let passes: number | undefined
  let total = 0
  for await (const request of requestsOf(files, onProblem)) {
    index.add(request)
    named.add(request.spans)
    total += request.bytes
    onProgress({ pass: 1, passes, bytes: total })
  }
  const plan = index.finish()
  // In one round all spans before the one that names them are seen in time; in several, some are in a later round.
  const before = plan.rounds > 1 && named.size > 0 ? 2 : 1
  passes = plan.rounds + before
  if (before === 2) for await (const { spans } of requestsOf(files)) named.see(spans)
  for (let round = 0; round < plan.rounds; round += 1) {
    const isOfRound = (traceId: string): boolean => plan.roundOf(plan.storyOf(traceId)) === round
    const wanted = plan.rounds > 1 ? isOfRound : undefined
    const open = new Map<number, RecordedSpan[]>()
    let [number, bytes] = [0, 0]
    for await (const request of requestsOf(files, undefined, wanted)) {
      // The file may have grown since; what came later is for the next run.
      if (number === plan.requests) break
      if (plan.rounds === 1) named.see(request.spans)
      for (const story of collect(request.spans, plan, number, open)) yield { ...story, elsewhere: named }
      number += 1
      bytes += request.bytes
      onProgress({ pass: round + before + 1, passes, bytes })
    }
  }
}

/** Adds the spans of a request to their stories, and gives the stories that are complete with it. */
function* collect(
  spans: readonly RecordedSpan[],
  plan: StoryPlan,
  request: number,
  open: Map<number, RecordedSpan[]>,
): Generator<Omit<Story, 'elsewhere'>, void, void> {
  const touched = new Set<number>()
  const parts: RecordedSpan[] = []
  for (const span of spans) {
    const story = plan.storyOf(span.traceId)
    if (plan.isTooLarge(story)) {
      parts.push(span)
      continue
    }
    touched.add(story)
    const known = open.get(story)
    if (known) known.push(span)
    else open.set(story, [span])
  }
  if (parts.length > 0) yield { spans: parts, extent: 'part' }
  for (const story of touched) {
    if (plan.lastOf(story) !== request) continue
    const complete = open.get(story) ?? []
    open.delete(story)
    yield { spans: complete, extent: 'whole' }
  }
}

async function* requestsOf(
  files: readonly string[],
  onProblem?: (problem: OtlpProblem, file: string) => void,
  wanted?: (traceId: string) => boolean,
): AsyncGenerator<OtlpRequest, void, void> {
  for (const file of files) {
    yield* readRequests(file, onProblem ? { onProblem: (problem) => onProblem(problem, file) } : {}, wanted)
  }
}
