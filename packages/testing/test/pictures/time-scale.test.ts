import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { timeScale } from '../../src/pictures/time-scale.ts'

const moment = fc.oneof(
  fc.integer({ min: 0, max: 2000 }),
  fc.double({ min: 0, max: 1e-300 }),
  fc.double({ min: -1e16, max: 1e16 }),
  fc.double(),
)

test.each([
  ['nothing', 0, 0, 6, [0]],
  ['the shortest time there is', 0, 5e-324, 6, [0]],
  ['a nanosecond', 0, 1e-6, 6, [0]],
  ['seconds', 1000, 11_000, 5, [0, 2000, 4000, 6000, 8000, 10_000]],
  ['less than one tick', 0, 100, 0, [0, 100]],
  ['one tick in each half minute', 0, 60_000, 2, [0, 50_000]],
  ['minutes', 0, 3 * 60_000, 3, [0, 60_000, 120_000, 180_000]],
  ['more than any Date', -Number.MAX_VALUE, Number.MAX_VALUE, 2, [0, 1e8, 2e8].map((days) => days * 86_400_000)],
  ['a time without an end', 0, Infinity, 3, [0]],
])('%s has ticks at round times', (_, start, end, count, ticks) => {
  expect(timeScale([{ start, end }]).ticks(count)).toEqual(ticks)
})

test(
  'whatever the ranges, places lie on the axis in order, and ticks are few, rising and finite',
  { timeout: 30_000 },
  () => {
    const ranges = fc.array(fc.record({ start: moment, end: moment }), { maxLength: 6 })
    fc.assert(
      fc.property(ranges, fc.integer({ min: 0, max: 40 }), (some, count) => {
        const scale = timeScale(some)
        const moments = some.flatMap(({ start, end }) => [start, end]).filter((one) => !Number.isNaN(one))
        const places = moments.toSorted((one, other) => one - other || 0).map((one) => scale.position(one))
        for (const [index, place] of places.entries()) {
          expect(place).toBeGreaterThanOrEqual(places[index - 1] ?? 0)
          expect(place).toBeLessThanOrEqual(1)
        }
        const ticks = scale.ticks(count)
        expect(ticks.length).toBeLessThanOrEqual(Math.max(1, count, scale.breaks.length) + 1)
        for (const [index, tick] of ticks.entries()) {
          expect(tick).toBeLessThan(Infinity)
          expect(tick).toBeGreaterThanOrEqual(ticks[index - 1] ?? 0)
        }
      }),
      { numRuns: 500 },
    )
  },
)
