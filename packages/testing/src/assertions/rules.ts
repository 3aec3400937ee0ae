import { judge, type CheckOptions } from '../rules/evidence.ts'
import { rules } from '../rules/rules.ts'
import { conventions } from '../rules/conventions.ts'
import { noLeak } from '../rules/leak.ts'
import { allEnded, noDanglingLinks, noOrphans } from '../rules/recorded.ts'
import { nothingJudged, type Rule } from '../rules/rule.ts'
import { samplingConsistent } from '../rules/sampling.ts'
import { noSecrets } from '../rules/secrets.ts'
import { assertNothingFound } from './assertion-error.ts'
import { spansOf, type SpanSource } from './source.ts'

/** Every parent that a span names was recorded. Throws a `TraceAssertionError`, else returns true. */
export function assertNoOrphans(source: SpanSource): true {
  return assertRule(source, noOrphans)
}

/** Every span that a link names was recorded. Throws a `TraceAssertionError`, else returns true. */
export function assertNoDanglingLinks(source: SpanSource): true {
  return assertRule(source, noDanglingLinks)
}

/**
 * Every span that was started has ended. Only a recorder knows of spans that did not. Throws a `TraceAssertionError`,
 * else returns true.
 */
export function assertAllEnded(source: SpanSource): true {
  return assertRule(source, allEnded)
}

/**
 * No span of one message stands in the trace of another: by what identifies the messages, and with `messageAttribute` by
 * what the application says about them. Throws a `TraceAssertionError`, else returns true.
 */
export function assertNoLeak(source: SpanSource, options: Pick<CheckOptions, 'messageAttribute'> = {}): true {
  const { messageAttribute } = options
  const subject = messageAttribute === undefined ? noLeak.subject : `a span that says ${messageAttribute}`
  return assertRule(source, { ...noLeak, subject }, options)
}

/** Messaging spans follow the semantic conventions, 1.44 or 1.45. Throws a `TraceAssertionError`, else returns true. */
export function assertConventions(source: SpanSource): true {
  return assertRule(source, conventions)
}

/**
 * No password, no token, none of `secrets` and no private baggage stands on a span, or with `arrivals` on a message.
 * What is found is not repeated in the error. Throws a `TraceAssertionError`, else returns true.
 */
export function assertNoSecrets(
  source: SpanSource,
  options: Pick<CheckOptions, 'secrets' | 'privateBaggage' | 'arrivals'> = {},
): true {
  return assertRule(source, noSecrets, options)
}

/**
 * Spans that are linked across traces were all sampled, or none of them. A recorder sees spans that are recorded without
 * being sampled; exported spans can show only a missing partner. Throws a `TraceAssertionError`, else returns true.
 */
export function assertSamplingConsistent(source: SpanSource): true {
  return assertRule(source, samplingConsistent)
}

/** Which rules count, and what they know besides spans. */
export interface PropagationOptions extends CheckOptions {
  /** Ids of rules that do not count here. */
  readonly except?: readonly string[]
}

/**
 * All rules at once, and at least one message was handled. Throws a `TraceAssertionError`, else returns true.
 */
export function assertPropagation(source: SpanSource, options: PropagationOptions = {}): true {
  const { except = [] } = options
  const chosen = rules.filter(({ id }) => !except.includes(id))
  return assertRules(source, chosen, options, 'propagation')
}

function assertRule(source: SpanSource, rule: Rule, options: CheckOptions = {}): true {
  return assertRules(source, [rule], options, rule.id)
}

function assertRules(source: SpanSource, chosen: readonly Rule[], options: PropagationOptions, id: string): true {
  const spans = spansOf(source)
  const judgements = judge(spans, options, chosen)
  const findings = judgements.flatMap((judgement) => judgement.findings)
  const [missed] = nothingJudged(judgements)
  return assertNothingFound(
    spans,
    findings.filter(({ rule }) => !options.except?.includes(rule)),
    { found: missed === undefined, name: missed?.subject ?? '', rule: id },
  )
}
