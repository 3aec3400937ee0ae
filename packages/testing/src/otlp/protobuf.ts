import { fromBinary, fromJson, toBinary, type DescMessage, type JsonObject, type Message } from '@bufbuild/protobuf'
import { messageDesc } from '@bufbuild/protobuf/codegenv2'
import { file } from './generated.ts'

// By their places in proto/otlp.proto. What is read stays untyped: requests in JSON are read by the same code.
const request = messageDesc(file, 0)
const response = messageDesc(file, 1)
const status = messageDesc(file, 3)

/**
 * An `ExportTraceServiceRequest` in protobuf. Throws when the bytes are no such message, or nest more than a hundred
 * messages.
 */
export function decodeTraceRequest(bytes: Uint8Array): Message {
  return fromBinary(request, bytes, { readUnknownFields: false })
}

/** What an exporter hears whose request was read, from its JSON form. */
export function encodeResponse(given: JsonObject): Uint8Array {
  return encoded(response, given)
}

/** What an exporter hears whose request was refused, from its JSON form. */
export function encodeStatus(given: JsonObject): Uint8Array {
  return encoded(status, given)
}

function encoded(schema: DescMessage, given: JsonObject): Uint8Array {
  return toBinary(schema, fromJson(schema, given))
}
