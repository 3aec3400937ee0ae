import { open } from 'node:fs/promises'
import { countText } from '../text/count-text.ts'
import { createJsonTexts, type JsonText } from './json-texts.ts'
import { isFields, otlpContent } from '../otlp/request.ts'
import { slicesOf, type OtlpSlice } from './slices.ts'
import type { RecordedSpan } from '../spans/span.ts'

/** Where OTLP JSON comes from: the path of a file, or its bytes, such as `process.stdin`. */
export type OtlpInput = string | AsyncIterable<Uint8Array | string>

/** Something in a file that could not be read, and was left out. */
export interface OtlpProblem {
  /** Counted from 1: where the piece begins. */
  readonly line: number
  /** `not JSON`, `not a trace request`, `2 spans without valid ids` … */
  readonly reason: string
  /** The piece is the last one and stops in the middle: its writer is still at it, or was ended. */
  readonly unfinished: boolean
}

/** How {@link readOtlp} reads. */
export interface ReadOtlpOptions {
  /**
   * Called with each piece that could not be read. Reading goes on after it.
   *
   * @default what cannot be read is skipped
   */
  readonly onProblem?: (problem: OtlpProblem) => void
  /**
   * Bytes: a longer line (of a document: a longer request) is left out and reported. It bounds the memory.
   *
   * @default 64 MiB
   */
  readonly maxRequestBytes?: number
}

/**
 * Reads the spans of OTLP JSON, one request after the other, in as little memory as one request takes: lines as the
 * Collector's file exporter and {@link otlpJsonLines} write them, one document over many lines, or an array of requests.
 * Requests for logs and metrics are passed over. What is malformed is reported and left out. Rejects only when the input
 * itself cannot be read, with the error of the file system.
 */
export async function* readOtlp(
  input: OtlpInput,
  options: ReadOtlpOptions = {},
): AsyncGenerator<RecordedSpan, void, void> {
  for await (const { spans } of readRequests(input, options)) yield* spans
}

const chunkSize = 1024 * 1024

/** The spans of one request, or of a part of a large one, and what they took in the file. */
export interface OtlpRequest {
  readonly spans: readonly RecordedSpan[]
  readonly bytes: number
}

/**
 * {@link readOtlp} by the request, which is faster than by the span.
 *
 * @param wanted which traces are read; without it all of them
 */
export async function* readRequests(
  input: OtlpInput,
  options: ReadOtlpOptions = {},
  wanted?: (traceId: string) => boolean,
): AsyncGenerator<OtlpRequest, void, void> {
  const { onProblem = () => {}, maxRequestBytes = 64 * 1024 * 1024 } = options
  const report = (line: number, reason: string, unfinished = false): void => onProblem({ line, reason, unfinished })
  const texts = createJsonTexts({
    maxBytes: maxRequestBytes,
    onTooLong: (line) => report(line, `longer than ${Math.round(maxRequestBytes / 1024 / 1024)} MiB`),
  })
  function* read({ bytes, line }: JsonText, last: boolean): Generator<OtlpRequest, void, void> {
    let invalid = 0
    try {
      for (const slice of slicesOf(bytes) ?? [wholeOf(bytes)]) {
        const content = otlpContent(slice.value, wanted)
        if (!content && !isOtherSignal(slice.value)) report(line, foreignExport(slice.value))
        if (!content) return
        invalid += content.invalid
        yield { spans: content.spans, bytes: slice.bytes }
      }
    } catch {
      report(line, last ? 'stops in the middle' : 'not JSON', last)
    }
    if (invalid > 0) report(line, `${countText(invalid, 'span')} without valid ids`)
  }

  for await (const chunk of typeof input === 'string' ? chunksOf(input) : input) {
    for (const text of texts.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)) yield* read(text, false)
  }
  for (const text of texts.end()) yield* read(text, true)
}

// One buffer for the whole file: a stream makes a new one for each piece, and those pile up until they are collected.
async function* chunksOf(path: string): AsyncGenerator<Uint8Array, void, void> {
  const file = await open(path)
  try {
    const buffer = Buffer.alloc(chunkSize)
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, chunkSize)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}

function wholeOf(bytes: Buffer): OtlpSlice {
  return { value: JSON.parse(bytes.toString('utf8')), bytes: bytes.length }
}

function isOtherSignal(value: unknown): boolean {
  return isFields(value) && ('resourceLogs' in value || 'resourceMetrics' in value)
}

/** What a piece of JSON is instead of OTLP, and what to do about it. */
function foreignExport(value: unknown): string {
  if (!isFields(value)) return 'not a trace request'
  const first: unknown = Array.isArray(value['data']) ? value['data'][0] : value
  if (isFields(first) && 'traceID' in first && ('spans' in first || 'processes' in first)) {
    return 'a Jaeger export, not OTLP: ask Jaeger for /api/v3/traces, or write a file with the Collector’s file exporter'
  }
  const isZipkin = 'traceId' in value && 'id' in value && !('spanId' in value)
  return isZipkin
    ? 'a Zipkin export, not OTLP: send the spans to a Collector that writes a file'
    : 'not a trace request'
}
