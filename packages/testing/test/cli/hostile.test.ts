import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { createRandom } from '../../bench/otlp-spans.js'
import { otlpJsonLines } from '../../src/otlp/json-lines.ts'
import { story } from '../story.ts'
import { fileOf, folder, tracebaton } from './invoke.ts'

const [trace, id] = ['a'.repeat(32), 'b'.repeat(16)]
const random = createRandom(1)

/** A request with spans that say at least what is given. */
function request(...spans: readonly object[]): string {
  const usual = { traceId: trace, spanId: id, name: 'process orders', kind: 5 }
  const whole = spans.map((span) => Object.assign({}, usual, span))
  return `${JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: whole }] }] })}\n`
}

const idOf = (number: number, length: number): string => (number + 1).toString(16).padStart(length, '0')
const numbers = (length: number): number[] => Array.from({ length }, (_, index) => index)
const text = (key: string, stringValue: string): object => ({ key, value: { stringValue } })
const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`

const evil = `\u001b[31m\u001b]0;x\u0007<script>alert(1)</script>"]}%%{init}\u202e\ud800 \`\`\` ${'é'.repeat(50)}\r\n::error::`
const message = [
  text('messaging.system.name', 'kafka'),
  text('messaging.operation.type', 'process'),
  text('messaging.destination.name', evil),
]

/** Twenty-two files that no exporter writes, or only a broken one. */
const files: Readonly<Record<string, string | Uint8Array>> = {
  nothing: '',
  blanks: ' \t\r\n'.repeat(1000),
  zeros: new Uint8Array(10_000),
  noise: Uint8Array.from(numbers(20_000), () => Math.floor(random() * 256)),
  'UTF-16': Buffer.from(request({}), 'utf16le'),
  'gzip, cut off': gzipSync(request({})).subarray(0, 60),
  'one brace': '{',
  'deep arrays': nested(100_000),
  'deep arrays in a request': `{"resourceSpans":${nested(50_000)}}\n`,
  'values without end': request({ attributes: [{ key: 'a', value: 'deep' }] }).replace('"deep"', deepValue(1500)),
  'values that are no objects': 'null\n7\n"text"\ntrue\n[]\n{}\n',
  'wrong types': request({ name: 7, kind: 'x', attributes: 5, links: {}, events: 'e', status: [], flags: 'f' }),
  'no ids': request({ traceId: '0'.repeat(32) }, { spanId: '' }, { spanId: id.toUpperCase(), traceId: 'zz' }),
  'one span a thousand times': request(...numbers(1000).map(() => ({}))),
  'a circle of parents': request(
    ...numbers(100).map((index) => ({ spanId: idOf(index, 16), parentSpanId: idOf((index + 1) % 100, 16) })),
  ),
  'links to itself': request({ links: numbers(1000).map(() => ({ traceId: trace, spanId: id })) }),
  'a chain of links': request(
    ...numbers(1000).map((index) => ({
      traceId: idOf(index, 32),
      links: [{ traceId: idOf(index + 1, 32), spanId: id }],
    })),
  ),
  'texts that are syntax': request({ name: evil, attributes: message, status: { code: 2, message: evil } }),
  'a name of 300 KB': request({ name: `é${'v'.repeat(300_000)}` }),
  'times of nowhere': request(
    { startTimeUnixNano: '-5', endTimeUnixNano: '1e400' },
    { spanId: idOf(1, 16), startTimeUnixNano: '9'.repeat(40), endTimeUnixNano: 'NaN' },
    { spanId: idOf(2, 16), startTimeUnixNano: '2', endTimeUnixNano: '1' },
  ),
  'keys of prototypes': request({
    attributes: ['__proto__', 'constructor', 'toString', 'hasOwnProperty'].map((key) => text(key, 'x')),
  }),
  'texts that make patterns try': request({
    name: `${'a'.repeat(60)}!`,
    attributes: [text('a', 'eyJaaaaaaaaa.'.repeat(8000)), text('b', `bearer${' '.repeat(100_000)}`)],
  }),
}

function deepValue(depth: number): string {
  return `${'{"arrayValue":{"values":['.repeat(depth)}{"intValue":"1"}${']}}'.repeat(depth)}`
}

/** Nine command lines; `FILE` and `STORY` stand for files. */
const commands = [
  'check FILE',
  'check FILE --format junit',
  'check FILE --format github',
  'render FILE --format terminal',
  'render FILE --format svg',
  'render FILE --format html',
  'render FILE --format mermaid',
  'render FILE --format structure --mask ^(a+)+$',
  'diff FILE STORY',
]

const runs = Object.keys(files).flatMap((name) => commands.map((command) => [name, command] as const))

/** Characters that a terminal or a log could take for more than text. Pictures end with line breaks. */
function controls(said: string): string[] {
  return said.match(/[\p{Cc}\p{Cs}\u202e]/gu)?.filter((character) => character !== '\n') ?? []
}

test('there are 198 runs', () => {
  expect(runs).toHaveLength(198)
})

test.each(runs)('%s: %s', { timeout: 60_000 }, async (name, line) => {
  const file = join(await folder(), 'hostile.jsonl')
  await writeFile(file, files[name] ?? '')
  const other = await fileOf(otlpJsonLines(story))
  const words = line.split(' ').map((word) => ({ FILE: file, STORY: other })[word] ?? word)
  const { code, out, error } = await tracebaton(words)
  expect([0, 1, 2, 3]).toContain(code)
  expect(controls(out + error)).toEqual([])
  expect(out + error).not.toMatch(/\n\s+at .*:\d+:\d+/)
  const drawn = /junit|svg|html|mermaid/.test(line) ? out : ''
  expect(drawn).not.toContain('<script>')
})
