import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { unconnected } from '../src/connection.ts'
import { displayWidth } from '../src/display-text.ts'
import { spanGraph } from '../src/graph.ts'
import { otlpJsonLines } from '../src/otlp.ts'
import type { RecordedSpan } from '../src/span.ts'
import { svg } from '../src/svg.ts'
import { waterfall } from '../src/waterfall.ts'
import { wellFormed } from './well-formed.ts'

const id = fc.constantFrom('1', '2', '3', '4', '5', '6', '7', '8')
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('process orders', '注文', '🚀👩‍👩‍👧', 'é\u0301'),
)
const moment = fc.oneof(fc.integer({ min: 0, max: 2000 }), fc.double({ min: -1e15, max: 1e15 }), fc.double())
const attributes = fc.dictionary(
  fc.constantFrom(
    'tracebaton.delivery.attempt',
    'tracebaton.delivery.max_attempts',
    'tracebaton.delivery.outcome',
    'tracebaton.delivery.kind',
    'tracebaton.queue.time',
    'tracebaton.dead_letter.source',
    'messaging.system',
    'error.type',
  ),
  fc.oneof(text, fc.integer(), fc.double(), fc.boolean()),
)
const link = fc.record(
  { traceId: id, spanId: id, role: fc.oneof(text, fc.constantFrom('creation', 'previous_attempt')), attributes },
  { requiredKeys: ['traceId', 'spanId', 'attributes'] },
)
const span: fc.Arbitrary<RecordedSpan> = fc.record(
  {
    name: text,
    kind: fc.constantFrom('internal', 'consumer', 'producer'),
    traceId: fc.constantFrom('1', '2', '3'),
    spanId: id,
    parentSpanId: id,
    startTime: moment,
    endTime: moment,
    attributes,
    links: fc.array(link, { maxLength: 4 }),
    events: fc.constant([]),
    status: fc.constantFrom('unset', 'ok', 'error'),
    statusMessage: text,
    service: fc.oneof(fc.constantFrom('shop', 'billing'), text),
    resource: fc.constant({}),
    scope: text,
  },
  {
    requiredKeys: [
      'name',
      'kind',
      'traceId',
      'spanId',
      'startTime',
      'attributes',
      'links',
      'events',
      'status',
      'service',
      'resource',
      'scope',
    ],
  },
)
const forest = fc.array(span, { maxLength: 20 })

test('no forest of spans makes a waterfall throw, leave its width or lose a span', () => {
  fc.assert(
    fc.property(forest, fc.integer({ min: 60, max: 180 }), fc.boolean(), (spans, width, titled) => {
      const picture = waterfall(spans, { width, colors: false, ...(titled ? { title: 'a story' } : {}) })
      for (const line of picture.split('\n')) {
        expect(displayWidth(line)).toBeLessThanOrEqual(width)
        expect(line).not.toMatch(/\p{Cc}/u)
      }
      const marks = picture.split('\n').filter((line) => /^[ │├└─…]*[●✗◌] /.test(line))
      expect(marks.length).toBeGreaterThanOrEqual(spanGraph(spans).nodes.size)
    }),
    { numRuns: 200 },
  )
})

test('no forest of spans makes an SVG or OTLP lines throw or break', () => {
  fc.assert(
    fc.property(forest, (spans) => {
      expect(wellFormed(svg(spans))).toBe(true)
      for (const line of otlpJsonLines(spans).split('\n').filter(Boolean)) JSON.parse(line)
      unconnected(spans)
    }),
    { numRuns: 100 },
  )
})
