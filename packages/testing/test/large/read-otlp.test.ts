import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { otlpJsonLines } from '../../src/otlp/json-lines.ts'
import { readOtlp, type OtlpInput, type OtlpProblem } from '../../src/large/read-otlp.ts'
import type { RecordedSpan } from '../../src/spans/span.ts'
import { spanOf } from '../span-of.ts'
import { named, story } from '../story.ts'

/** A span with whatever could be taken for the syntax around it. */
const tricky = { ...named('process orders-dead'), statusMessage: String.raw`a "quoted" \ {[ }] \" text` }
const lines = otlpJsonLines([...story.slice(0, -1), tricky])
const [firstLine = '', secondLine = ''] = lines.trimEnd().split('\n')

/** The same text in pieces of some bytes, as a pipe may deliver it. */
async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array, void, void> {
  const bytes = Buffer.from(text)
  // A reader's buffer is used again for the next piece.
  const shared = Buffer.alloc(size)
  for (let start = 0; start < bytes.length; start += size) {
    const length = bytes.copy(shared, 0, start, start + size)
    yield shared.subarray(0, length)
  }
}

async function read(input: OtlpInput, maxRequestBytes?: number) {
  const problems: OtlpProblem[] = []
  const spans: RecordedSpan[] = []
  const options = { onProblem: (problem: OtlpProblem) => problems.push(problem) }
  for await (const span of readOtlp(input, maxRequestBytes ? { ...options, maxRequestBytes } : options))
    spans.push(span)
  return { spans, problems }
}

function pretty(json: string): string {
  return JSON.stringify(JSON.parse(json), undefined, 2)
}

function base64(id: string): string {
  return Buffer.from(id, 'hex').toString('base64')
}

function request(span: object): string {
  return `${JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] })}\n`
}

/** Times are written to the µs, and flags that nobody knows as 0. */
function meaning(spans: readonly RecordedSpan[]): object[] {
  return spans.map((span) => ({
    ...span,
    traceFlags: span.traceFlags ?? 0,
    startTime: Math.round(span.startTime * 1000),
    endTime: Math.round((span.endTime ?? 0) * 1000),
  }))
}

test.each([1, 7, 64, 100_000])('what otlpJsonLines writes is read back, in pieces of %i bytes', async (size) => {
  const full = spanOf({
    name: 'naïve ☃ 😀 "quoted" \\ {[',
    kind: 'client',
    traceId: '1234567890abcdef'.repeat(2),
    spanId: '1234567890abcdef',
    parentSpanId: 'fedcba0987654321',
    remoteParent: false,
    traceFlags: 1,
    traceState: 'a=1',
    startTime: 1_760_000_000_123.456,
    endTime: 1_760_000_000_124,
    attributes: {
      text: 'a',
      whole: -3,
      part: 0.5,
      no: false,
      list: ['a', 2],
      tree: { deep: { deeper: 'x' } },
      none: Number.NaN,
    },
    links: [
      {
        traceId: 'c'.repeat(32),
        spanId: 'd'.repeat(16),
        traceFlags: 0,
        traceState: 'b=2',
        remote: true,
        attributes: {},
      },
    ],
    droppedLinks: 2,
    events: [{ name: 'exception', time: 1_760_000_000_123.5, attributes: { 'exception.type': 'TypeError' } }],
    status: 'error',
    statusMessage: 'refused',
    scopeVersion: '1.2.3',
  })
  const { spans, problems } = await read(pieces(otlpJsonLines([...story, full]), size))
  expect(meaning(spans)).toEqual(meaning([...story, full]))
  expect(problems).toEqual([])
})

test('a file, a document over many lines and an array of requests hold the same', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tracebaton-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const forms = {
    lines,
    windows: `\ufeff${lines.replaceAll('\n', '\r\n')}\r\n\r\n`,
    unterminated: lines.trimEnd(),
    documents: `${pretty(firstLine)}\n${pretty(secondLine)}`,
    array: `\n [${firstLine},${secondLine}]\n`,
    'pretty array': pretty(`[${firstLine},${secondLine}]`),
  }
  for (const [form, text] of Object.entries(forms)) {
    const path = join(folder, 'traces.json')
    await writeFile(path, text)
    for (const input of [path, pieces(text, 5)]) {
      const { spans, problems } = await read(input)
      expect({ form, names: spans.map((span) => span.name), problems }).toEqual({
        form,
        names: story.map((span) => span.name),
        problems: [],
      })
    }
  }
})

test('a file that is not there rejects with the error of the file system', async () => {
  await expect(read(join(tmpdir(), 'no-such-file.jsonl'))).rejects.toMatchObject({ code: 'ENOENT' })
})

test('numbers and names, hex and base64, upper and lower case mean the same', async () => {
  const [traceId, spanId] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7']
  const { spans, problems } = await read(
    pieces(
      request({
        traceId,
        spanId,
        kind: 5,
        status: { code: 2 },
        startTimeUnixNano: 1e18,
        endTimeUnixNano: '1000000001000000000',
        attributes: [{ key: 'a', value: { intValue: 7 } }],
      }) +
        request({
          traceId: base64(traceId),
          spanId: base64(spanId),
          parentSpanId: '',
          kind: 'SPAN_KIND_CONSUMER',
          status: { code: 'STATUS_CODE_ERROR' },
          startTimeUnixNano: '1000000000000000000',
          endTimeUnixNano: 1_000_000_001_000_000_000,
          attributes: [{ key: 'a', value: { intValue: '7' } }],
        }) +
        request({
          traceId: traceId.toUpperCase(),
          spanId,
          kind: 'CONSUMER',
          status: { code: 'ERROR' },
          startTimeUnixNano: 1e18,
          endTimeUnixNano: 1_000_000_001_000_000_000,
          attributes: [{ key: 'a', value: { intValue: '7' } }],
        }),
      1000,
    ),
  )
  expect(problems).toEqual([])
  expect(spans).toHaveLength(3)
  for (const span of spans)
    expect(span).toMatchObject({
      traceId,
      spanId,
      kind: 'consumer',
      status: 'error',
      startTime: 1e12,
      endTime: 1e12 + 1000,
      attributes: { a: 7 },
    })
})

test('what is malformed costs its own line only, and is reported with it', async () => {
  const noIds = firstLine.replace('"spanId":"a100000000000000"', '"spanId":"0000000000000000"')
  const text = [
    firstLine,
    'oops',
    '',
    '{"resourceSpans":[}',
    '[1]',
    '{"some":"thing"}',
    noIds,
    secondLine,
    firstLine.slice(0, 90),
  ]
  const { spans, problems } = await read(pieces(text.join('\n'), 333))
  expect(spans).toHaveLength(5 + 4 + 1)
  expect(problems).toEqual([
    { line: 2, reason: 'not JSON', unfinished: false },
    { line: 4, reason: 'not JSON', unfinished: false },
    { line: 5, reason: 'not a trace request', unfinished: false },
    { line: 6, reason: 'not a trace request', unfinished: false },
    { line: 7, reason: '1 span without valid ids', unfinished: false },
    { line: 9, reason: 'stops in the middle', unfinished: true },
  ])
})

test.each([
  'null',
  '7',
  '"text"',
  '\u0000\u0001',
  '}',
  ']',
  '[',
  '{',
  '{"resourceSpans":[null,7,{"scopeSpans":[null,{"spans":[1,[],{}]}]}]}',
  '{"resourceSpans":7}',
])('the input %j is no crash', async (text) => {
  expect((await read(pieces(text, 3))).spans).toEqual([])
})

test('logs and metrics in the same file are passed over', async () => {
  const { spans, problems } = await read(pieces(`{"resourceLogs":[]}\n{"resourceMetrics":[]}\n${secondLine}\n`, 50))
  expect(spans.map((span) => span.name)).toEqual(['process orders-dead'])
  expect(problems).toEqual([])
})

test('a line that is too long is left out, and the next one is read', async () => {
  const long = firstLine.replace('"name":"POST /orders"', `"name":"${'x'.repeat(5000)}"`)
  const { spans, problems } = await read(pieces(`${long}\n${secondLine}\n[${long}]`, 100), 5000)
  expect(spans.map((span) => span.name)).toEqual(['process orders-dead'])
  expect(problems.map(({ line, reason }) => [line, reason])).toEqual([
    [1, 'longer than 0 MiB'],
    [3, 'longer than 0 MiB'],
  ])
})

test('a request that is too long in an array is left out, and the next one is read', async () => {
  const long = firstLine.replace('"name":"POST /orders"', `"name":"${'x'.repeat(5000)}"`)
  const { spans, problems } = await read(pieces(`[\n${long},\n${secondLine}]`, 100), 5000)
  expect(spans.map((span) => span.name)).toEqual(['process orders-dead'])
  expect(problems).toEqual([{ line: 2, reason: 'longer than 0 MiB', unfinished: false }])
})

test('keys like __proto__ stay attributes of nothing', async () => {
  const text = otlpJsonLines([
    { ...named('POST /orders'), attributes: JSON.parse('{"__proto__":"x","constructor":"y"}') },
  ])
  const { spans } = await read(pieces(text, 1000))
  expect(spans[0]?.attributes).toEqual({ constructor: 'y' })
})
