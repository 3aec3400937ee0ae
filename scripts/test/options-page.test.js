import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { optionsIn } from '../options-in.js'
import { optionsPage } from '../options-page.js'

test('the page of options says what the sources say', async () => {
  await expect(optionsPage()).toMatchFileSnapshot('../../docs/options.md')
})

test('an option is read with its type, its unit, its default, and the options within it', () => {
  const source = `
export interface Options {
  /**
   * ms that it takes, {at} most;
   * see {@link Other}. @default 5, no more
   */
  readonly wait?: number | undefined
  /** What it is. */
  readonly inner?:
    | {
        /** Whether. @default false */
        readonly flag?: 'a' | 'b' | undefined
      }
    | undefined
  readonly bare?: ((given: { readonly name: string }) => void) | undefined
}
`
  expect(optionsIn(source, 'Options')).toEqual([
    {
      name: 'wait',
      type: 'number',
      unit: 'ms',
      standard: '5, no more',
      meaning: 'ms that it takes, {at} most; see `Other`.',
    },
    { name: 'inner.flag', type: "'a' | 'b'", unit: '', standard: 'false', meaning: 'Whether.' },
    { name: 'bare', type: '((given: { readonly name: string }) => void)', unit: '', standard: undefined, meaning: '' },
  ])
  expect(() => optionsIn(source, 'Others')).toThrow('There is no Others')
})

test('every README of a package that has options links the page', () => {
  for (const name of ['core', 'kafka', 'amqp', 'sqs', 'bullmq', 'instrumentation'])
    expect(readFileSync(`packages/${name}/README.md`, 'utf8')).toContain('](../../docs/options.md)')
})

test('docs/README.md lists every page in a line', () => {
  const pages = readdirSync('docs').filter((name) => name.endsWith('.md') && name !== 'README.md')
  const listed = [...readFileSync('docs/README.md', 'utf8').matchAll(/^\| \[[^\]]+\]\((\S+\.md)\) +\| \S.* \|$/gm)]
  expect(listed.map(([, page]) => page).toSorted()).toEqual(pages.toSorted())
})
