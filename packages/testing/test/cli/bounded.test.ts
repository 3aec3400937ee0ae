import { expect, test } from 'vitest'
import { needsBounds } from '../../src/cli/bounded.ts'

test.each(['spans.jsonl', '-', '/dev/fd/63', '/dev/stdin', '/dev/shm/spans.jsonl', '/proc/self/fd/12'])(
  'what reads files of any size has a process with bounds for %s',
  (file) => {
    expect(needsBounds(['check', file])).toBe(true)
    expect(needsBounds(['diff', file, file])).toBe(true)
  },
)

test('what draws has none', () => {
  expect(needsBounds(['render', 'spans.jsonl'])).toBe(false)
})
