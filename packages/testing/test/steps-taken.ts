import { Session } from 'node:inspector/promises'
import { vi } from 'vitest'

/** Counts steps instead of time, which is the same in every run. */
export interface StepCounter extends AsyncDisposable {
  /**
   * How often the blocks of this package's sources are run while something is done, and how many items of arrays are
   * walked through besides.
   */
  taken(act: () => void): Promise<number>
}

/** Starts counting. Blocks are counted only in modules that are loaded afterwards, so that all are loaded anew. */
export async function countSteps(): Promise<StepCounter> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  vi.resetModules()
  return {
    async taken(act) {
      await session.post('Profiler.takePreciseCoverage')
      const arrays = countArrays()
      try {
        act()
      } finally {
        arrays.restore()
      }
      const { result } = await session.post('Profiler.takePreciseCoverage')
      const blocks = result
        .filter(({ url }) => url.includes('/packages/testing/src/'))
        .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges.map(({ count }) => count)))
      return blocks.reduce((sum, count) => sum + count, arrays.walked())
    },
    async [Symbol.asyncDispose]() {
      await session.post('Profiler.stopPreciseCoverage')
      session.disconnect()
    },
  }
}

/** Counts what the coverage cannot see: searches in arrays, copies of them, walks through their items. */
function countArrays(): { walked(): number; restore(): void } {
  let walked = 0
  const { indexOf, includes, slice, [Symbol.iterator]: values } = Array.prototype
  Object.assign(Array.prototype, {
    indexOf(this: unknown[], ...given: [item: unknown, from?: number]) {
      walked += this.length
      return indexOf.apply(this, given)
    },
    includes(this: unknown[], ...given: [item: unknown, from?: number]) {
      walked += this.length
      return includes.apply(this, given)
    },
    slice(this: unknown[], from?: number, to?: number) {
      const part = slice.call(this, from, to)
      walked += part.length
      return part
    },
    [Symbol.iterator](this: unknown[]) {
      const items = values.call(this)
      const next = items.next.bind(items)
      items.next = () => {
        walked += 1
        return next()
      }
      return items
    },
  })
  return {
    walked: () => walked,
    restore: () => void Object.assign(Array.prototype, { indexOf, includes, slice, [Symbol.iterator]: values }),
  }
}
