import { keepFailure, TraceAssertionError } from './assertion-error.ts'
import { assertBatchLinks } from './batch.ts'
import { assertConnected, type ConnectedOptions } from './connected.ts'
import { assertJourney, type JourneyOptions } from './journey.ts'
import {
  assertAllEnded,
  assertConventions,
  assertNoDanglingLinks,
  assertNoLeak,
  assertNoOrphans,
  assertNoSecrets,
  assertPropagation,
  assertSamplingConsistent,
  type PropagationOptions,
} from './rules.ts'
import { assertSpan, assertSpans } from './span.ts'
import type { CheckOptions } from '../rules/evidence.ts'
import type { ExpectedSpan } from './expected-span.ts'
import type { RecordedSpan } from '../spans/span.ts'

/** What `expect` of Vitest and of Jest takes from a matcher. */
export interface MatcherResult {
  readonly pass: boolean
  readonly message: () => string
  readonly expected?: unknown
  readonly actual?: unknown
}

/** One matcher: what `expect` was given, then what the matcher was given. */
export type Matcher = (received: unknown, ...parameters: unknown[]) => MatcherResult

/** The assertions as matchers, as `expect(recorder)` offers them. All but the first three take spans or a recorder. */
export interface TraceMatchers<Result = void> {
  /** The span is as described; see `assertSpan`. */
  toMatchSpan(expected: ExpectedSpan): Result
  /** The spans are as described, one by one; see `assertSpans`. */
  toMatchSpans(expected: readonly ExpectedSpan[]): Result
  /** The batch links exactly these sends; see `assertBatchLinks`. */
  toLinkExactly(sends: readonly RecordedSpan[]): Result
  /** A message went this way; see `assertJourney`. */
  toHaveJourney(steps: readonly string[], options?: JourneyOptions): Result
  /** Every handled message, or one pair of spans, is connected; see `assertConnected`. */
  toBeConnected(options?: ConnectedOptions): Result
  /** See `assertNoOrphans`. */
  toHaveNoOrphans(): Result
  /** See `assertNoDanglingLinks`. */
  toHaveNoDanglingLinks(): Result
  /** See `assertAllEnded`. */
  toHaveAllSpansEnded(): Result
  /** See `assertNoLeak`. */
  toHaveNoLeak(options?: Pick<CheckOptions, 'messageAttribute'>): Result
  /** See `assertConventions`. */
  toFollowConventions(): Result
  /** See `assertNoSecrets`. */
  toShowNoSecrets(options?: Pick<CheckOptions, 'secrets' | 'privateBaggage' | 'arrivals'>): Result
  /** See `assertSamplingConsistent`. */
  toBeSampledConsistently(): Result
  /** All rules at once; see `assertPropagation`. */
  toPropagate(options?: PropagationOptions): Result
}

/** For `expect.extend(matchers)`, in Vitest and in Jest. */
export const matchers: Readonly<Record<keyof TraceMatchers, Matcher>> = {
  toMatchSpan: matcher(assertSpan),
  toMatchSpans: matcher(assertSpans),
  toLinkExactly: matcher(assertBatchLinks),
  toHaveJourney: matcher(assertJourney),
  toBeConnected: matcher(assertConnected),
  toHaveNoOrphans: matcher(assertNoOrphans),
  toHaveNoDanglingLinks: matcher(assertNoDanglingLinks),
  toHaveAllSpansEnded: matcher(assertAllEnded),
  toHaveNoLeak: matcher(assertNoLeak),
  toFollowConventions: matcher(assertConventions),
  toShowNoSecrets: matcher(assertNoSecrets),
  toBeSampledConsistently: matcher(assertSamplingConsistent),
  toPropagate: matcher(assertPropagation),
}

function matcher(assert: (...parameters: never[]) => unknown): Matcher {
  return (...parameters) => {
    try {
      assert(...(parameters as unknown as never[]))
      return { pass: true, message: () => 'Nothing is wrong with these spans, and something was expected to be.' }
    } catch (error) {
      if (!(error instanceof TraceAssertionError)) throw error
      keepFailure(error)
      const { message, expected, actual, showDiff } = error
      return { pass: false, message: () => message, ...(showDiff && { expected, actual }) }
    }
  }
}
