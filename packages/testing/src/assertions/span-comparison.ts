import { inspect, isDeepStrictEqual } from 'node:util'
import { cut } from '../text/display-text.ts'
import {
  SAID,
  type AsymmetricMatcher,
  type ExpectedLinks,
  type ExpectedSpan,
  type SpanIdentity,
} from './expected-span.ts'
import { messageFacts } from '../spans/facts.ts'
import { spanKey, type RecordedLink, type RecordedSpan } from '../spans/span.ts'
import { valueText } from '../text/value-text.ts'

/** One thing that was expected of a span, and what it is. */
export interface Comparison {
  /** What is compared: `attempt`, `parent`, `creation links`, the name of an attribute. */
  readonly name: string
  readonly expected: unknown
  readonly actual: unknown
  /** In words, what is different. None: it is as expected. */
  readonly differences: readonly string[]
}

type Name = (span: SpanIdentity) => string

/**
 * Compares everything that is expected of a span. Throws a TypeError where the expectation itself is a mistake: a word
 * that is none, or nothing at all.
 *
 * @param nameOf what a parent or a linked span is called
 */
export function compareSpan(span: RecordedSpan, expected: ExpectedSpan, nameOf: Name): Comparison[] {
  const comparisons = Object.entries(expected).flatMap(([name, wanted]: [string, unknown]) => {
    if (name === 'parent') return compareParent(span, wanted, nameOf)
    if (name === 'links') return compareAllLinks(span, wanted as ExpectedSpan['links'], nameOf)
    if (name === 'attributes') return compareEach(span.attributes, wanted as object)
    if (Object.hasOwn(SAID, name)) return compareValue(name, span[name as keyof typeof SAID], wanted)
    const facts = messageFacts(span)
    if (Object.hasOwn(facts, name)) return compareValue(name, facts[name as keyof typeof facts], wanted)
    throw new TypeError(
      `Nothing of a span is called ${name}: see ExpectedSpan for the words that it may be described in.`,
    )
  })
  if (comparisons.length > 0) return comparisons
  throw new TypeError('Nothing is expected of the span: say at least one thing, as { parent: send } or { attempt: 2 }.')
}

function compareEach(attributes: RecordedSpan['attributes'], wanted: object): Comparison[] {
  return Object.entries(wanted).map(([name, value]: [string, unknown]) => compareValue(name, attributes[name], value))
}

function compareValue(name: string, actual: unknown, wanted: unknown): Comparison {
  const asked = test(wanted, actual)
  if (asked ?? isDeepStrictEqual(actual, wanted)) return { name, expected: actual, actual, differences: [] }
  const texts = [actual, wanted].map(textOf)
  // 42 and '42' are different, and have to look it.
  const [is, not] = texts[0] === texts[1] ? [inspect(actual), inspect(wanted)] : texts
  const difference = asked === false ? `${is}, and ${not} says no` : `${is}, not ${not}`
  return { name, expected: wanted, actual, differences: [`${name} is ${difference}`] }
}

/** What a function or an asymmetric matcher says of a value. Undefined: the expectation is a value itself. */
function test(wanted: unknown, actual: unknown): boolean | undefined {
  if (typeof wanted === 'function') return Boolean((wanted as (actual: unknown) => unknown)(actual))
  return isMatcher(wanted) ? wanted.asymmetricMatch(actual) : undefined
}

function textOf(value: unknown): string {
  if (value === undefined) return 'absent'
  if (typeof value === 'function') return cut(String(value).replaceAll(/\s+/g, ' '), 80)
  return (isMatcher(value) ? value.toAsymmetricMatcher?.() : undefined) ?? valueText(value)
}

function isMatcher(wanted: unknown): wanted is AsymmetricMatcher {
  return typeof (wanted as Partial<AsymmetricMatcher> | null | undefined)?.asymmetricMatch === 'function'
}

function compareParent(span: RecordedSpan, wanted: unknown, nameOf: Name): Comparison {
  if (wanted !== 'none' && !isIdentity(wanted)) {
    throw new TypeError('The expected parent is no span: give a span, a span context, or ‘none’ for a root.')
  }
  const { traceId, parentSpanId } = span
  const parent = parentSpanId === undefined ? 'none' : { traceId, spanId: parentSpanId }
  const expected = wanted === 'none' ? wanted : spanKey(wanted)
  const actual = parent === 'none' ? parent : spanKey(parent)
  const differences =
    actual === expected
      ? []
      : [`parent is ${parent === 'none' ? parent : nameOf(parent)}, not ${wanted === 'none' ? wanted : nameOf(wanted)}`]
  return { name: 'parent', expected, actual, differences }
}

function compareAllLinks({ links }: RecordedSpan, wanted: ExpectedSpan['links'], nameOf: Name): Comparison[] {
  if (wanted === undefined || Array.isArray(wanted) || typeof wanted === 'function') {
    return [compareLinks('links', links, wanted as ExpectedLinks, nameOf)]
  }
  return Object.entries(wanted).map(([role, targets]) =>
    compareLinks(
      `${role} links`,
      links.filter((link) => link.role === role),
      targets,
      nameOf,
    ),
  )
}

function compareLinks(name: string, links: readonly RecordedLink[], wanted: ExpectedLinks, nameOf: Name): Comparison {
  if (typeof wanted === 'function') return compareValue(name, links, wanted)
  if (!Array.isArray(wanted) || !wanted.every(isIdentity)) {
    throw new TypeError(`The expected ${name} are no spans: give a list of spans or span contexts.`)
  }
  const [actual, expected] = [links, wanted as readonly SpanIdentity[]].map((spans) => spans.map(spanKey).toSorted())
  const difference = (text: string, from: readonly SpanIdentity[], besides: readonly SpanIdentity[]): string[] =>
    without(from, besides).map((target) => `${name}: ${nameOf(target)} ${text}`)
  return {
    name,
    expected,
    actual,
    differences: [...difference('is missing', wanted, links), ...difference('is one too many', links, wanted)],
  }
}

/** The spans of a list that another one does not have so often. */
function without(spans: readonly SpanIdentity[], others: readonly SpanIdentity[]): SpanIdentity[] {
  const left = others.map(spanKey)
  return spans.filter((span) => {
    const at = left.indexOf(spanKey(span))
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
}

function isIdentity(value: unknown): value is SpanIdentity {
  const identity = value as Partial<SpanIdentity> | null | undefined
  return typeof identity?.traceId === 'string' && typeof identity.spanId === 'string'
}
