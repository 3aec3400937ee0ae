import * as fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { clean, cut, cutMiddle, displayWidth, fit } from '../../src/text/display-text.ts'
import { durationText } from '../../src/text/duration.ts'
import { timeScale } from '../../src/pictures/time-scale.ts'

test.each([
  ['plain', 5],
  ['é\u0301', 1],
  ['日本', 4],
  ['🚀', 2],
  ['👩‍👩‍👧', 2],
  ['🇩🇪', 2],
  ['→ …', 3],
])('%s takes %i columns', (text, width) => {
  expect(displayWidth(text)).toBe(width)
})

test('a wide character is never cut in half', () => {
  expect(cut('日本語', 4)).toBe('日…')
  expect(fit('日本語', 4)).toBe('日… ')
  expect(cut('abc', 0)).toBe('')
})

test('a grapheme stays whole wherever it stands in a long text', () => {
  for (let before = 0; before < 70; before++) {
    const text = `${'é'.repeat(before)}👩‍👩‍👧${'é'.repeat(70)}`
    expect(displayWidth(text)).toBe(before + 72)
    expect(cut(text, before + 3)).toBe(`${'é'.repeat(before)}👩‍👩‍👧…`)
  }
})

test('a letter with more marks than anybody writes is cut between code points', () => {
  const text = `e${'\u{1d165}'.repeat(100)}x日本`
  expect(cut(text, 4)).not.toMatch(/\p{Cs}/u)
  expect(cut('日'.repeat(100), 4)).toBe('日…')
})

/** Steps of the segmenter, each as expensive as the text that the segmenter was given is long. */
function costOf(work: () => void): number {
  let cost = 0
  const real = new Intl.Segmenter('en', { granularity: 'grapheme' })
  const segment = real.segment.bind(real)
  const spy = vi.spyOn(Intl.Segmenter.prototype, 'segment').mockImplementation((text) => {
    const segments = segment(text)
    return {
      containing: (index) => segments.containing(index),
      *[Symbol.iterator]() {
        for (const one of segments) {
          cost += text.length
          yield one
        }
      },
    } as Intl.Segments
  })
  try {
    work()
  } finally {
    spy.mockRestore()
  }
  return cost
}

test('ten times the text costs at most ten times the steps, and what is cut away costs none', () => {
  const long = `é${'v'.repeat(10_000)}`
  const width = costOf(() => displayWidth(long))
  expect(width).toBeGreaterThan(10_000)
  expect(costOf(() => displayWidth(long.repeat(10)))).toBeLessThan(width * 11)
  expect(costOf(() => fit(long, 40))).toBeLessThan(20_000)
  expect(costOf(() => fit(long.repeat(10), 40))).toBe(costOf(() => fit(long, 40)))
})

test('cleaned text is one line without control characters', () => {
  expect(clean('a\r\nb\tc\u001b[31m\u0000\u202ed')).toBe('a b c[31md')
})

test.each([
  [0, '0 ms'],
  [-5, '0 ms'],
  [Number.NaN, '0 ms'],
  [0.0004, '1 µs'],
  [0.04, '40 µs'],
  [0.9996, '1 ms'],
  [3.24, '3.2 ms'],
  [9.96, '10 ms'],
  [41.4, '41 ms'],
  [999.4, '999 ms'],
  [999.6, '1.0 s'],
  [59_940, '59.9 s'],
  [59_960, '1 min'],
  [125_000, '2 min 5 s'],
  [3_599_600, '1 h'],
  [12_000_000, '3 h 20 min'],
  [183_600_000, '2 d 3 h'],
  [200 * 86_400_000, '200 d'],
  [1e22, '> 99999 d'],
])('%f ms reads %s', (milliseconds, text) => {
  expect(durationText(milliseconds)).toBe(text)
})

function ticks(end: number): string[] {
  return timeScale([{ start: 0, end }])
    .ticks(5)
    .map(durationText)
}

test('an axis without long idle time is even', () => {
  const scale = timeScale([
    { start: 100, end: 200 },
    { start: 250, end: 300 },
  ])
  expect([100, 150, 250, 300, 999].map((moment) => scale.position(moment))).toEqual([0, 0.25, 0.75, 1, 1])
  expect(scale.breaks).toEqual([])
  expect(scale.ticks(4)).toEqual([0, 50, 100, 150, 200])
})

test('long idle time is shown shorter, and the order stays', () => {
  const scale = timeScale([
    { start: 0, end: 10 },
    { start: 10_000, end: 10_010 },
    { start: 99_000, end: 99_010 },
  ])
  expect(scale.breaks).toHaveLength(2)
  expect(scale.position(10)).toBeGreaterThan(0.15)
  const moments = [0, 5, 10, 5000, 10_000, 10_010, 50_000, 99_000, 99_010].map((moment) => scale.position(moment))
  expect(moments).toEqual(moments.toSorted((one, other) => one - other))
  expect(scale.ticks(4)).toEqual([0, 10_000, 99_000])
})

test('ticks of minutes and hours are round on a clock', () => {
  expect(ticks(20 * 60_000)).toEqual(['0 ms', '5 min', '10 min', '15 min', '20 min'])
  expect(ticks(90 * 60_000).slice(0, 3)).toEqual(['0 ms', '30 min', '1 h'])
  expect(ticks(10 * 86_400_000).slice(0, 3)).toEqual(['0 ms', '2 d', '4 d'])
})

test.each([
  ['process orders-dead', 19, 'process orders-dead'],
  ['process orders-dead', 11, 'proce…-dead'],
  ['process orders', 1, '…'],
  ['process orders', 0, ''],
  ['注文を処理する', 7, '注…する'],
  ['👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧', 5, '👩‍👩‍👧…👩‍👩‍👧'],
])('of %s the middle is left out at %i columns', (text, width, short) => {
  expect(cutMiddle(text, width)).toBe(short)
})

test('whatever the text, what is left of both ends has the width, and is a part of it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-ascii' }), fc.integer({ min: 1, max: 30 }), (text, width) => {
      const short = cutMiddle(text, width)
      expect(displayWidth(short)).toBeLessThanOrEqual(width)
      const [start = '', end = start] = short.split('…')
      expect([text.startsWith(start), text.endsWith(end)]).toEqual([true, true])
    }),
  )
})
