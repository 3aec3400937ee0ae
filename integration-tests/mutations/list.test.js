import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { scenarios } from '../src/contract.ts'
import { mutations } from './list.js'
import { mutate, sourceOf, suiteOf } from './mutate.js'

const read = (path) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8')

/** Whether the suite of a mutation has the test that it names. */
async function namesTest(mutation) {
  if (mutation.test === undefined) return scenarios.some(({ name }) => name === mutation.caughtBy)
  const texts = (await read(suiteOf(mutation))).matchAll(/'([^'\n]+)'/g)
  // What fills in a `%s` of a title is nowhere in the file as part of it.
  return [...texts].some(([, text]) => {
    const [start, ...ends] = text.split(/%[sdj]|\$[\w.]+/)
    return text === mutation.caughtBy || (ends.length === 1 && start !== '' && mutation.caughtBy.startsWith(start))
  })
}

const titles = mutations.map((mutation) => `${mutation.package ?? 'core'}: ${mutation.name}`)

test('a mutation that does not fit the source is an error', () => {
  const mutation = { name: 'some', file: 'some.ts', edits: [['a', 'b']] }
  expect(mutate('a c', mutation)).toBe('b c')
  for (const source of ['c', 'a a']) expect(() => mutate(source, mutation)).toThrow('“some” does not apply')
})

test.each(mutations.map((mutation, index) => ({ title: titles[index], mutation })))(
  'the mutation “$title” applies to the source as it is, and names a test',
  async ({ mutation }) => {
    const source = await read(sourceOf(mutation))
    expect(mutate(source, mutation)).not.toBe(source)
    expect(await namesTest(mutation)).toBe(true)
  },
)

test('no two mutations of a package have the same name', () => {
  expect(new Set(titles).size).toBe(mutations.length)
})

test('each adapter has mutations', () => {
  const broken = mutations.map((mutation) => mutation.package)
  expect(new Set(broken)).toEqual(new Set([undefined, 'kafka', 'amqp', 'sqs', 'bullmq']))
})
