import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import type { JsonObject } from '@bufbuild/protobuf'
import { clean, cut } from '../text/display-text.ts'
import { otlpContent } from './request.ts'
import type { RecordedSpan } from '../spans/span.ts'

/** Where the spans of an endpoint go. */
export interface OtlpEndpoint {
  /** Bytes of one request, unpacked. A larger one is refused. */
  readonly maxBytes: number
  readonly add: (spans: readonly RecordedSpan[]) => void
  /** Is told, in one sentence, of a request or of spans that could not be read. */
  readonly tell: (problem: string) => void
}

/** Takes a request of an exporter. Resolves when the answer was sent. Rejects when the connection is lost. */
export async function answerOtlp(
  request: IncomingMessage,
  response: ServerResponse,
  endpoint: OtlpEndpoint,
): Promise<void> {
  const contentType = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? ''
  const isProtobuf = contentType === 'application/x-protobuf'
  const [status, said] = await answerTo(request, contentType, endpoint)
  const body = isProtobuf ? (await protobuf()).encodeAnswer(status, said) : Buffer.from(JSON.stringify(said))
  const type = isProtobuf ? contentType : 'application/json'
  response.writeHead(status, { 'content-type': type, 'content-length': body.byteLength }).end(body)
  await finished(response)
}

/** The status and, in its JSON form, the message of https://opentelemetry.io/docs/specs/otlp/#otlphttp-response. */
type Answer = readonly [status: number, said: JsonObject]

async function answerTo(
  request: IncomingMessage,
  contentType: string,
  { maxBytes, add, tell }: OtlpEndpoint,
): Promise<Answer> {
  // None of these makes an exporter try again.
  const refuse = (status: number, reason: string): Answer => {
    const message = cut(clean(reason), 250)
    tell(`A request was refused: ${message}.`)
    // The rest of what is being sent is not wanted.
    request.resume()
    return [status, { code: 3, message }]
  }
  const path = request.url?.split('?')[0] ?? ''
  if (!/\/v1\/(?:traces|metrics|logs)$/.test(path)) return refuse(404, `nothing is received at ${path}`)
  if (request.method !== 'POST') return refuse(405, `${request.method} instead of POST`)
  if (!['application/json', 'application/x-protobuf'].includes(contentType))
    return refuse(415, `the content type “${contentType}”`)
  let bytes: Uint8Array
  try {
    bytes = await readBody(request, maxBytes)
  } catch (error) {
    return error instanceof TooLarge
      ? refuse(413, `more than ${maxBytes} bytes`)
      : refuse(400, `the body cannot be unpacked (${textOf(error)})`)
  }
  if (!path.endsWith('/v1/traces')) return [200, {}]
  try {
    const content = otlpContent(
      contentType === 'application/json'
        ? JSON.parse(Buffer.from(bytes).toString())
        : (await protobuf()).decodeTraceRequest(bytes),
    )
    if (!content) return refuse(400, 'the body is no trace request')
    add(content.spans)
    if (content.invalid === 0) return [200, {}]
    tell(`${content.invalid} spans have no valid ids.`)
    return [200, { partialSuccess: { rejectedSpans: String(content.invalid), errorMessage: 'no valid ids' } }]
  } catch (error) {
    return refuse(400, `the body cannot be read (${textOf(error)})`)
  }
}

/** Loaded when an exporter speaks it: most tests need no receiver, and then not its library. */
function protobuf(): Promise<typeof import('./protobuf.ts')> {
  return import('./protobuf.ts')
}

class TooLarge extends Error {}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  const stream = unpacked(request)
  try {
    // A request that is destroyed takes its connection along, and the client would never see the answer.
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      length += (chunk as Uint8Array).length
      if (length > maxBytes) throw new TooLarge()
      chunks.push(chunk as Uint8Array)
    }
  } finally {
    if (stream !== request) {
      request.unpipe()
      stream.destroy()
    }
  }
  return Buffer.concat(chunks)
}

function unpacked(request: IncomingMessage): Readable {
  const packing = request.headers['content-encoding']?.toLowerCase() ?? 'identity'
  const unpackers = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress }
  if (packing === 'identity') return request
  const unpacker = Object.entries(unpackers).find(([name]) => name === packing)?.[1]
  if (!unpacker) throw new Error(`unknown encoding ${packing}`)
  const stream = unpacker()
  request.on('error', (error) => stream.destroy(error))
  return request.pipe(stream)
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
