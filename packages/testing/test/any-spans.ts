import * as fc from 'fast-check'
import type { RecordedSpan } from '../src/spans/span.ts'

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
/** Spans that nobody would record: circles, strange texts, moments out of the world. */
export const forest: fc.Arbitrary<RecordedSpan[]> = fc.array(span, { maxLength: 20 })
