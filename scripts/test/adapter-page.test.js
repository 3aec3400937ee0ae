import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const page = read('docs/write-an-adapter.md')

/** The names in the braces of exports, where `type` stands before the braces or before the name. */
function namesIn(source) {
  const lists = [...source.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].map(([, list]) => list)
  return lists.flatMap((list) =>
    list.split(',').flatMap((name) => {
      const bare = name.trim().replace(/^type /, '')
      return bare === '' ? [] : [bare]
    }),
  )
}

/** Those that the page does not write in code. */
function missingOn(text, names) {
  const code = [...text.matchAll(/```[\s\S]*?```|`[^`\n]+`/g)].map(([part]) => part).join('\n')
  return names.filter((name) => !new RegExp(`(?<![\\w$])${name}(?![\\w$])`).test(code))
}

test('the page for authors of adapters names all that only they import', () => {
  const names = namesIn(read('packages/core/src/adapter.ts'))
  expect(names).toContain('createDeliveries')
  expect(missingOn(page, names)).toEqual([])
})

test('it names the types that describe deliveries and publications', () => {
  const [, list] = /export type \{([^}]*)\} from '\.\/verdict\/delivery\.ts'/.exec(read('packages/core/src/types.ts'))
  const names = namesIn(`export type {${list}}`)
  expect(names).toContain('Delivery')
  expect(missingOn(page, names)).toEqual([])
})

test('it names each member of the tracing that adapters are given', () => {
  const [, members] = /export interface AdapterTracing[^{]*\{([\s\S]*?)^\}/m.exec(read('packages/core/src/tracing.ts'))
  const names = [...members.matchAll(/^ {2}readonly (\w+):/gm)].map(([, name]) => `tracing.${name}`)
  expect(names).toContain('tracing.process')
  expect(missingOn(page, names)).toEqual([])
})

test('a name that stands in prose alone is missing', () => {
  expect(missingOn('Use open, or `openAll`.', ['open', 'openAll'])).toEqual(['open'])
})
