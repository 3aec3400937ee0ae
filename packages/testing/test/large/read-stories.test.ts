import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDisjointSets } from '../../src/spans/graph.ts'
import { messageIdentity } from '../../src/spans/identity.ts'
import { otlpJsonLines } from '../../src/otlp/json-lines.ts'
import { readStories, type Story } from '../../src/large/read-stories.ts'
import type { RecordedSpan } from '../../src/spans/span.ts'
import { spanOf } from '../span-of.ts'
import { linkTo, story } from '../story.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tracebaton-'))
})

afterAll(() => rm(folder, { recursive: true }))

async function file(name: string, ...requests: readonly (readonly RecordedSpan[])[]): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, requests.map((spans) => otlpJsonLines(spans)).join(''))
  return path
}

async function storiesIn(files: readonly string[], budget?: number) {
  const stories: Story[] = []
  let passes: number | undefined
  const onProgress = (progress: { readonly passes: number | undefined }): void => {
    passes = progress.passes
  }
  for await (const found of readStories(files, { onProgress, ...(budget === undefined ? {} : { budget }) }))
    stories.push(found)
  return { stories, passes }
}

const hexOf = (number: number, length: number): string => (number + 1).toString(16).padStart(length, '0')

const anySpan = fc
  .record({
    trace: fc.nat(30),
    links: fc.array(fc.nat(60), { maxLength: 2 }),
    message: fc.option(fc.nat(10), { nil: undefined }),
  })
  .map(({ trace, links, message }) => ({
    traceId: hexOf(trace, 32),
    links: links.map((target) => linkTo('creation', hexOf(1, 16), hexOf(target, 32))),
    attributes:
      message === undefined ? {} : { 'messaging.system.name': 'aws.sqs', 'messaging.message.id': `m${message}` },
  }))

/** Which traces belong together, said the long way. */
function together(spans: readonly RecordedSpan[]): (traceId: string) => string {
  const sets = createDisjointSets<string>()
  const known = new Set(spans.map(({ traceId }) => traceId))
  for (const span of spans) {
    for (const { traceId } of span.links) if (known.has(traceId)) sets.join(traceId, span.traceId)
    const message = messageIdentity(span)
    if (message) sets.join(`message ${message.key}`, span.traceId)
  }
  return (traceId) => sets.find(traceId)
}

test(
  'whatever the order and the budget: every span is in one story, with all that links and messages connect',
  { timeout: 30_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anySpan, { maxLength: 60 }),
        fc.nat(4),
        fc.constantFrom(1500, 4000, 1_000_000),
        async (parts, perRequest, budget) => {
          const spans = parts.map((part, index) => spanOf({ name: `span ${index}`, spanId: hexOf(index, 16), ...part }))
          const requests: RecordedSpan[][] = []
          for (let start = 0; start < spans.length; start += perRequest + 1)
            requests.push(spans.slice(start, start + perRequest + 1))
          const { stories } = await storiesIn([await file('any.jsonl', ...requests)], budget)

          expect(stories.flatMap((found) => found.spans.map(({ name }) => name)).toSorted()).toEqual(
            spans.map(({ name }) => name).toSorted(),
          )
          const groupOf = together(spans)
          const groups = new Set<string>()
          for (const found of stories.filter(({ extent }) => extent === 'whole')) {
            const inStory = new Set(found.spans.map(({ traceId }) => groupOf(traceId)))
            expect(inStory.size).toBe(1)
            for (const group of inStory) {
              expect(groups).not.toContain(group)
              groups.add(group)
            }
          }
        },
      ),
      { numRuns: 60 },
    )
  },
)

test('a dead letter in a trace of its own and in another file belongs to the story of its order', async () => {
  const { stories, passes } = await storiesIn([
    await file('dead.jsonl', story.slice(5)),
    await file('orders.jsonl', story.slice(0, 2), story.slice(2, 5)),
  ])
  expect(stories.map(({ extent, spans }) => [extent, spans.length])).toEqual([['whole', 6]])
  expect(passes).toBe(2)
})

test('stories that are mixed over the whole file are read in several passes, each with less than the budget', async () => {
  const traces = Array.from({ length: 50 }, (_, index) => hexOf(index, 32))
  const wave = (part: number): RecordedSpan[] =>
    traces.map((traceId, index) => spanOf({ name: `part ${part}`, spanId: hexOf(index * 2 + part, 16), traceId }))
  const path = await file('mixed.jsonl', wave(0), wave(1))
  const { stories, passes } = await storiesIn([path], 5000)
  expect(passes).toBeGreaterThan(3)
  expect(stories.map(({ extent, spans }) => [extent, spans.length])).toEqual(traces.map(() => ['whole', 2]))
})

test('a story that is too large comes in parts, and the others whole', async () => {
  const large = Array.from({ length: 40 }, (_, index) =>
    spanOf({ name: 'iteration', spanId: hexOf(index, 16), traceId: hexOf(1, 32) }),
  )
  const { stories } = await storiesIn([await file('large.jsonl', large.slice(0, 20), story, large.slice(20))], 6000)
  expect(stories.map(({ extent, spans }) => [extent, spans.length])).toEqual([
    ['part', 20],
    ['whole', 6],
    ['part', 20],
  ])
})

test('a file that grows while it is read is read as it was', async () => {
  const attributes = { padding: 'x'.repeat(3000) }
  const [begin, end] = [3, 4].map((id) =>
    spanOf({ name: 'other', spanId: hexOf(id, 16), traceId: hexOf(3, 32), attributes }),
  )
  const path = await file('growing.jsonl', story.slice(0, 3), [begin!], story.slice(3), [end!])
  const names: string[] = []
  const most = new Map<number, number>()
  const onProgress = ({ pass, bytes }: { readonly pass: number; readonly bytes: number }): void => {
    most.set(pass, bytes)
  }
  for await (const { spans } of readStories([path], { budget: 8000, onProgress })) {
    names.push(...spans.map(({ name }) => name))
    await appendFile(path, otlpJsonLines([spanOf({ name: 'later', spanId: hexOf(7, 16) })]))
  }
  expect(names.toSorted()).toEqual([...story.map(({ name }) => name), 'other', 'other'].toSorted())
  expect(most.size).toBeGreaterThan(2)
  expect(new Set(most.values()).size).toBe(1)
})
