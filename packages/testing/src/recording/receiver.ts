import { createServer } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { listenOn } from './listen-on.ts'
import { answerOtlp } from '../otlp/endpoint.ts'
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
 * not. Metrics and logs are taken and dropped. Close it at the end of the test, or let `await using` do it.
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
  /** Stops listening, once the requests that are being read are answered, after a second at most. Never rejects. */
  close(): Promise<void>
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
  const endpoint = { maxBytes: maxRequestBytes, add: (spans: readonly RecordedSpan[]) => recorder.add(spans), tell }
  const answering = new Set<Promise<void>>()
  const server = createServer((request, response) => {
    const answered = answerOtlp(request, response, endpoint)
      .catch(() => void response.destroy())
      .finally(() => answering.delete(answered))
    answering.add(answered)
  })
  const url = await listenOn(server, port, host)
  // A test that forgets to dispose it must not hang.
  server.unref()
  const end = async (): Promise<void> => {
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
  }
  let ended: Promise<void> | undefined
  const close = (): Promise<void> => (ended ??= end())
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
    close,
    [Symbol.asyncDispose]: close,
  }
}
