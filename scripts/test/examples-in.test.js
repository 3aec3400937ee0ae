import { expect, test } from 'vitest'
import { examplesIn } from '../examples-in.js'

const page = [
  '# Title',
  '<!-- given: declare const queueUrl: string -->',
  '',
  '```ts',
  'send(queueUrl);',
  '```',
  '',
  '```sh',
  'npm test',
  '```',
  '',
  '```js',
  'receive();',
  '```',
].join('\n')

test('an example keeps the line numbers of its page', () => {
  const [first] = examplesIn('README.md', page)
  expect(first?.code.split('\n')[4]).toBe('send(queueUrl);')
})

test('an example may take for granted what the comment before it declares', () => {
  const [first, second] = examplesIn('README.md', page)
  expect(first?.code).toContain('declare const queueUrl: string')
  expect(second?.code).not.toContain('queueUrl')
})

test('an example names the heading above it', () => {
  const lines = ['# Title', '```sh', '# no heading', '```', '```ts', 'one()', '```', '## Part', '```ts', 'two()', '```']
  const headings = examplesIn('README.md', lines.join('\n')).map(({ heading }) => heading)
  expect(headings).toEqual(['# Title', '## Part'])
})

test('blocks in other languages are no examples', () => {
  expect(examplesIn('README.md', page).map(({ line }) => line)).toEqual([4, 12])
})
