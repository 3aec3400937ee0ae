import { SpanKind, type Attributes, type Context, type Link } from '@opentelemetry/api'
import type { AttemptFacts } from '../verdict/attempt-count.ts'
import { rememberAttempt } from '../memory/attempts.ts'
import type { Ending } from '../base/call.ts'
import { errorTypeOf } from '../base/error.ts'
import type { Delivery } from '../verdict/delivery.ts'
import { getHandling, memberOf, rememberHandling, setHandling, type Handling } from '../memory/handling.ts'
import { ageOf, historyOf, timeInQueue, type Verdict } from '../verdict/verdict.ts'
import { addAttributes, linkAttributes, OURS } from '../base/names.ts'
import type { Count } from '../otel/counters.ts'
import { copyAttributes, type Operation } from '../otel/operation.ts'
import type { Outcome } from '../base/policy.ts'
import { relate } from '../verdict/relate.ts'
import { withBaggageOf } from './pass-on.ts'
import { readForHandling, toldDelivery } from './read.ts'
import type { Runtime } from '../runtime.ts'
import { activate, activeContext, callHook, capLinks, startSpan, type SafeSpan } from '../otel/span.ts'

/** One attempt, begun: its span is open. A plain record, because thousands of them may wait to be settled. */
export interface Attempt {
  /** What the handler runs in. */
  readonly context: Context
  readonly runtime: Runtime
  readonly operation: Operation
  readonly verdict: Verdict
  readonly handling: Handling
  readonly span: SafeSpan
  /** Where the message is counted as in flight; `undefined`: it is off, or counted with its batch. */
  inFlight: Count | undefined
  /** Whether its time is part of a batch's. */
  readonly inBatch: boolean
  /** How the handler ended, at last. */
  ending: Ending | undefined
  /** Seconds that the handler has worked. */
  worked: number
}

/** Starts the span of one attempt, with all that is known at the time. May throw. */
export function beginAttempt(runtime: Runtime, arrival: Delivery): Attempt {
  const { verdict, carried } = readForHandling(runtime, arrival)
  const { delivery, belief, attempt } = verdict
  const told = toldDelivery(verdict)
  const outer = activeContext(runtime)
  const deliveredAt = delivery.deliveredAt ?? Date.now()
  const age = ageOf(verdict, deliveredAt)
  const batch = batchAround(outer, delivery)
  const relation = runtime.relationFor(told)
  const { parent, previous, links } = relate(verdict, relation, age, runtime.maxTraceAge, batch?.spanContext)
  const queueTime = timeInQueue(verdict, deliveredAt)

  const { facts } = delivery
  const operation = runtime.operations(
    'process',
    'process',
    delivery.system,
    delivery.destination,
    facts?.consumerGroup,
  )
  const attributes = copyAttributes(operation)
  runtime.names.facts(attributes, facts)
  addAttributes(attributes, delivery.attributes)
  describeAttempt(attributes, verdict, previous !== undefined)
  if (queueTime !== undefined) attributes[OURS.queueTime] = queueTime
  if (age !== undefined) attributes[OURS.queueAge] = age / 1000
  if (parent !== 'creation' && belief.creation !== undefined) {
    attributes[OURS.creationTraceId] = belief.creation.traceId
  }
  if (belief.origin !== undefined) attributes[OURS.originTraceId] = belief.origin.traceId

  const span = startSpan(
    runtime,
    operation.spanName,
    {
      kind: SpanKind.CONSUMER,
      attributes,
      links: capLinks(
        links.map(({ role, context }): Link => ({ context, attributes: linkAttributes(role) })),
        attributes,
      ),
      root: parent === 'none',
      ...(delivery.startedAt !== undefined && { startTime: delivery.startedAt }),
    },
    parent === 'ambient' ? outer : carried,
  )
  if (span.context !== undefined) {
    const { attempt: number, redrives } = attempt
    rememberAttempt(delivery.identity, { attempt: number, redrives, context: span.context })
  }
  // A message of a batch was counted with the batch.
  if (delivery.received !== true) runtime.metrics.consumed(operation, batch === undefined ? 1 : 0)
  if (queueTime !== undefined) runtime.metrics.queued(operation, queueTime)
  const inFlight = batch === undefined ? runtime.metrics.started(operation, 1) : undefined
  const { onProcess } = runtime.hooks
  if (onProcess !== undefined) {
    callHook(runtime, onProcess, span, { delivery: told, attempt, history: historyOf(verdict, previous) })
  }

  const base = parent === 'ambient' ? withBaggageOf(outer, carried) : carried
  const handling: Handling = {
    messages: [verdict],
    spanContext: span.context,
    batch: undefined,
    outcome: undefined,
  }
  rememberHandling(handling, [arrival])
  return {
    context: setHandling(activate(base, span), handling),
    runtime,
    operation,
    verdict,
    handling,
    span,
    inFlight,
    inBatch: batch !== undefined,
    ending: undefined,
    worked: delivery.startedAt === undefined ? 0 : Math.max(0, Date.now() - delivery.startedAt) / 1000,
  }
}

const SUCCESS: Ending = { failed: false, value: undefined }

/** The handler is done: how, and after how many seconds of work. Of several calls the last one tells how. */
export function handled(attempt: Attempt, ending: Ending, seconds: number): void {
  // What a handler gives is nobody's business, and may be large.
  attempt.ending = ending.failed ? ending : SUCCESS
  attempt.worked += seconds
  land(attempt)
}

function land(attempt: Attempt): void {
  attempt.inFlight?.add(-1)
  attempt.inFlight = undefined
}

/** Ends the span of an attempt. Once. */
export function endAttempt(attempt: Attempt): void {
  const { runtime, operation, ending, inBatch, worked } = attempt
  land(attempt)
  const errorType = finish(attempt)
  // The time of a message of a batch is part of the batch's.
  if (ending !== undefined && !inBatch) runtime.metrics.processed(operation, worked, errorType)
}

/** Ends the span, and gives the `error.type` of an attempt that failed. */
function finish({ runtime, operation, verdict, handling, span, ending }: Attempt): string | undefined {
  const { delivery, attempt } = verdict
  const failed = ending?.failed === true
  const meaning = failed ? meaningOf(runtime, delivery, ending.error) : undefined
  const outcome = failed
    ? (handling.outcome ?? meaning?.outcome ?? afterFailure(delivery, attempt))
    : afterReturn(handling)
  const terminal = outcome !== 'requeued' && outcome !== 'retry_scheduled'
  const status = runtime.errorStatus === 'every' || terminal
  span.set({ [OURS.outcome]: outcome })
  // Whoever caught the error may have said so where the message was moved, or have given the message back instead.
  const failure = failed && meaning?.steered !== true ? ending : handling.failure
  const refused = !failed && failure === undefined && (outcome === 'requeued' || outcome === 'rejected')
  if (failure !== undefined) span.fail(failure.error, status)
  if (refused) span.refuse(outcome, status)
  span.end()
  runtime.metrics.delivered(operation, outcome, attempt.kind)
  if (refused) return outcome
  return failure && errorTypeOf(failure.error)
}

/** What a handler that returned leads to. Whoever publishes a message once more settles the old copy with that. */
function afterReturn({ outcome, moved }: Handling): Outcome {
  return moved !== undefined && (outcome === undefined || outcome === 'acked') ? moved : (outcome ?? 'acked')
}

/** What the client makes of what a handler threw. */
function meaningOf(
  { report }: Runtime,
  { meaning }: Delivery,
  error: unknown,
): ReturnType<NonNullable<Delivery['meaning']>> | undefined {
  return meaning === undefined ? undefined : report.guard('describe', () => meaning(error))
}

/** What a failed handler leads to, unless a settlement said otherwise. */
function afterFailure(delivery: Delivery, attempt: AttemptFacts): Outcome {
  return delivery.exhausted !== undefined && isLast(delivery, attempt) ? delivery.exhausted : 'requeued'
}

/** A broker that counts exactly counts this copy, and compares that with the limit. */
function isLast({ count, maxAttempts }: Delivery, attempt: AttemptFacts): boolean {
  if (count?.exact === true && maxAttempts !== undefined) return count.deliveries >= maxAttempts
  return attempt.maxAttempts !== undefined && attempt.attempt >= attempt.maxAttempts
}

/** The handling of a batch, around the handler of one of its messages. */
function batchAround(outer: Context, delivery: Delivery): Handling | undefined {
  const handling = getHandling(outer)
  return handling?.batch?.has(memberOf(delivery)) === true ? handling : undefined
}

function describeAttempt(attributes: Attributes, verdict: Verdict, linked: boolean): void {
  const { attempt, status } = verdict
  attributes[OURS.attempt] = attempt.attempt
  attributes[OURS.attemptSource] = attempt.source
  attributes[OURS.kind] = attempt.kind
  if (attempt.maxAttempts !== undefined) attributes[OURS.maxAttempts] = attempt.maxAttempts
  if (attempt.redrives > 0) attributes[OURS.redrives] = attempt.redrives
  if (attempt.attempt > 1 && !linked) attributes[OURS.previousAttempt] = 'unknown'
  if (status !== 'present') attributes[OURS.contextStatus] = status
  const { source, reason } = verdict.deadLetter ?? {}
  if (source !== undefined) attributes[OURS.deadLetterSource] = source
  if (reason !== undefined) attributes[OURS.deadLetterReason] = reason
}
