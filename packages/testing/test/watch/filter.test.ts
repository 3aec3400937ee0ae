import { expect, test } from 'vitest'
import { matches, wordsOf } from '../../src/watch/page/filter.ts'
import type { JourneySummary } from '../../src/watch/protocol.ts'

const journey = { state: 'dead', findings: 1, text: 'post /orders\nbilling\n1042' } as JourneySummary
const filter = (text: string, only = {}) => ({ words: wordsOf(text), failed: false, broken: false, ...only })

test.each([
  ['', {}, true],
  ['ORDERS', {}, true],
  ['1042 billing', {}, true],
  ['1042 mailer', {}, false],
  ['', { failed: true }, true],
  ['', { broken: true }, true],
  ['mailer', { failed: true, broken: true }, false],
])('the filter “%s” with %o', (text, only, expected) => {
  expect(matches(journey, filter(text, only))).toBe(expected)
})

test('a journey that recovered has not failed, and one that is not judged is not broken', () => {
  expect(matches({ ...journey, state: 'recovered' }, filter('', { failed: true }))).toBe(false)
  expect(matches({ ...journey, findings: undefined }, filter('', { broken: true }))).toBe(false)
})
