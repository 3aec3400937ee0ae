import { ROOT_CONTEXT, SpanKind, trace, type Attributes, type SpanContext } from '@opentelemetry/api'
import { withSpan } from '../base/light-context.ts'
import { OURS } from '../base/names.ts'
import type { Outcome } from '../base/policy.ts'
import { copyAttributes } from '../otel/operation.ts'
import { startSpan, toLink } from '../otel/span.ts'
import { firstSendOf, type Verdict } from '../verdict/verdict.ts'
import type { Runtime } from '../runtime.ts'

/** Why a producer's trace is told of an attempt. */
type Reason = 'dead_lettered' | 'failed' | 'waited'

/** What it takes of an attempt that has ended. */
interface Ended {
  readonly runtime: Runtime
  readonly verdict: Verdict
  readonly spanContext: SpanContext | undefined
  /** Whether the message waited longer than a trace may live. */
  readonly late: boolean
}

/** Messages whose producers know that they are dead letters: a job that is given up may be put on a queue of dead letters, too. */
const knownDead = new WeakSet<Verdict>()

/**
 * Tells the traces of the creation context and of the first send what became of their message, where the attempt is in
 * another trace: by a span of no length, which links the attempt. Otherwise a backend that keeps or drops whole traces would
 * drop the beginning of what went wrong. Never throws.
 *
 * @param errorType of an attempt that failed
 */
export function followUp(attempt: Ended, outcome: Outcome | undefined, errorType: string | undefined): void {
  const { runtime, verdict, spanContext } = attempt
  // What decides nothing is linked, and goes no further.
  if (spanContext === undefined || verdict.belief.decides === false) return
  const reason = reasonFor(attempt, outcome, errorType)
  if (reason === undefined || (reason === 'dead_lettered' && knownDead.has(verdict))) return
  if (reason === 'dead_lettered') knownDead.add(verdict)
  runtime.report.guard('span', () => {
    const { creation } = verdict.belief
    const first = firstSendOf(verdict)
    const told = new Set<string>([spanContext.traceId])
    for (const target of [creation, first]) {
      if (target === undefined || told.has(target.traceId)) continue
      told.add(target.traceId)
      tell(attempt, target, spanContext, reason, outcome, errorType)
    }
  })
}

function tell(
  { runtime, verdict }: Ended,
  target: SpanContext,
  attempt: SpanContext,
  reason: Reason,
  outcome: Outcome | undefined,
  errorType: string | undefined,
): void {
  const { delivery } = verdict
  const operation = runtime.operations(undefined, 'follow-up', delivery.system, delivery.destination)
  const attributes: Attributes = copyAttributes(operation)
  attributes[OURS.followUp] = reason
  attributes[OURS.attempt] = verdict.attempt.attempt
  if (outcome !== undefined) attributes[OURS.outcome] = outcome
  runtime.names.set(attributes, 'messageId', delivery.facts?.messageId)
  const now = Date.now()
  const span = startSpan(
    runtime,
    operation.spanName,
    {
      kind: SpanKind.INTERNAL,
      attributes,
      links: [toLink({ role: 'attempt', context: attempt })],
      startTime: now,
    },
    withSpan(ROOT_CONTEXT, trace.wrapSpanContext(target)),
  )
  if (reason !== 'waited') span.refuse(errorType ?? reason)
  span.end(now)
}

/** After such an outcome the message may be handled again. */
const MAY_COME_BACK: ReadonlySet<Outcome> = new Set<Outcome>(['requeued', 'retry_scheduled', 'abandoned'])

/** `undefined`: it is nothing that a producer has to be told. */
function reasonFor(
  { verdict: { copy, attempt }, late }: Ended,
  outcome: Outcome | undefined,
  errorType: string | undefined,
): Reason | undefined {
  if (outcome === 'dead_lettered') return 'dead_lettered'
  // What the broker itself moved to a dead-letter queue has no attempt that knew of it.
  const byBroker = copy.deadLetter !== undefined && copy.lineage?.kind !== 'dead_letter'
  if (byBroker && attempt.firstDelivery && attempt.attempt === 1) return 'dead_lettered'
  if (errorType !== undefined && outcome !== undefined && !MAY_COME_BACK.has(outcome)) return 'failed'
  return late ? 'waited' : undefined
}
