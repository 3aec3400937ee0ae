import type { JsonObject } from '@bufbuild/protobuf'

/** What a receiver says to an exporter, in the encoding that the exporter spoke. */
export interface OtlpResponse {
  readonly status: number
  readonly contentType: string
  readonly body: Uint8Array
}

/** Encodings of OTLP over HTTP. */
export type OtlpEncoding = 'application/json' | 'application/x-protobuf'

/**
 * An answer to a request that was read.
 *
 * @param rejected spans that were left out, and why
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
 */
export function accepted(encoding: OtlpEncoding, rejected = 0, reason = ''): Promise<OtlpResponse> {
  const partial = rejected === 0 ? {} : { partialSuccess: { rejectedSpans: String(rejected), errorMessage: reason } }
  return written(encoding, 200, partial)
}

/** An answer to a request that cannot be read. None of these makes an exporter try again. */
export function refused(encoding: OtlpEncoding, status: number, reason: string): Promise<OtlpResponse> {
  return written(encoding, status, { code: 3, message: reason })
}

async function written(contentType: OtlpEncoding, status: number, given: JsonObject): Promise<OtlpResponse> {
  const isJson = contentType === 'application/json'
  const body = isJson ? Buffer.from(JSON.stringify(given)) : (await protobuf()).encodeAnswer(status, given)
  return { status, contentType, body }
}

/** Loaded when an exporter speaks it: most tests need no receiver, and then not its library. */
export function protobuf(): Promise<typeof import('./protobuf.ts')> {
  return import('./protobuf.ts')
}
