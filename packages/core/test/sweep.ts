import type { TracingOptions } from '../src/options.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { useContexts } from './contexts.ts'
import { optionSeams, type Seam } from './seams.ts'

/** What the reporter of totals adds up over all sweeps of a run; see `scripts/test/totals.js`. */
export interface Total {
  readonly combinations: number
  readonly changed: number
}

declare module 'vitest' {
  interface TaskMeta {
    /** Seams × operations. */
    seams?: Total
    /** Hostile carriers × operations. */
    carriers?: Total
  }
}

/** Catches the unhandled rejections of the tests of this file, which would end a program. */
export function useUnhandled(): { readonly take: () => Promise<readonly unknown[]> } {
  const unhandled: unknown[] = []
  const keep = (error: unknown): void => void unhandled.push(error)
  beforeAll(() => void process.on('unhandledRejection', keep))
  afterAll(() => void process.off('unhandledRejection', keep))
  return {
    /** Those since the last time. */
    async take() {
      // Node reports unhandled rejections after the microtasks of the turn they happened in.
      await new Promise((resolve) => setImmediate(resolve))
      return unhandled.splice(0)
    },
  }
}

async function seenBy(work: () => Promise<unknown>): Promise<string> {
  try {
    return JSON.stringify(await work())
  } catch (error) {
    return `failed with ${String(error)}`
  }
}

/** Uses a client; with options by way of its adapter. Says what came of it in words that are the same either way. */
export type Sequence = (options: TracingOptions | undefined) => Promise<unknown>

/**
 * Tests that a client is the same for its user whichever seam is broken, in all combinations of seams and sequences.
 *
 * @param client what it is called
 */
export function sweepSeams(
  client: string,
  sequences: Readonly<Record<string, Sequence>>,
  seams: readonly Seam[] = optionSeams,
): void {
  describe(`a failure of ours or of the SDK changes nothing for the user of ${client}`, () => {
    const unhandled = useUnhandled()
    const all: string[] = []
    const expected = new Map<string, string>()
    let combinations = 0
    beforeAll(async () => {
      useContexts()
      // oxlint-disable-next-line no-await-in-loop -- what they share is made once
      for (const [name, sequence] of Object.entries(sequences))
        expected.set(name, JSON.stringify(await sequence(undefined)))
    })

    test.each(seams.map((seam) => [seam.name, seam] as const))('%s', async (_name, seam) => {
      const changed: string[] = []
      const repair = seam.arrange?.()
      try {
        for (const [name, sequence] of Object.entries(sequences)) {
          const { options, ledger } = seam.prepare()
          // oxlint-disable-next-line no-await-in-loop -- globals are broken meanwhile, so one after the other
          const seen = await seenBy(() => sequence(options))
          if (seen !== expected.get(name)) {
            changed.push(`${seam.name} × ${name}: ${seen} instead of ${expected.get(name)}`)
          }
          if (ledger.unbalanced() > 0)
            changed.push(`${seam.name} × ${name}: ${ledger.unbalanced()} spans not ended once`)
          combinations += 1
        }
      } finally {
        repair?.()
      }
      const rejections = await unhandled.take()
      if (rejections.length > 0) changed.push(`${seam.name}: ${rejections.length} unhandled rejections`)
      all.push(...changed)
      expect(changed).toEqual([])
    })

    test('in every combination', ({ task }) => {
      const operations = Object.keys(sequences).length
      console.log(
        `${client}: ${seams.length} seams × ${operations} operations = ${combinations} combinations, ${all.length} changed results`,
      )
      task.meta.seams = { combinations, changed: all.length }
      expect(combinations).toBe(seams.length * operations)
    })
  })
}
