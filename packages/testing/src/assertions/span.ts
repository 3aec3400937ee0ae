import { evidenceOf } from '../rules/evidence.ts'
import type { ExpectedSpan, SpanIdentity } from './expected-span.ts'
import { aboutNothing, findingAt, hopEnd, type Finding } from '../rules/finding.ts'
import { compareSpan, type Comparison } from './span-comparison.ts'
import { spanKey, type RecordedSpan } from '../spans/span.ts'
import { TraceAssertionError } from './assertion-error.ts'

/**
 * A span is as expected: its parent, its links, what it says of itself and of its message. Throws a
 * `TraceAssertionError` that tells all differences at once, also where there is no span; else returns the span. Throws a
 * TypeError where nothing is expected, or something that no span has.
 */
export function assertSpan(span: RecordedSpan | undefined, expected: ExpectedSpan): RecordedSpan {
  const [found] = assertSpans(span === undefined ? [] : [span], [expected])
  return found as RecordedSpan
}

/**
 * Spans are as expected, one by one and in this order: the attempts of a message, each with its own description. None is
 * missing, none is one too many. Throws a `TraceAssertionError` that tells all differences of all spans at once, else
 * returns the spans.
 */
export function assertSpans(
  spans: readonly RecordedSpan[],
  expected: readonly ExpectedSpan[],
): readonly RecordedSpan[] {
  if (!Array.isArray(spans) || !Array.isArray(expected)) {
    throw new TypeError('A list of spans is needed, and a list of what is expected of each.')
  }
  const known = new Map([...expected.flatMap(recordedIn), ...spans].map((span) => [spanKey(span), span]))
  const nameOf = (span: SpanIdentity): string => {
    const recorded = known.get(spanKey(span))
    return recorded ? `${hopEnd(recorded)} ${spanKey(span)}` : spanKey(span)
  }
  const pairs = spans.slice(0, expected.length).map((span, index): Pair => {
    const wanted = expected[index]!
    return { span, wanted, comparisons: compareSpan(span, wanted, nameOf) }
  })
  const missing = expected.slice(spans.length)
  const besides = spans.slice(expected.length)
  const all = [...known.values()]
  if (missing.length + besides.length > 0 || pairs.some(isDifferent)) {
    throw new TraceAssertionError(findingsOf(all, pairs, missing, besides), all)
  }
  return spans
}

/** A span, and what is expected of it. */
interface Pair {
  readonly span: RecordedSpan
  readonly wanted: ExpectedSpan
  readonly comparisons: readonly Comparison[]
}

function isDifferent({ comparisons }: Pair): boolean {
  return comparisons.some(({ differences }) => differences.length > 0)
}

function findingsOf(
  all: readonly RecordedSpan[],
  pairs: readonly Pair[],
  missing: readonly ExpectedSpan[],
  besides: readonly RecordedSpan[],
): Finding[] {
  const evidence = evidenceOf(all)
  const wanted = [...pairs.map((pair) => sideOf(pair, 'expected')), ...missing.map(wordsOf)]
  const is = [...pairs.map((pair) => sideOf(pair, 'actual')), ...besides.map(({ name }) => name)]
  const [expected, actual] = wanted.length === 1 && is.length === 1 ? [wanted[0], is[0]] : [wanted, is]
  const find = (problem: string, span: RecordedSpan | undefined, from?: RecordedSpan): Finding => {
    const node = span && evidence.graph.nodes.get(spanKey(span))
    const found = { rule: 'span', problem, expected, actual }
    if (!span || !node) return { ...aboutNothing, ...found }
    const finding = findingAt(evidence, node, found)
    return from && finding.hop === hopEnd(span) ? { ...finding, hop: `${hopEnd(from)} → ${hopEnd(span)}` } : finding
  }
  return [
    ...pairs.filter(isDifferent).map((pair) => {
      const differences = pair.comparisons.flatMap((comparison) => comparison.differences)
      const problem = `${pair.span.name} is not as expected: ${differences.join('; ')}.`
      return find(problem, pair.span, recordedIn(pair.wanted)[0])
    }),
    ...missing.map((one) => find(`There is no span of which is expected: ${wordsOf(one)}.`, pairs.at(-1)?.span)),
    ...besides.map((span) => find(`${span.name} is one too many: ${pairs.length} were expected.`, span)),
  ]
}

function sideOf({ comparisons }: Pair, side: 'expected' | 'actual'): Readonly<Record<string, unknown>> {
  return Object.fromEntries(comparisons.map((comparison) => [comparison.name, comparison[side]]))
}

/** An expectation in a few words: `parent, attempt 2, outcome acked`. */
function wordsOf(expected: ExpectedSpan): string {
  const words = Object.entries(expected).map(([name, value]: [string, unknown]) =>
    typeof value === 'string' || typeof value === 'number' ? `${name} ${value}` : name,
  )
  return words.join(', ')
}

/** The recorded spans that an expectation names: the parent, then what is linked. */
function recordedIn({ parent, links = [] }: ExpectedSpan): RecordedSpan[] {
  const lists = Array.isArray(links) || typeof links === 'function' ? [links] : Object.values(links)
  const named = [parent, ...lists.flatMap((list) => (Array.isArray(list) ? (list as readonly SpanIdentity[]) : []))]
  return named.filter((one): one is RecordedSpan => typeof one === 'object' && one !== null && 'startTime' in one)
}
