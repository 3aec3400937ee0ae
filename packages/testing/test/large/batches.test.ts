import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { generateBatches, type BatchesTruth } from '../../bench/batches.js'
import { readStories } from '../../src/large/read-stories.ts'
import { judge } from '../../src/rules/evidence.ts'
import { rules } from '../../src/rules/rules.ts'

/** Findings of every rule, and stories that could not be judged, as `check` finds them in a file that it cannot hold. */
async function judged(file: string, budget?: number) {
  const found: Record<string, number> = Object.fromEntries(rules.map(({ id }) => [id, 0]))
  let passes: number | undefined
  let [parts, spans, largest] = [0, 0, 0]
  const onProgress = (progress: { readonly passes: number | undefined }): void => {
    passes = progress.passes
  }
  for await (const story of readStories([file], { onProgress, ...(budget === undefined ? {} : { budget }) })) {
    spans += story.spans.length
    largest = Math.max(largest, story.spans.length)
    if (story.extent === 'part') parts += 1
    for (const { rule, findings } of judge(story.spans, {}, rules, story.elsewhere)) {
      found[rule.id] = (found[rule.id] ?? 0) + findings.length
    }
  }
  return { found, spans, parts, passes, largest }
}

function planted({ lost, gaps, dangling, repeated }: BatchesTruth, members: boolean) {
  return {
    connected: lost,
    'attempts-in-order': gaps,
    // Where single messages have spans, those that a broken batch leaves out miss their link as well.
    'batch-links': repeated + (members ? dangling + repeated : 0),
    'no-leak': 0,
    'no-orphans': 0,
    'no-dangling-links': dangling,
    'all-ended': 0,
    'sampling-consistent': 0,
    conventions: 0,
    'no-secrets': 0,
  }
}

test.each([
  ['50,000 spans', { spans: 50_000, seed: 1 }, undefined],
  ['spans for the messages of batches', { spans: 12_000, seed: 2, members: true }, undefined],
  ['more than fits at a time', { spans: 12_000, seed: 8, members: true }, 1_000_000],
] as const)(
  'with two batch topics, what is planted is found and nothing else: %s',
  { timeout: 120_000 },
  async (_, options, budget) => {
    const folder = await mkdtemp(join(tmpdir(), 'tracebaton-batches-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const file = join(folder, 'traces.jsonl')
    const truth = generateBatches(file, options)
    const { found, spans, parts, passes, largest } = await judged(file, budget)
    expect(found).toEqual(planted(truth, 'members' in options))
    expect({ spans, parts }).toEqual({ spans: truth.spans, parts: 0 })
    // The stories of a batch's messages do not hang together by it.
    expect(largest).toBeLessThan(100)
    expect(passes === 2).toBe(budget === undefined)
    for (const count of [truth.lost, truth.gaps, truth.dangling + truth.repeated]) expect(count).toBeGreaterThan(0)
  },
)
