import { decodeProtobuf, type ProtobufField, type ProtobufMessage } from './protobuf.ts'

const text = (name: string): ProtobufField => ({ name, type: 'text' })
const id = (name: string): ProtobufField => ({ name, type: 'hex' })
const time = (name: string): ProtobufField => ({ name, type: 'fixed64' })
const flags: ProtobufField = { name: 'flags', type: 'fixed32' }
const one = (name: string, of: () => ProtobufMessage): ProtobufField => ({ name, type: 'message', of })
const many = (name: string, of: () => ProtobufMessage): ProtobufField => ({ name, type: 'message', of, repeated: true })

const anyValue: ProtobufMessage = {
  1: text('stringValue'),
  2: { name: 'boolValue', type: 'boolean' },
  3: { name: 'intValue', type: 'signed' },
  4: { name: 'doubleValue', type: 'double' },
  5: one('arrayValue', () => ({ 1: many('values', () => anyValue) })),
  6: one('kvlistValue', () => ({ 1: attributes('values') })),
  7: { name: 'bytesValue', type: 'base64' },
}

const keyValue: ProtobufMessage = { 1: text('key'), 2: one('value', () => anyValue) }

function attributes(name: string): ProtobufField {
  return many(name, () => keyValue)
}

const event: ProtobufMessage = { 1: time('timeUnixNano'), 2: text('name'), 3: attributes('attributes') }

const link: ProtobufMessage = {
  1: id('traceId'),
  2: id('spanId'),
  3: text('traceState'),
  4: attributes('attributes'),
  6: flags,
}

const status: ProtobufMessage = { 2: text('message'), 3: { name: 'code', type: 'whole' } }

const span: ProtobufMessage = {
  1: id('traceId'),
  2: id('spanId'),
  3: text('traceState'),
  4: id('parentSpanId'),
  5: text('name'),
  6: { name: 'kind', type: 'whole' },
  7: time('startTimeUnixNano'),
  8: time('endTimeUnixNano'),
  9: attributes('attributes'),
  11: many('events', () => event),
  13: many('links', () => link),
  14: { name: 'droppedLinksCount', type: 'whole' },
  15: one('status', () => status),
  16: flags,
}

const scope: ProtobufMessage = { 1: text('name'), 2: text('version') }
const scopeSpans: ProtobufMessage = { 1: one('scope', () => scope), 2: many('spans', () => span) }
const resource: ProtobufMessage = { 1: attributes('attributes') }
const resourceSpans: ProtobufMessage = { 1: one('resource', () => resource), 2: many('scopeSpans', () => scopeSpans) }
const request: ProtobufMessage = { 1: many('resourceSpans', () => resourceSpans) }

/**
 * An `ExportTraceServiceRequest` in protobuf, as the object that it is in OTLP JSON. Throws a RangeError when the bytes
 * are no such message.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
 */
export function decodeTraceRequest(bytes: Uint8Array): object {
  return { resourceSpans: [], ...decodeProtobuf(bytes, request) }
}
