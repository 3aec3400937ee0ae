import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { otlpJsonLines } from '../../src/otlp/json-lines.ts'
import { waterfall } from '../../src/pictures/waterfall.ts'
import { spanOf } from '../span-of.ts'
import { story } from '../story.ts'
import { fileOf, folder, tracebaton } from './invoke.ts'

const other = spanOf({
  name: 'send invoices',
  kind: 'producer',
  traceId: 'e'.repeat(32),
  spanId: 'e'.repeat(16),
  startTime: 5,
  endTime: 6,
  attributes: { 'messaging.system.name': 'aws.sqs', 'messaging.message.id': 'm-7' },
})

test.each([
  ['terminal', /^.{1,2000}$/m],
  ['svg', /<svg [^>]*width="20000"/],
])('a width of a thousand million is bounded: %s', async (format, width) => {
  const { code, out } = await tracebaton(['render', await fileOf(story), '--format', format, '--width', '1000000000'])
  expect(out).toMatch(width)
  expect(out.length).toBeLessThan(200_000)
  expect(code).toBe(0)
})

test('by default the picture is for the terminal, as wide as it is', async () => {
  const { code, out } = await tracebaton(['render', await fileOf(story), '--title', 'order 1042'])
  expect(out).toBe(`${waterfall(story, { width: 100, colors: false, title: 'order 1042' })}\n`)
  expect(code).toBe(0)
  expect((await tracebaton(['render', await fileOf(story), '--width', '60'])).out).toContain('process orders  1/3')
})

test.each([
  ['order.svg', /^<svg .*<\/svg>$/s],
  ['order.html', /^<!doctype html>.*<\/html>\n$/s],
  ['order.mmd', /^flowchart LR\n/],
  ['order.md', /^```mermaid\nflowchart LR\n.*\n```\n$/s],
  ['order.jsonl', /^\{"resourceSpans".*\}\n$/s],
])('the name %s tells the format', async (name, content) => {
  const out = join(await folder(), name)
  expect(await tracebaton(['render', await fileOf(story), '--out', out])).toEqual({ code: 0, out: '', error: '' })
  expect(await readFile(out, 'utf8')).toMatch(content)
})

test('one story can be chosen by its trace or its message, with all that belongs to it', async () => {
  const file = await fileOf([other, ...story])
  const drawn = async (...words: string[]): Promise<string[]> => {
    const { out } = await tracebaton(['render', file, '--format', 'otlp', ...words])
    return [...out.matchAll(/"name":"([^"]*(?:orders|invoices)[^"]*)"/g)].map(([, name = '']) => name)
  }
  expect(await drawn()).toHaveLength(7)
  expect(await drawn('--trace', '0AF76519')).toEqual([
    'POST /orders',
    'send orders',
    'process orders',
    'process orders',
    'process orders',
    'process orders-dead',
  ])
  expect(await drawn('--message', 'm-7')).toEqual(['send invoices'])
  expect(await drawn('--message', 'aws.sqs m-7')).toEqual(['send invoices'])
})

test('nothing to draw is no picture, and what is malformed is said', async () => {
  expect(await tracebaton(['render', await fileOf(story), '--trace', 'ffff'])).toEqual({
    code: 3,
    out: '',
    error: 'There is nothing to draw.\n',
  })
  const { code, out, error } = await tracebaton(['render', '-'], `oops\n${otlpJsonLines(story)}`)
  expect([code, error]).toEqual([3, 'standard input:1: not JSON, left out\n'])
  expect(out).toContain('6 spans in 2 traces')
})

test.each([
  [['render', '--out', 'picture.gif', 'x'], 'The name picture.gif does not tell the format'],
  [['render', '--format', 'gif', 'x'], '--format can be terminal, svg,'],
  [['render', '--width', '-1', 'x'], 'width'],
])('%j is not understood, and the message says why', async (words, message) => {
  const { code, error } = await tracebaton(words)
  expect(error).toContain(message)
  expect(code).toBe(2)
})
