import { trace, type Attributes, type Context, type SpanContext } from '@opentelemetry/api'
import { addAttributes, OURS } from '../base/names.ts'
import { attributesOf, type Operation } from '../otel/operation.ts'
import type { Runtime } from '../runtime.ts'
import { elsewhere, firstSendOf, type Verdict } from '../verdict/verdict.ts'

/** What a sampler may decide on. Nearly every attempt has no more than its operation says. */
export function sampledAttributes(
  runtime: Runtime,
  operation: Operation,
  verdict: Verdict,
  parent: 'ambient' | 'creation' | 'none',
  outer: Context,
): Attributes {
  const { delivery, copy, attempt, belief } = verdict
  const shared = attributesOf(operation, runtime.names, delivery.facts?.partition)
  const isElsewhere = parent !== 'creation' && belief.creation !== undefined
  const journey = journeyFrom(verdict, parent, outer)
  const isPlain = attempt.attempt === 1 && attempt.kind === 'first' && copy.deadLetter === undefined
  if (isPlain && !isElsewhere && journey === undefined) return shared
  const attributes = Object.assign({}, shared)
  if (attempt.attempt > 1) attributes[OURS.attempt] = attempt.attempt
  if (attempt.kind !== 'first') attributes[OURS.kind] = attempt.kind
  if (copy.deadLetter !== undefined) {
    const { source, reason } = copy.deadLetter
    const place = source === undefined ? undefined : runtime.shortNameOf(delivery.system, source)
    addAttributes(attributes, { [OURS.deadLetterSource]: place, [OURS.deadLetterReason]: reason })
  }
  if (isElsewhere) attributes[OURS.creationTraceId] = belief.creation?.traceId
  if (journey !== undefined) attributes[OURS.journeyTraceId] = journey.traceId
  return attributes
}

/** The first send of the journey, if the span will be in another trace. */
function journeyFrom(
  verdict: Verdict,
  parent: 'ambient' | 'creation' | 'none',
  outer: Context,
): SpanContext | undefined {
  const own =
    parent === 'creation' ? verdict.belief.creation : parent === 'ambient' ? trace.getSpanContext(outer) : undefined
  return elsewhere(firstSendOf(verdict), own?.traceId)
}

/** What only those want who look at the span. */
export function otherAttributes(
  { names }: Runtime,
  { delivery, attempt, belief, status }: Verdict,
  atStart: Attributes,
  linked: boolean,
  queueTime: number | undefined,
  age: number | undefined,
): Attributes {
  const attributes: Attributes = {
    [OURS.attempt]: attempt.attempt,
    [OURS.attemptSource]: attempt.source,
    [OURS.kind]: attempt.kind,
  }
  names.facts(attributes, delivery.facts)
  addAttributes(attributes, delivery.attributes, atStart)
  if (attempt.maxAttempts !== undefined) attributes[OURS.maxAttempts] = attempt.maxAttempts
  if (attempt.redrives > 0) attributes[OURS.redrives] = attempt.redrives
  if (attempt.attempt > 1 && !linked) attributes[OURS.previousAttempt] = 'unknown'
  if (status !== 'present') attributes[OURS.contextStatus] = status
  if (queueTime !== undefined) attributes[OURS.queueTime] = queueTime
  if (age !== undefined) attributes[OURS.queueAge] = age / 1000
  if (belief.origin !== undefined) attributes[OURS.originTraceId] = belief.origin.traceId
  return attributes
}
