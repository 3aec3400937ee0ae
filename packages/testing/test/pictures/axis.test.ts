import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { axisMarks } from '../../src/pictures/axis.ts'
import { timeScale } from '../../src/pictures/time-scale.ts'

const ranges = fc.array(fc.record({ start: fc.integer({ min: 0, max: 1e7 }), end: fc.integer({ min: 0, max: 1e7 }) }))

test('no mark covers another one or sticks out, whatever the ranges', () => {
  fc.assert(
    fc.property(ranges, fc.double({ min: 0.01, max: 0.3, noNaN: true }), (some, width) => {
      const marks = axisMarks(timeScale(some), 8, (text) => text.length * width)
      const sorted = marks.toSorted((one, other) => one.at - other.at)
      for (const [index, { at, text }] of sorted.entries()) {
        const end = at + text.length * width
        expect(at).toBeGreaterThanOrEqual(0)
        expect(end).toBeLessThanOrEqual(sorted[index + 1]?.at ?? 1)
      }
    }),
  )
})

test('the times of an axis without gaps are evenly apart', () => {
  // 200 ms has no room behind 100 ms.
  const marks = axisMarks(timeScale([{ start: 0, end: 466 }]), 5, (text) => (text.length + 1) / 32)
  expect(marks.map(({ text }) => text)).toEqual(['0 ms', '200 ms'])
})

test('of 400 gaps those are marked that have room', () => {
  const many = Array.from({ length: 401 }, (_, index) => ({ start: index * 60_000, end: index * 60_000 + 10 }))
  const marks = axisMarks(timeScale(many), 8, (text) => text.length / 60)
  expect(marks[0]).toMatchObject({ at: 0, text: '0 ms', gap: false })
  expect(marks.length).toBeLessThan(30)
})
