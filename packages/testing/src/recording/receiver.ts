import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { clean, cut } from '../text/display-text.ts'
import { otlpContent } from '../otlp/request.ts'
import { accepted, protobuf, refused, type OtlpEncoding, type OtlpResponse } from '../otlp/response.ts'
import { createRecorder, type Recorder } from './recorder.ts'
import type { RecordedSpan } from '../spans/span.ts'
import type { UntilCondition, UntilOptions } from './until.ts'

/** How a receiver is set up. */
export interface ReceiverOptions {
  /**
   * Where the spans go: a recorder that also has those of this process, so that one wait and one assertion are about all
   * of them.
   *
   * @default a recorder of its own
   */
  readonly recorder?: Recorder
  /**
   * The address to listen on. `0.0.0.0` lets containers in.
   *
   * @default '127.0.0.1'
   */
  readonly host?: string
  /**
   * @default 0, which is any port that is free
   */
  readonly port?: number
  /**
   * Bytes of one request, unpacked. A larger one is refused.
   *
   * @default 64 MiB
   */
  readonly maxRequestBytes?: number
}

/**
 * Takes spans of other processes, in whatever language: an OTLP endpoint over HTTP, for JSON and protobuf, packed or
 * not. Metrics and logs are taken and dropped. Dispose it at the end of the test.
 */
export interface Receiver extends AsyncDisposable {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`: `http://127.0.0.1:49152`. */
  readonly url: string
  /** For exporters that are given a whole address: `url` with `/v1/traces`. */
  readonly tracesUrl: string
  /** Environment variables that make the OpenTelemetry SDK of a child process send its spans here, without delay. */
  readonly environment: Readonly<Record<string, string>>
  readonly recorder: Recorder
  /** The spans of the recorder, see there. */
  readonly spans: readonly RecordedSpan[]
  readonly open: readonly RecordedSpan[]
  /**
   * Requests, and spans of requests, that could not be read: one sentence each, at most 300 characters. The first 100 are
   * kept, and after them one sentence says that there were more.
   */
  readonly problems: readonly string[]
  /** Waits for a meaning, see the recorder. */
  until<T>(condition: UntilCondition<T>, options?: UntilOptions): Promise<T>
}

const mostProblems = 100

/** Starts a receiver. Rejects when the address cannot be listened on. */
export async function createReceiver(options: ReceiverOptions = {}): Promise<Receiver> {
  const { recorder = createRecorder(), host = '127.0.0.1', port = 0, maxRequestBytes = 64 * 1024 * 1024 } = options
  const problems: string[] = []
  const tell = (problem: string): void => {
    if (problems.length < mostProblems) problems.push(problem)
    else if (problems.length === mostProblems) problems.push('There were more problems, which are not kept.')
  }
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { status, contentType, body } = await respond(request, maxRequestBytes, recorder, tell)
    response.writeHead(status, { 'content-type': contentType, 'content-length': body.byteLength }).end(body)
  }
  const answering = new Set<Promise<void>>()
  const server = createServer((request, response) => {
    const answered = answer(request, response)
      .then(() => finished(response))
      .catch(() => void response.destroy())
      .finally(() => answering.delete(answered))
    answering.add(answered)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  // A test that forgets to dispose it must not hang.
  server.unref()
  const url = urlOf(server.address() as AddressInfo)
  return {
    url,
    tracesUrl: `${url}/v1/traces`,
    environment: {
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_BSP_SCHEDULE_DELAY: '50',
    },
    recorder,
    get spans() {
      return recorder.spans
    },
    get open() {
      return recorder.open
    },
    problems,
    until: (condition, untilOptions) => recorder.until(condition, untilOptions),
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => {
        server.close(resolve)
      })
      // An exporter that never hears whether its spans arrived sends them again, for seconds, when it is shut down.
      const patience = new AbortController()
      await Promise.race([Promise.all(answering), delay(1000, undefined, { signal: patience.signal }).catch(() => {})])
      patience.abort()
      server.closeAllConnections()
      await closed
      if (options.recorder === undefined) await recorder.shutdown()
    },
  }
}

async function respond(
  request: IncomingMessage,
  maxBytes: number,
  recorder: Recorder,
  tell: (problem: string) => void,
): Promise<OtlpResponse> {
  const contentType = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? ''
  const encoding: OtlpEncoding = contentType === 'application/x-protobuf' ? contentType : 'application/json'
  const refuse = (status: number, reason: string): Promise<OtlpResponse> => {
    const said = cut(clean(reason), 250)
    tell(`A request was refused: ${said}.`)
    // The rest of what is being sent is not wanted.
    request.resume()
    return refused(encoding, status, said)
  }
  const path = request.url?.split('?')[0] ?? ''
  if (!/\/v1\/(?:traces|metrics|logs)$/.test(path)) return refuse(404, `nothing is received at ${path}`)
  if (request.method !== 'POST') return refuse(405, `${request.method} instead of POST`)
  if (contentType !== encoding) return refuse(415, `the content type “${contentType}”`)
  let bytes: Uint8Array
  try {
    bytes = await readBody(request, maxBytes)
  } catch (error) {
    return error instanceof TooLarge
      ? refuse(413, `more than ${maxBytes} bytes`)
      : refuse(400, `the body cannot be unpacked (${textOf(error)})`)
  }
  if (!path.endsWith('/v1/traces')) return accepted(encoding)
  try {
    const content = otlpContent(
      encoding === 'application/json'
        ? JSON.parse(Buffer.from(bytes).toString())
        : (await protobuf()).decodeTraceRequest(bytes),
    )
    if (!content) return await refuse(400, 'the body is no trace request')
    recorder.add(content.spans)
    if (content.invalid === 0) return await accepted(encoding)
    tell(`${content.invalid} spans have no valid ids.`)
    return await accepted(encoding, content.invalid, 'no valid ids')
  } catch (error) {
    return await refuse(400, `the body cannot be read (${textOf(error)})`)
  }
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

function urlOf({ address, family, port }: AddressInfo): string {
  const anywhere = address === '0.0.0.0' || address === '::'
  const host = anywhere ? '127.0.0.1' : family === 'IPv6' ? `[${address}]` : address
  return `http://${host}:${port}`
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
