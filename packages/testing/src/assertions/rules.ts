import { evidenceOf, type CheckOptions } from '../evidence.ts'
import { messageFacts } from '../facts.ts'
import { rules } from '../rules.ts'
import { allEnded } from '../rules/ended.ts'
import { conventions } from '../rules/conventions.ts'
import { noDanglingLinks } from '../rules/dangling-links.ts'
import { noLeak } from '../rules/leak.ts'
import { noOrphans } from '../rules/orphans.ts'
import type { Rule } from '../rules/rule.ts'
import { samplingConsistent } from '../rules/sampling.ts'
import { noSecrets } from '../rules/secrets.ts'
import type { RecordedSpan } from '../span.ts'
import { assertNothingFound, spansOf, type SpanSource } from './source.ts'

/** Every parent that a span names was recorded. Throws a `TraceAssertionError`, else returns true. */
export function assertNoOrphans(source: SpanSource): true {
  return assertRule(source, noOrphans, {}, 'a span', () => true)
}

/** Every span that a link names was recorded. Throws a `TraceAssertionError`, else returns true. */
export function assertNoDanglingLinks(source: SpanSource): true {
  return assertRule(source, noDanglingLinks, {}, 'a span', () => true)
}

/**
 * Every span that was started has ended. Only a recorder knows of spans that did not. Throws a `TraceAssertionError`,
 * else returns true.
 */
export function assertAllEnded(source: SpanSource): true {
  return assertRule(source, allEnded, {}, 'a span', () => true)
}

/**
 * No span of one message stands in the trace of another: by what identifies the messages, and with `messageAttribute` by
 * what the application says about them. Throws a `TraceAssertionError`, else returns true.
 */
export function assertNoLeak(source: SpanSource, options: Pick<CheckOptions, 'messageAttribute'> = {}): true {
  const { messageAttribute } = options
  return assertRule(source, noLeak, options, `a handled message${attributeText(messageAttribute)}`, (span) =>
    messageAttribute === undefined
      ? messageFacts(span).operationType === 'process'
      : span.attributes[messageAttribute] !== undefined,
  )
}

/** Messaging spans follow the semantic conventions, 1.44 or 1.45. Throws a `TraceAssertionError`, else returns true. */
export function assertConventions(source: SpanSource): true {
  return assertRule(source, conventions, {}, 'a messaging span', isMessaging)
}

/**
 * No password, no token, none of `secrets` and no private baggage stands on a span, or with `arrivals` on a message.
 * What is found is not repeated in the error. Throws a `TraceAssertionError`, else returns true.
 */
export function assertNoSecrets(
  source: SpanSource,
  options: Pick<CheckOptions, 'secrets' | 'privateBaggage' | 'arrivals'> = {},
): true {
  return assertRule(source, noSecrets, options, 'a span', () => true)
}

/**
 * Spans that are linked across traces were all sampled, or none of them. A recorder sees spans that are recorded without
 * being sampled; exported spans can show only a missing partner. Throws a `TraceAssertionError`, else returns true.
 */
export function assertSamplingConsistent(source: SpanSource): true {
  return assertRule(source, samplingConsistent, {}, 'a messaging span', isMessaging)
}

/** Which rules count, and what they know besides spans. */
export interface PropagationOptions extends CheckOptions {
  /** Ids of rules that do not count here. */
  readonly except?: readonly string[]
}

/** All rules at once. Throws a `TraceAssertionError`, else returns true. */
export function assertPropagation(source: SpanSource, options: PropagationOptions = {}): true {
  const spans = spansOf(source)
  const evidence = evidenceOf(spans, options)
  const findings = rules
    .flatMap((rule) => (isExcepted(rule.id, options.except) ? [] : rule.check(evidence)))
    .filter(({ rule }) => !isExcepted(rule, options.except))
  return assertNothingFound(spans, findings, {
    found: spans.some(isMessaging),
    name: 'a messaging span',
    rule: 'propagation',
  })
}

function isExcepted(id: string, except: readonly string[] = []): boolean {
  return except.includes(id)
}

function assertRule(
  source: SpanSource,
  rule: Rule,
  options: CheckOptions,
  subject: string,
  isSubject: (span: RecordedSpan) => boolean,
): true {
  const spans = spansOf(source)
  const findings = rule.check(evidenceOf(spans, options))
  return assertNothingFound(spans, findings, { found: spans.some(isSubject), name: subject, rule: rule.id })
}

function isMessaging(span: RecordedSpan): boolean {
  return messageFacts(span).operationType !== undefined
}

function attributeText(attribute: string | undefined): string {
  return attribute === undefined ? '' : `, or says ${attribute}`
}
