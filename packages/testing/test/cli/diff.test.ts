import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { masks } from '../../src/cli/diff.ts'
import { otlpJsonLines } from '../../src/otlp/json-lines.ts'
import { later, story, unlinked } from '../story.ts'
import { fileOf, folder, tracebaton } from './invoke.ts'

const slower = story.map((span) => later(span, 12_345))
const unlinkedDeadLetter = story.map((span) => (span.name === 'process orders-dead' ? unlinked(span) : span))
const secondOrder = story.map((span) => ({
  ...span,
  traceId: span.traceId.replace(/^..../, 'ffff'),
  links: span.links.map((link) => ({ ...link, traceId: link.traceId.replace(/^..../, 'ffff') })),
}))

test('another run of the same thing is no difference', async () => {
  const { code, out } = await tracebaton(['diff', await fileOf(story), await fileOf(slower.toReversed())])
  expect([code, out]).toEqual([0, 'The shape is the same.\n'])
})

test('a lost link is one, and it is shown with what is around it', async () => {
  const { code, out } = await tracebaton(['diff', await fileOf(story), await fileOf(unlinkedDeadLetter)])
  expect(code).toBe(1)
  expect(out).toContain('-    ⤷ creation: send orders (producer, shop)\n')
  expect(out).toMatch(/^--- .*\n\+\+\+ .*\n/)
})

test('how often a story is there can be left out', async () => {
  const files = [await fileOf(story), await fileOf([...story, ...secondOrder])]
  const counted = await tracebaton(['diff', ...files])
  expect([counted.code, counted.out]).toEqual([1, expect.stringContaining('+×2\n')])
  expect((await tracebaton(['diff', ...files, '--ignore-counts'])).code).toBe(0)
})

test('a structure that was written out is compared like the recording it was made of', async () => {
  const snapshot = join(await folder(), 'orders.txt')
  await tracebaton(['render', await fileOf([...story, ...secondOrder]), '--format', 'structure', '--out', snapshot])
  expect(await readFile(snapshot, 'utf8')).toMatch(/^# tracebaton structure\n×2\ntrace\n {2}POST \/orders/)
  const twice = otlpJsonLines([...slower, ...secondOrder])
  expect((await tracebaton(['diff', snapshot, '-'], twice)).code).toBe(0)
  expect((await tracebaton(['diff', snapshot, '-'], otlpJsonLines(story))).code).toBe(1)
  expect((await tracebaton(['diff', snapshot, '-', '--ignore-counts'], otlpJsonLines(story))).code).toBe(0)
})

test('what is masked is no difference', async () => {
  const renamed = story.map((span) => ({ ...span, name: span.name.replace('orders', 'orders-42') }))
  const files = [await fileOf(story), await fileOf(renamed)]
  expect((await tracebaton(['diff', ...files])).code).toBe(1)
  expect((await tracebaton(['diff', ...files, String.raw`--mask=-42\b`])).code).toBe(1)
  expect((await tracebaton(['diff', ...files, '--mask', String.raw`orders(-42)?`])).code).toBe(0)
})

test('a mask that would try more ways through a text than there is time for ends', () => {
  const [mask] = masks(['^(a+)+$'])
  const text = `${'a'.repeat(60)}!`
  // A program of its own can be ended; without the bound it would run for years.
  expect(runInNewContext('text.replace(mask, "*")', { text, mask }, { timeout: 5000 })).toBe(text)
})

test('no spans, or a piece that cannot be read, are not called the same', async () => {
  const whole = await fileOf(story)
  const damaged = await fileOf(`${otlpJsonLines(story)}{"resourceSpans": 5\n`)
  expect(await tracebaton(['diff', whole, damaged])).toMatchObject({
    code: 3,
    out: 'The shape of what could be read is the same.\n',
    error: expect.stringContaining(', left out\n'),
  })
  const nothing = await fileOf('', 'nothing.jsonl')
  expect(await tracebaton(['diff', nothing, nothing])).toMatchObject({
    code: 3,
    error: expect.stringMatching(/There are no spans in .*nothing\.jsonl\.\n/),
  })
  expect((await tracebaton(['diff', nothing, damaged])).code).toBe(1)
})

test.each([
  [['diff', 'x'], 'Two files are needed'],
  [['diff', 'x', 'y', 'z'], 'Two files are needed'],
  [['diff', '-', '-'], '- can be given once'],
  [['diff', 'x', 'y', '--mask', '('], '--mask needs a regular expression'],
  [['diff', 'no-such-file', 'y'], 'There is no file no-such-file'],
])('%j is not understood, and the message says why', async (words, message) => {
  const { code, error } = await tracebaton(words)
  expect(error).toContain(message)
  expect(code).toBe(2)
})
