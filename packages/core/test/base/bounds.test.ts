import { describe, expect, test } from 'vitest'
import { boundedName, boundedValue, isBounded, isCount, withoutCredentials } from '../../src/base/bounds.ts'

describe('a name', () => {
  test.each(['orders', 'a b', 'café', '注文', '', 'x'.repeat(256)])('of the usual kind stays: %s', (name) => {
    expect(boundedName(name)).toBe(name)
  })

  test.each([
    ['x'.repeat(257), `${'x'.repeat(255)}…`],
    ['x'.repeat(5_000_000), `${'x'.repeat(255)}…`],
    ['payroll\r\n\u001b[31m', 'payroll   [31m'],
    ['a\u0000b\u007fc\u0085d', 'a b c d'],
    ['half \ud83d of one', 'half   of one'],
    ['whole 😀', 'whole 😀'],
    ['\u0000', ''],
    ['https://u:p@host/orders', 'https://***@host/orders'],
  ])('is bounded: %j', (name, bounded) => {
    expect(boundedName(name)).toBe(bounded)
  })
})

test.each([
  [5, 5],
  [0.5, 0.5],
  [-(2 ** 53), -(2 ** 53)],
  [2 ** 53 + 2, undefined],
  [1e308, undefined],
  [Number.NaN, undefined],
  [-Infinity, undefined],
  [true, true],
  ['', undefined],
  ['a\nb', 'a b'],
  [
    ['a\nb', 'c'],
    ['a b', 'c'],
  ],
  [
    [1, Number.NaN],
    [1, undefined],
  ],
  [Array.from({ length: 200 }, () => 1), Array.from({ length: 128 }, () => 1)],
])('the value %j stands on a span as %j', (value, bounded) => {
  expect(boundedValue(value)).toEqual(bounded)
})

test('a count is a whole number from 1 on, so small that some can be added', () => {
  expect([1, 2 ** 51].map(isCount)).toEqual([true, true])
  expect([0, -1, 1.5, 2 ** 52, 1e308, Number.NaN, '1', undefined].map(isCount)).not.toContain(true)
  expect(isBounded(3 * 2 ** 51)).toBe(true)
})

test.each([
  ['amqp://guest:hunter2@broker:5672', 'amqp://***@broker:5672'],
  ['https://token@host/x', 'https://***@host/x'],
  ["postgres://app:it's-<secret>@db/x", 'postgres://***@db/x'],
  ['https://host/#access_token=t&id=5', 'https://host/#access_token=***&id=5'],
  ['amqp://a:b@one,amqp://c:d@two', 'amqp://***@two'],
  ['(file:///app/node_modules/@shop/orders.js:12:3)', '(file:///app/node_modules/@shop/orders.js:12:3)'],
  [
    'GET https://host/q?X-Amz-Security-Token=t&id=5&sig=a/b failed',
    'GET https://host/q?X-Amz-Security-Token=***&id=5&sig=*** failed',
  ],
  ['jane@example.com has no token=5', 'jane@example.com has no token=5'],
])('credentials of URLs are gone: %s', (text, clean) => {
  expect(withoutCredentials(text)).toBe(clean)
})
