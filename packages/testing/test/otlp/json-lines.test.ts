import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api'
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { expect, onTestFinished, test } from 'vitest'
import { otlpJsonLines } from '../../src/otlp/json-lines.ts'
import { createRecorder } from '../../src/recording/recorder.ts'
import { notEnded, story } from '../story.ts'

/** What two ways of writing the same OTLP have in common: fields with their zero value are absent, int64 are text. */
function meaning(value: unknown, key = ''): unknown {
  if (key === 'intValue') return Number(value)
  if (key.endsWith('TimeUnixNano') || key === 'timeUnixNano') return Number(value)
  if (Array.isArray(value)) return value.map((item: unknown) => meaning(item))
  if (typeof value !== 'object' || value === null) return value === 0 || value === '' ? undefined : value
  const fields = Object.entries(value)
    .map(([name, field]) => [name, meaning(field, name)] as const)
    .filter(([, field]) => field !== undefined && !(Array.isArray(field) && field.length === 0))
  return Object.fromEntries(fields)
}

const at: [number, number] = [1_760_000_000, 123_456_000]
const remote = { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16), traceFlags: TraceFlags.SAMPLED, isRemote: true }

test('what is written means what the official serializer writes for the same spans', () => {
  const recorder = createRecorder()
  const exporter = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'shop', 'process.pid': 12 }),
    spanProcessors: [recorder, new SimpleSpanProcessor(exporter)],
  })
  onTestFinished(() => provider.shutdown())
  const parent = provider.getTracer('orders', '1.0.0').startSpan(
    'process orders',
    {
      kind: SpanKind.CONSUMER,
      startTime: at,
      attributes: { text: 'a', whole: 3, part: 0.5, yes: true, list: ['a', 'b'], numbers: [1, 2.5] },
      links: [{ context: remote, attributes: { 'tracebaton.link.role': 'creation' } }, { context: remote }],
    },
    trace.setSpanContext(ROOT_CONTEXT, remote),
  )
  const child = provider
    .getTracer('http')
    .startSpan('POST /pay', { startTime: at }, trace.setSpan(ROOT_CONTEXT, parent))
  child.setStatus({ code: SpanStatusCode.ERROR, message: 'refused' })
  child.recordException(new TypeError('refused'), [at[0], 7_000])
  child.end([at[0] + 1, 0])
  parent.setStatus({ code: SpanStatusCode.OK })
  parent.end([at[0] + 1, 0])

  const official = new TextDecoder().decode(JsonTraceSerializer.serializeRequest(exporter.getFinishedSpans()))
  const ours = otlpJsonLines(recorder.spans)
  expect(ours.match(/\n/g)).toHaveLength(1)
  expect(meaning(JSON.parse(ours))).toEqual(meaning(JSON.parse(official)))
})

test('every trace has a line, every service a resource', () => {
  const lines = otlpJsonLines(story).trimEnd().split('\n')
  const services = lines.map((line) => [...line.matchAll(/"service.name","value":{"stringValue":"(\w+)"/g)].map(String))
  expect(services).toEqual([
    [expect.stringContaining('shop'), expect.stringContaining('billing')],
    [expect.stringContaining('mailer')],
  ])
})

test('whole numbers are text, kinds are numbers, ids stay hex', () => {
  const line = otlpJsonLines(story.slice(2, 3))
  expect(line).toContain('"startTimeUnixNano":"1768471200012400000"')
  expect(line).toContain('{"key":"tracebaton.delivery.attempt","value":{"intValue":"1"}}')
  expect(line).toContain('"kind":5')
  expect(line).toContain('"parentSpanId":"00f067aa0ba902b7"')
})

test('numbers that JSON cannot hold are written as the standard says', () => {
  const [span] = story
  const line = otlpJsonLines([{ ...span!, attributes: { a: Number.NaN, b: -Infinity, c: 2 ** 70, d: 5n } }])
  for (const text of ['"NaN"', '"-Infinity"', '"doubleValue":1.1805916207174113e+21', '"intValue":"5"'])
    expect(line).toContain(text)
})

test('spans that have not ended are left out', () => {
  expect(otlpJsonLines(story.map(notEnded))).toBe('')
})
