import { types } from 'node:util'
import { diag } from '@opentelemetry/api'
import { processWide, SHARED } from './shared-state.ts'

/** Where in our own work something failed. */
export type Stage = 'options' | 'propagator' | 'headers' | 'span' | 'hook' | 'metrics' | 'describe'

/** Told about each contained failure. What it throws, or rejects with, goes nowhere. */
export type OnError = (error: unknown, details: { readonly stage: Stage }) => void

/** The place where our own failures end. */
export interface Report {
  /** Runs `work`; when it throws, reports that and gives `undefined` instead. Never throws. */
  guard<Result>(stage: Stage, work: () => Result): Result | undefined
  /** Reports one failure. Never throws. */
  failed(stage: Stage, error: unknown): void
  /** Reports what is no failure but a mistake in the set-up. Never throws. */
  misused(message: string): void
}

/** The default reporter speaks once a minute for each stage. */
const QUIET_TIME = 60_000

/**
 * @param onError default: the API's `diag` logger, at most once a minute for each stage
 * @param count told about every failure, for the metric; may throw
 */
export function createReport(onError: OnError | undefined, count: (stage: Stage) => void): Report {
  const tell = onError ?? createDiagReporter()
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
      quietly(() => tell(error, { stage }))
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

/** Mistakes that `diag` has been told of. There are only a few different texts. */
const said = processWide(SHARED.said, () => new Set<string>())

/** Calls something foreign whose result nobody waits for: neither its error nor its rejection may reach the host. */
export function quietly(work: () => unknown, failed?: (error: unknown) => void): void {
  try {
    const result = work()
    if (types.isPromise(result)) result.catch((error: unknown) => failed?.(error))
  } catch (error) {
    failed?.(error)
  }
}

function createDiagReporter(): OnError {
  const quietUntil = new Map<Stage, number>()
  return (error, { stage }) => {
    const now = Date.now()
    if (now < (quietUntil.get(stage) ?? 0)) return
    quietUntil.set(stage, now + QUIET_TIME)
    diag.error(`tracebaton: contained a failure in ${stage}; messages are not affected`, error)
  }
}
