import { types } from 'node:util'
import { diag } from '@opentelemetry/api'
import { errorTypeOf, isError } from './errors.ts'
import { processWide, SHARED } from './shared-state.ts'
import { start, withoutCredentials } from './bounds.ts'
import { quietly } from './quietly.ts'

/** Where in our own work something failed. */
export type Stage = 'options' | 'propagator' | 'headers' | 'span' | 'hook' | 'metrics' | 'describe'

/** Told about each contained failure. What it throws, or rejects with, goes nowhere. */
export type OnError = (error: unknown, details: { readonly stage: Stage }) => void

/**
 * Has the last word on the texts of an error: gives what may be said, or `undefined` to say nothing. When it throws,
 * nothing is said. Credentials in URLs are already gone, and all beyond 16,384 characters.
 */
export type Redact = (text: string, part: 'message' | 'stack', error: unknown) => string | undefined

/** The place where our own failures end. */
export interface Report {
  /** Runs `work`; when it throws, reports that and gives `undefined` instead. Never throws. */
  guard<Result>(stage: Stage, work: () => Result): Result | undefined
  /** Reports one failure. Never throws. */
  failed(stage: Stage, error: unknown): void
  /** Reports what is no failure but a mistake in the set-up. Never throws. */
  misused(message: string): void
  /**
   * Asks a function of the user's. A promise is no answer, and its rejection must not end the process. Never throws.
   *
   * @param stage default: `options`
   */
  ask<Answer>(question: () => Answer, stage?: Stage): Answer | undefined
  /** What may be said of an error, on spans, headers and in reports. `undefined`: nothing, or it is no text. Never throws. */
  redact(text: unknown, part: 'message' | 'stack', error: unknown): string | undefined
}

/** The default reporter speaks once a minute for each stage. */
const QUIET_TIME = 60_000

/**
 * @param onError default: the API's `diag` logger, at most once a minute for each stage
 * @param count told about every failure, for the metric; may throw
 * @param redact default: the texts of errors as they are, without credentials
 */
export function createReport(onError: OnError | undefined, count: (stage: Stage) => void, redact?: Redact): Report {
  const tell = onError ?? createDiagReporter()
  let asking = false
  const report: Report = {
    guard(stage, work) {
      try {
        return work()
      } catch (error) {
        report.failed(stage, error)
        return undefined
      }
    },
    failed(stage, error) {
      quietly(() => count(stage))
      quietly(() => tell(redacted(report, error), { stage }))
    },
    ask(question, stage = 'options') {
      const answer = report.guard(stage, question)
      if (!types.isPromise(answer)) return answer
      quietly(() => answer)
      report.failed(stage, new Error('A function among the options gave a promise; it has to answer at once'))
      return undefined
    },
    redact(text, part, error) {
      if (typeof text !== 'string') return undefined
      const clean = withoutCredentials(start(text))
      // What the function itself fails with is reported, and not given to it again.
      if (redact === undefined || asking) return clean
      asking = true
      const said = report.ask(() => redact(clean, part, error))
      asking = false
      return typeof said === 'string' ? said : undefined
    },
    misused(message) {
      if (onError !== undefined) quietly(() => onError(new Error(message), { stage: 'options' }))
      else if (!said.has(message)) {
        said.add(message)
        quietly(() => diag.warn(`tracebaton: ${message}`))
      }
    },
  }
  return report
}

/** The error itself, where all that it says may be said. */
function redacted(report: Report, error: unknown): unknown {
  try {
    if (typeof error === 'string') return report.redact(error, 'message', error)
    if (!isError(error)) return error
    const message = report.redact(error.message, 'message', error)
    const stack = report.redact(error.stack, 'stack', error)
    const isAlone = !('cause' in error) && !('errors' in error)
    if (isAlone && message === error.message && stack === error.stack) return error
    return Object.assign(new Error(message), { name: errorTypeOf(error), stack })
  } catch {
    // Its own getters throw.
    return error
  }
}

/** Mistakes that `diag` has been told of. There are only a few different texts. */
const said = processWide(SHARED.said, () => new Set<string>())

function createDiagReporter(): OnError {
  const quietUntil = new Map<Stage, number>()
  return (error, { stage }) => {
    const now = Date.now()
    if (now < (quietUntil.get(stage) ?? 0)) return
    quietUntil.set(stage, now + QUIET_TIME)
    diag.error(`tracebaton: contained a failure in ${stage}; messages are not affected`, error)
  }
}
