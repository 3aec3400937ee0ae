import { expect, test } from 'vitest'
import { createKeyTable } from '../../src/large/key-table.ts'

test('every text has one number, in the order in which they came, however similar they are', () => {
  const table = createKeyTable()
  const expected = new Map<string, number>()
  const ids = Array.from({ length: 50_000 }, (_, index) => index.toString(16).padStart(32, '0'))
  // Ids as X-Ray makes them begin with the time, 64-bit ids with zeros, Kafka's identities end with an offset.
  const halves = ids.map((id) => id.slice(16) + id.slice(0, 16))
  const texts = [...ids, ...halves, ...ids.map((_, index) => `kafka orders/0@${index}`)]
  const numbers = texts.map((text) => table.add(text))
  for (const text of texts) if (!expected.has(text)) expected.set(text, expected.size)
  expect(numbers).toEqual(texts.map((text) => expected.get(text)))
  expect(texts.map((text) => table.add(text))).toEqual(numbers)
  expect(table.size).toBe(expected.size)
})
