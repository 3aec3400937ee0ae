import { SpanKind, SpanStatusCode, type Attributes } from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base'
import * as fc from 'fast-check'

const hex = (length: number): fc.Arbitrary<string> =>
  fc
    .uint8Array({ minLength: length / 2, maxLength: length / 2 })
    .filter((bytes) => bytes.some((byte) => byte !== 0))
    .map((bytes) => Buffer.from(bytes).toString('hex'))

const text = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.constant('x'.repeat(200)))
const amount = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter(isExact),
)
const anyValue = fc.oneof(
  text,
  fc.boolean(),
  amount,
  fc.array(text, { maxLength: 3 }),
  fc.array(amount, { maxLength: 3 }),
  fc.array(fc.boolean(), { maxLength: 3 }),
  fc.uint8Array({ maxLength: 20 }),
  fc.dictionary(fc.string({ minLength: 1 }), fc.oneof(text, amount, fc.array(amount)), { maxKeys: 3 }),
)
const attributes = fc.dictionary(fc.string({ minLength: 1 }), anyValue, { maxKeys: 5 }) as fc.Arbitrary<Attributes>
const time = fc.tuple(fc.integer({ min: 1, max: 4_000_000_000 }), fc.integer({ min: 0, max: 999_999_999 }))
const context = fc.record({
  traceId: hex(32),
  spanId: hex(16),
  traceFlags: fc.integer({ min: 0, max: 255 }),
  isRemote: fc.boolean(),
})

/** Spans as the SDK hands them to an exporter, of any content. */
export const sdkSpans: fc.Arbitrary<ReadableSpan[]> = fc.array(
  fc
    .record({
      name: text,
      kind: fc.constantFrom(SpanKind.INTERNAL, SpanKind.SERVER, SpanKind.CLIENT, SpanKind.PRODUCER, SpanKind.CONSUMER),
      context,
      parent: fc.option(context, { nil: undefined }),
      startTime: time,
      endTime: time,
      code: fc.constantFrom(SpanStatusCode.UNSET, SpanStatusCode.OK, SpanStatusCode.ERROR),
      message: fc.option(text, { nil: undefined }),
      attributes,
      links: fc.array(fc.record({ context, attributes }), { maxLength: 3 }),
      events: fc.array(fc.record({ name: text, time, attributes }), { maxLength: 3 }),
      service: fc.constantFrom('shop', 'billing'),
      scope: fc.constantFrom({ name: 'orders', version: '1.2.3' }, { name: 'http' }),
      dropped: fc.integer({ min: 0, max: 1000 }),
    })
    .map(({ context: own, parent, code, message, service, scope, dropped, ...span }) =>
      Object.assign(span, {
        spanContext: () => own,
        ...(parent && { parentSpanContext: { ...parent, traceId: own.traceId } }),
        status: { code, ...(message !== undefined && { message }) },
        resource: resources[service]!,
        instrumentationScope: scope,
        duration: [0, 0] as [number, number],
        ended: true,
        droppedAttributesCount: 0,
        droppedEventsCount: 0,
        droppedLinksCount: dropped,
      }),
    ),
  { maxLength: 6 },
)

const resources: Readonly<Record<string, ReturnType<typeof resourceFromAttributes>>> = {
  shop: resourceFromAttributes({ 'service.name': 'shop', 'process.pid': 12 }),
  billing: resourceFromAttributes({ 'service.name': 'billing' }),
}

/** The JSON of a whole number beyond 2^53 is a number, and that of protobuf a text. */
function isExact(value: number): boolean {
  return !Number.isInteger(value) || Number.isSafeInteger(value)
}
