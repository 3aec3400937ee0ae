import { fromSdkSpan, type SdkSpan } from '../spans/sdk-span.ts'
import { spanKey, type RecordedSpan } from '../spans/span.ts'
import { createWaiting, type UntilCondition, type UntilOptions } from './until.ts'

/** How a recorder is set up. */
export interface RecorderOptions {
  /**
   * The most spans that are kept, ended and open ones each. Beyond it the oldest are dropped, and counted in `dropped`.
   *
   * @default 10_000
   */
  readonly limit?: number
}

/**
 * Keeps the spans of a test in memory. It is a span processor: give it to the tracer provider of any OpenTelemetry SDK.
 * Unlike an exporter it also sees spans that have started and not ended, and spans that are recorded but not sampled.
 */
export interface Recorder {
  /** The spans that have ended, in the order they ended. A snapshot: it does not grow. */
  readonly spans: readonly RecordedSpan[]
  /** The spans that have started and not ended, in the order they started, as they are now. */
  readonly open: readonly RecordedSpan[]
  /** How many spans were dropped because of `limit` since the start or the last `clear()`. */
  readonly dropped: number
  /**
   * Waits until `condition` returns something truthy, and resolves with that. It is asked at once, and again each time
   * a span starts or ends; a condition that throws does not hold yet. Rejects when the time is over, or as soon as an
   * assertion in the condition finds what no later span can mend, with an error that says first what the assertion
   * found, then what was awaited, and draws the spans that there are. Its stack begins where `until` was called.
   */
  until<T>(condition: UntilCondition<T>, options?: UntilOptions): Promise<T>
  /** Takes spans that were recorded elsewhere: in another process, or in a file. One that is known already is left out. */
  add(spans: readonly RecordedSpan[]): void
  /** Forgets all spans, ended and open. */
  clear(): void
  /** For the SDK. Never throws. */
  onStart(span: SdkSpan, parentContext?: unknown): void
  /** For the SDK. Never throws. */
  onEnd(span: SdkSpan): void
  /** For the SDK. There is nothing to flush. */
  forceFlush(): Promise<void>
  /** For the SDK. Ends every wait in `until`, because no span can follow; what was recorded stays. */
  shutdown(): Promise<void>
}

/** Creates a recorder. Every test can have one of its own. */
export function createRecorder(options: RecorderOptions = {}): Recorder {
  const limit = Math.max(1, options.limit ?? 10_000)
  const started = new Map<string, SdkSpan>()
  const ended: RecordedSpan[] = []
  // Exporters send a request again when they do not know whether it arrived, and may send what was seen here, too.
  const known = new Set<string>()
  let snapshot: readonly RecordedSpan[] | undefined
  let dropped = 0

  const spans = (): readonly RecordedSpan[] => (snapshot ??= [...ended])
  const open = (): readonly RecordedSpan[] => [...started.values()].map(fromSdkSpan)
  const waiting = createWaiting(spans, open)
  const until: Recorder['until'] = (condition, untilOptions) => waiting.until(condition, untilOptions, until)
  const keep = (span: RecordedSpan): void => {
    const key = spanKey(span)
    if (known.has(key)) return
    known.add(key)
    ended.push(span)
    if (ended.length > limit) {
      const oldest = ended.shift()
      if (oldest) known.delete(spanKey(oldest))
      dropped += 1
    }
    snapshot = undefined
  }

  return {
    get spans() {
      return spans()
    },
    get open() {
      return open()
    },
    get dropped() {
      return dropped
    },
    until,
    add(given) {
      given.forEach(keep)
      waiting.check()
    },
    clear() {
      known.clear()
      started.clear()
      ended.length = 0
      snapshot = undefined
      dropped = 0
    },
    onStart(span) {
      contain(() => {
        started.set(spanKey(span.spanContext()), span)
        if (started.size > limit) {
          const [oldest] = started.keys()
          if (oldest !== undefined) started.delete(oldest)
          dropped += 1
        }
        waiting.check()
      })
    },
    onEnd(span) {
      contain(() => {
        started.delete(spanKey(span.spanContext()))
        keep(fromSdkSpan(span))
        waiting.check()
      })
    },
    async forceFlush() {},
    async shutdown() {
      waiting.end('the recorder was shut down')
    },
  }
}

// A test's instrument must not change what it measures: nothing that goes wrong here reaches the code under test.
function contain(act: () => void): void {
  try {
    act()
  } catch {
    // A span that cannot be read is missing from the recording, which is what the test will see.
  }
}
