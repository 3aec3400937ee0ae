import { fromBinary, fromJson, toBinary, type JsonObject } from '@bufbuild/protobuf'
import {
  type ExportTraceServiceRequest,
  ExportTraceServiceRequestSchema,
  ExportTraceServiceResponseSchema,
  StatusSchema,
} from './generated.ts'

/**
 * An `ExportTraceServiceRequest` in protobuf. Throws when the bytes are no such message, or nest more than a hundred
 * messages.
 */
export function decodeTraceRequest(bytes: Uint8Array): ExportTraceServiceRequest {
  return fromBinary(ExportTraceServiceRequestSchema, bytes, { readUnknownFields: false })
}

/** What an exporter hears whose request was read, from its JSON form. */
export function encodeResponse(response: JsonObject): Uint8Array {
  return toBinary(ExportTraceServiceResponseSchema, fromJson(ExportTraceServiceResponseSchema, response))
}

/** What an exporter hears whose request was refused, from its JSON form. */
export function encodeStatus(status: JsonObject): Uint8Array {
  return toBinary(StatusSchema, fromJson(StatusSchema, status))
}
