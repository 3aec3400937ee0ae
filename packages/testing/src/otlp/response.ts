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
export function accepted(encoding: OtlpEncoding, rejected = 0, reason = ''): OtlpResponse {
  const partial = rejected === 0 ? undefined : { rejectedSpans: String(rejected), errorMessage: reason }
  const body =
    encoding === 'application/json'
      ? Buffer.from(JSON.stringify(partial ? { partialSuccess: partial } : {}))
      : partial
        ? field(1, Buffer.concat([number(1, rejected), field(2, Buffer.from(reason))]))
        : Buffer.alloc(0)
  return { status: 200, contentType: encoding, body }
}

/** An answer to a request that cannot be read. None of these makes an exporter try again. */
export function refused(encoding: OtlpEncoding, status: number, reason: string): OtlpResponse {
  const body =
    encoding === 'application/json'
      ? Buffer.from(JSON.stringify({ code: 3, message: reason }))
      : Buffer.concat([number(1, 3), field(2, Buffer.from(reason))])
  return { status, contentType: encoding, body }
}

function field(id: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([(id << 3) | 2]), varint(content.length), content])
}

function number(id: number, value: number): Buffer {
  return Buffer.concat([Buffer.from([id << 3]), varint(value)])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80)
  return Buffer.from([...bytes, rest])
}
