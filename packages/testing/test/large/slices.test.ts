import { expect, test } from 'vitest'
import { slicesOf } from '../../src/large/slices.ts'
import { otlpContent } from '../../src/otlp/request.ts'
import { readOtlp, type OtlpProblem } from '../../src/large/read-otlp.ts'
import type { RecordedSpan } from '../../src/spans/span.ts'

const tricky = String.raw`"spans":[{ \ "} ]},`

/** A span as it stands in a request, of some KB. */
const spanOf = (number: number): object => ({
  attributes: [{ key: 'spans', value: { arrayValue: { values: [{ stringValue: tricky.repeat(100) }, {}] } } }],
  traceId: 'a'.repeat(32),
  spanId: number.toString(16).padStart(16, '0'),
  name: `order ${number}`,
  links: [{ traceId: 'b'.repeat(32), spanId: 'c'.repeat(16) }],
})

const spansOf = (from: number, count: number): object[] =>
  Array.from({ length: count }, (_, index) => spanOf(from + index))

const resourceOf = (name: string): object => ({ attributes: [{ key: 'service.name', value: { stringValue: name } }] })

/** Some 6 MB: two services, three scopes, a scope without spans; what describes them stands before and behind. */
const request = JSON.stringify({
  note: { spans: [{ resourceSpans: [] }] },
  resourceSpans: [
    { scopeSpans: [null, { spans: spansOf(1, 2000), scope: { name: 'first' } }], resource: resourceOf('shop') },
    {
      resource: resourceOf('billing'),
      scopeSpans: [
        { scope: { name: 'none' }, spans: [] },
        { scope: { name: tricky }, spans: spansOf(2001, 300) },
      ],
    },
  ],
})

async function read(text: string): Promise<{ spans: RecordedSpan[]; problems: OtlpProblem[] }> {
  const [spans, problems] = [[] as RecordedSpan[], [] as OtlpProblem[]]
  const bytes = (async function* whole() {
    yield Buffer.from(text)
  })()
  for await (const span of readOtlp(bytes, { onProblem: (problem) => problems.push(problem) })) spans.push(span)
  return { spans, problems }
}

test.each([
  ['in one line', request],
  ['over many lines', JSON.stringify(JSON.parse(request), undefined, 1)],
])('a large request %s is read in parts, and gives the same spans', async (_, text) => {
  const slices = [...(slicesOf(Buffer.from(text)) ?? [])]
  expect(slices.length).toBeGreaterThan(3)
  expect(Math.max(...slices.map(({ bytes }) => bytes))).toBeLessThan(6 * 1024 * 1024)
  const { spans, problems } = await read(text)
  expect(problems).toEqual([])
  expect(spans).toHaveLength(2300)
  expect(spans).toEqual(otlpContent(JSON.parse(text))?.spans)
})

test('a small one is not cut, nor one that has no spans', () => {
  expect(slicesOf(Buffer.from('{"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]}'))).toBeUndefined()
  const logs = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: spansOf(1, 3000) }] }] })
  expect(slicesOf(Buffer.from(logs))).toBeUndefined()
})

test.each([
  ['that stops in the middle', request.slice(0, -100), 0, 'stops in the middle'],
  ['whose frame is no JSON', request.replace('"note"', '"note" "note"'), 0, 'stops in the middle'],
  ['of whose last spans one is no JSON', `${request.replace('"order 2299"', 'order 2299')}\n`, 2000, 'not JSON'],
])('a large request %s is reported once', async (_, text, count, reason) => {
  const { spans, problems } = await read(text)
  expect(spans).toHaveLength(count)
  expect(problems).toEqual([expect.objectContaining({ line: 1, reason })])
})

test('spans without ids are counted over all parts', async () => {
  const broken = request.replaceAll('"spanId":"000000000000000', '"spanId":"x')
  const { problems } = await read(broken)
  expect(problems).toHaveLength(1)
  expect(problems[0]?.reason).toMatch(/^\d+ spans without valid ids$/)
})
