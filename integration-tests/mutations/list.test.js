import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { scenarios } from '../src/contract.ts'
import { mutations } from './list.js'
import { mutate } from './mutate.js'

test('a mutation that does not fit core is an error', () => {
  const mutation = { name: 'some', file: 'some.ts', edits: [['a', 'b']] }
  expect(mutate('a c', mutation)).toBe('b c')
  for (const source of ['c', 'a a']) expect(() => mutate(source, mutation)).toThrow('“some” does not apply')
})

test.each(mutations)('the mutation “$name” applies to core as it is, and names a scenario', async (mutation) => {
  const source = await readFile(new URL(`../../packages/core/src/${mutation.file}`, import.meta.url), 'utf8')
  expect(mutate(source, mutation)).not.toBe(source)
  expect(scenarios.map(({ name }) => name)).toContain(mutation.caughtBy)
})

test('no two mutations have the same name', () => {
  expect(new Set(mutations.map(({ name }) => name)).size).toBe(mutations.length)
})
