import { context, propagation, trace, type SpanContext } from '@opentelemetry/api'
import { logFields, type LogFields } from '@tracebaton/core'
import type { RecordedSpan, Recorder } from '@tracebaton/testing'
import type { Received } from './fixture.ts'

/** One call of a handler, as it looked from inside. */
export interface Call extends Received {
  /** Calls of this handler so far, this one included. */
  readonly number: number
  /** The active span's context. */
  readonly active: SpanContext | undefined
  readonly baggage: Readonly<Record<string, string>>
  readonly fields: LogFields
}

/** A call whose span has ended. */
export interface Attempt extends Call {
  readonly span: RecordedSpan
}

/** The calls of one handler. */
export interface Calls {
  readonly all: readonly Call[]
  /** Waits until so many calls have been made and ended, and gives the first of them, in order. */
  ended(count: number): Promise<readonly Attempt[]>
  /** Waits until so many calls have begun; needs no spans. */
  begun(count: number): Promise<readonly Call[]>
  /** Notes a call; made at the beginning of the handler. */
  note(message: Received): Call
}

/** @param patience ms */
export function createCalls(recorder: Recorder, patience: number): Calls {
  const all: Call[] = []
  const waiting = new Set<() => void>()
  return {
    all,
    note(message) {
      const entries = propagation.getActiveBaggage()?.getAllEntries() ?? []
      const call: Call = {
        ...message,
        number: all.length + 1,
        active: trace.getSpanContext(context.active()),
        baggage: Object.fromEntries(entries.map(([key, { value }]) => [key, value])),
        fields: logFields(),
      }
      all.push(call)
      for (const check of waiting) check()
      return call
    },
    ended: (count) =>
      recorder.until(
        (spans) => {
          if (all.length < count) return undefined
          const attempts = all.slice(0, count).flatMap((call): Attempt[] => {
            const span = spans.find(({ spanId }) => spanId === call.active?.spanId)
            return span === undefined ? [] : [Object.assign({}, call, { span })]
          })
          return attempts.length === count && attempts
        },
        { timeout: patience, describe: `${count} handled messages` },
      ),
    begun: (count) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(check)
          reject(new Error(`${all.length} of ${count} messages were handled within ${patience} ms`))
        }, patience)
        const check = (): void => {
          if (all.length < count) return
          clearTimeout(timer)
          waiting.delete(check)
          resolve(all.slice(0, count))
        }
        waiting.add(check)
        check()
      }),
  }
}
