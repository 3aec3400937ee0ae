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
export async function accepted(encoding: OtlpEncoding, rejected = 0, reason = ''): Promise<OtlpResponse> {
  const partial = rejected === 0 ? {} : { partialSuccess: { rejectedSpans: String(rejected), errorMessage: reason } }
  const body = encoding === 'application/json' ? json(partial) : (await protobuf()).encodeResponse(partial)
  return { status: 200, contentType: encoding, body }
}

/** An answer to a request that cannot be read. None of these makes an exporter try again. */
export async function refused(encoding: OtlpEncoding, status: number, reason: string): Promise<OtlpResponse> {
  const error = { code: 3, message: reason }
  const body = encoding === 'application/json' ? json(error) : (await protobuf()).encodeStatus(error)
  return { status, contentType: encoding, body }
}

function json(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}

/** Loaded when an exporter speaks it: most tests need no receiver, and then not its library. */
export function protobuf(): Promise<typeof import('./protobuf.ts')> {
  return import('./protobuf.ts')
}
