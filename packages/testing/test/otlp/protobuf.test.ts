import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeTraceRequest } from '../../src/otlp/protobuf.ts'
import { otlpContent } from '../../src/otlp/request.ts'
import type { RecordedSpan } from '../../src/spans/span.ts'
import { sdkSpans } from '../any-sdk-spans.ts'

/** The spans; any error but those that refuse passes through. */
function readOrRefuse(bytes: Uint8Array): readonly RecordedSpan[] | 'refused' {
  try {
    return otlpContent(decodeTraceRequest(bytes))!.spans
  } catch (error) {
    if (error instanceof Error && !(error instanceof TypeError)) return 'refused'
    throw error
  }
}

/** Bytes as the content of a field. */
const inside = (id: number, bytes: Buffer): Buffer => {
  const length = [(bytes.length & 0x7f) | 0x80, ((bytes.length >> 7) & 0x7f) | 0x80, bytes.length >> 14]
  return Buffer.concat([Buffer.from([(id << 3) | 2, ...length]), bytes])
}

test('what the official serializer writes in protobuf reads like what it writes in JSON', { timeout: 30_000 }, () => {
  fc.assert(
    fc.property(sdkSpans, (spans) => {
      const json = JsonTraceSerializer.serializeRequest(spans)
      const protobuf = ProtobufTraceSerializer.serializeRequest(spans)
      const expected = otlpContent(JSON.parse(Buffer.from(json!).toString()))
      expect(otlpContent(decodeTraceRequest(protobuf!))).toEqual(expected)
      expect(expected?.spans).toHaveLength(new Set(spans).size)
    }),
    { numRuns: 200 },
  )
})

test('bytes that are no request are refused, and never hang or give half a request', { timeout: 30_000 }, () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(readOrRefuse(bytes)).toBeDefined()
    }),
    { numRuns: 2_000 },
  )
})

test('a request that was cut off is refused', { timeout: 30_000 }, () => {
  fc.assert(
    fc.property(sdkSpans, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (spans, part) => {
      const bytes = ProtobufTraceSerializer.serializeRequest(spans)!
      fc.pre(bytes.length > 0)
      const cut = bytes.subarray(0, Math.floor(bytes.length * part))
      const whole = otlpContent(decodeTraceRequest(bytes))!.spans.length
      // A cut between two resources leaves a shorter request that is one.
      const read = readOrRefuse(cut)
      expect(read === 'refused' || read.length < whole).toBe(true)
    }),
    { numRuns: 100 },
  )
})

test('a request in two pieces is one request, and unknown fields are passed over', { timeout: 30_000 }, () => {
  fc.assert(
    fc.property(sdkSpans, sdkSpans, (one, other) => {
      const [first, second] = [one, other].map((spans) => ProtobufTraceSerializer.serializeRequest(spans)!)
      // Field 1000 of every wire type that is in use.
      const unknown = [
        [0xc0, 0x3e, 0x96, 0x01],
        [0xc1, 0x3e, 1, 2, 3, 4, 5, 6, 7, 8],
        [0xc2, 0x3e, 2, 9, 9],
        [0xc5, 0x3e, 1, 2, 3, 4],
      ].flat()
      const bytes = Buffer.concat([first!, Buffer.from(unknown), second!])
      const spans = [first!, second!].flatMap((part) => otlpContent(decodeTraceRequest(part))!.spans)
      expect(otlpContent(decodeTraceRequest(bytes))!.spans).toEqual(spans)
    }),
    { numRuns: 30 },
  )
})

test('values that hold each other without end are refused', () => {
  let value: Buffer = Buffer.from([0x0a, 0])
  for (let depth = 0; depth < 200; depth++) value = inside(5, inside(1, value))
  const keyValue = inside(2, value)
  expect(() => decodeTraceRequest(inside(1, inside(1, inside(1, keyValue))))).toThrow('maximum recursion depth')
})
