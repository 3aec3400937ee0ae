import { fromBinary, fromJson, toBinary, type JsonObject, type Message } from '@bufbuild/protobuf'
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

/** What an exporter hears, from its JSON form: a response if its request was read, else what was wrong. */
export function encodeAnswer(code: number, given: JsonObject): Uint8Array {
  const schema = code === 200 ? response : status
  return toBinary(schema, fromJson(schema, given))
}
