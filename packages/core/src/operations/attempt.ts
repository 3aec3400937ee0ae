import { ROOT_CONTEXT, SpanKind, type Context, type Link, type SpanOptions } from '@opentelemetry/api'
import type { Failure } from '../wire/history.ts'
import { runIn } from '../base/call.ts'
import { errorTypeOf, type Ending } from '../base/errors.ts'
import { OURS } from '../base/names.ts'
import type { Outcome, OutcomeOf } from '../base/policy.ts'
import { identityMemory } from '../memory/attempts.ts'
import { withWork } from '../base/light-context.ts'
import { ageOf, historyOf, timeInQueue, verdictOn, type Verdict, type Work } from '../verdict/verdict.ts'
import type { Measured } from '../otel/metrics.ts'
import { letGo, type AtHand } from '../otel/oldest-age.ts'
import { activeContext, callHook, startSpan, toLink, type SafeSpan } from '../otel/span.ts'
import type { Runtime } from '../runtime.ts'
import type { Delivery, Meaning, PastAttempt } from '../verdict/delivery.ts'
import { startOf } from '../verdict/attempt-count.ts'
import { relate } from '../verdict/relate.ts'
import { otherAttributes, sampledAttributes } from './attempt-span.ts'
import { followUp } from './follow-up.ts'
import { carriedBy, isOvertaken, readForHandling, toldDelivery, withBaggageOf } from './read.ts'

/** One attempt, begun: its span is open. One plain record, because thousands of them may wait to be settled. */
export interface Attempt extends Work {
  readonly verdict: Verdict
  readonly runtime: Runtime
  readonly span: SafeSpan
  readonly recording: boolean
  /** What the handler runs in; let go of when the attempt ends. */
  context: Context
  /** The batch that the message is handled in. Its time is part of that one's. */
  readonly within: Work | undefined
  readonly measured: Measured | undefined
  /** Whether the message is counted as in flight, and not with its batch. */
  inFlight: boolean
  /** What tells the age of the message, if it is not its batch that does. */
  atHand: AtHand | undefined
  /** What this process remembers of it. */
  remembered: PastAttempt | undefined
  /** Whether the memory was told of its end. */
  kept: boolean
  /** The message was handed out again, and another attempt on it has begun. */
  overtaken: boolean
  /** How the handler ended, at last. */
  ending: Ending | undefined
  /** Seconds that the handler has worked. */
  worked: number
  /** Whether the message waited longer than a trace may live. */
  readonly late: boolean
}

/** Starts the span of one attempt, with all that a sampler may decide on. May throw. */
export function beginAttempt(runtime: Runtime, delivery: Delivery, outer: Context = activeContext(runtime)): Attempt {
  runtime.lookAtContexts()
  const within = batchOf(delivery)
  // An arrival that was handled before was counted then.
  const counted = delivery.received === true || verdictOn(delivery)?.work?.verdict !== undefined
  const verdict = readForHandling(runtime, delivery)
  const { attempt } = verdict
  const deliveredAt = delivery.deliveredAt ?? Date.now()
  const age = ageOf(verdict, deliveredAt)
  const told = toldDelivery(verdict)
  const relation = runtime.relationFor(told)
  const { parent, previous, links } = relate(verdict, relation, age, runtime.maxTraceAge, within?.spanContext)
  const queueTime = timeInQueue(verdict, deliveredAt)

  const { facts, startedAt } = delivery
  const operation = runtime.operations(
    'process',
    'process',
    delivery.system,
    delivery.destination,
    facts?.consumerGroup,
  )
  const carried = carriedBy(verdict)
  const attributes = sampledAttributes(runtime, operation, verdict, parent, outer)
  const options: SpanOptions & { links: Link[] } = {
    kind: SpanKind.CONSUMER,
    attributes,
    links: links.map(toLink),
    root: parent === 'none',
  }
  if (startedAt !== undefined) options.startTime = startedAt
  const span = startSpan(runtime, operation.spanName, options, parent === 'ambient' ? outer : carried)
  const recording = span.isRecording()
  if (recording) span.set(otherAttributes(runtime, verdict, attributes, previous !== undefined, queueTime, age))

  // A message of a batch was counted with the batch.
  const measured = runtime.metrics.of(operation)
  if (measured !== undefined) {
    if (!counted && within === undefined) measured.consumed(1)
    if (queueTime !== undefined) measured.queued(queueTime)
    if (within === undefined) measured.inFlight(1)
  }
  const begun: Attempt = {
    verdict,
    batch: undefined,
    spanContext: span.context,
    runtime,
    span,
    recording,
    context: outer,
    within,
    measured,
    inFlight: measured !== undefined && within === undefined,
    atHand: undefined,
    remembered: undefined,
    kept: false,
    overtaken: false,
    ended: false,
    outcome: undefined,
    moved: undefined,
    told: undefined,
    failure: undefined,
    failed: undefined,
    ending: undefined,
    worked: startedAt === undefined ? 0 : Math.max(0, Date.now() - startedAt) / 1000,
    late: queueTime !== undefined && queueTime * 1000 > runtime.maxTraceAge,
  }
  const base = parent === 'ambient' ? withBaggageOf(outer, carried) : carried
  begun.context = withWork(base, span.context === undefined ? undefined : span.span, begun)
  verdict.work = begun
  const { onProcess } = runtime.hooks
  if (onProcess !== undefined) {
    const details = { delivery: told, attempt, history: historyOf(verdict, previous) }
    runIn(begun.context, () => callHook(runtime, onProcess, span, details), runtime.report)
  }
  if (attempt.overtakes !== undefined) attempt.overtakes.overtaken = true
  if (span.context !== undefined) remember(begun, span.context)
  if (within === undefined) begun.atHand = measured?.atHand(deliveredAt - (age ?? 0))
  return begun
}

function remember(attempt: Attempt, context: Attempt['spanContext'] & object): void {
  const { delivery, attempt: numbers, copy } = attempt.verdict
  attempt.remembered = (delivery.memory ?? identityMemory).began(delivery, numbers, context, copy)
  if (attempt.remembered !== undefined) attempt.remembered.running = attempt
}

const SUCCESS: Ending = { failed: false, value: undefined }

/** The handler is done: how, and after how many seconds of work. Of several calls the last one tells how. */
export function handled(attempt: Attempt, ending: Ending, seconds: number): void {
  // What a handler gives is not looked at, and may be large.
  attempt.ending = ending.failed ? ending : SUCCESS
  attempt.worked += seconds
  land(attempt)
}

/** What a handler returned may tell what became of its message. The innermost handler that says something is believed. */
export function hear(attempt: Attempt, ending: Ending, outcomeOf: OutcomeOf | undefined): void {
  if (outcomeOf !== undefined && !ending.failed) attempt.told ??= attempt.runtime.toldBy(outcomeOf, ending.value)
}

function land(attempt: Attempt): void {
  if (attempt.inFlight) attempt.measured?.inFlight(-1)
  attempt.inFlight = false
}

/** Ends the span of an attempt. Once. */
export function endAttempt(attempt: Attempt): void {
  const { ending, within, worked } = attempt
  land(attempt)
  letGo(attempt.atHand)
  attempt.ended = true
  attempt.context = ROOT_CONTEXT
  if (attempt.remembered !== undefined) {
    attempt.remembered.running = undefined
    attempt.overtaken ||= isOvertaken(attempt.verdict, attempt.remembered)
  }
  const errorType = finish(attempt)
  // Errors may be large, and whoever keeps the message keeps its attempt.
  attempt.ending = attempt.failure = undefined
  // The time of a message of a batch is part of the batch's.
  if (ending !== undefined && within === undefined) attempt.measured?.processed(worked, errorType)
}

/** Ends the span, and gives the `error.type` of an attempt that failed. */
function finish(work: Attempt): string | undefined {
  const { runtime, measured, verdict, span, recording, ending } = work
  const { delivery, attempt } = verdict
  const failed = ending?.failed === true
  const meaning = failed ? meaningOf(runtime, delivery, ending.error) : undefined
  const told = work.outcome === 'abandoned' && meaning?.unsettled === true ? undefined : work.outcome
  const failedTo = meaning === undefined ? (work.overtaken ? 'abandoned' : 'requeued') : meaning.outcome
  const became = failed ? (told ?? failedTo) : afterReturn(work)
  const outcome = atLast(work, became)
  // A handler that caught the error may have said so where it moved the message, or have given the message back instead.
  const failure = failed && meaning?.steered !== true ? ending : work.failure
  const refused = !failed && failure === undefined && (became === 'requeued' || became === 'rejected')
  if (recording) {
    const terminal = outcome !== 'requeued' && outcome !== 'retry_scheduled'
    const status = runtime.errorStatus === 'every' || terminal
    if (outcome !== undefined) span.set({ [OURS.outcome]: outcome })
    if (failure !== undefined) span.fail(failure.error, status)
    if (refused) span.refuse(became, status)
  }
  span.end()
  if (failure !== undefined) work.failed = inWords(runtime, failure.error)
  if (work.remembered !== undefined) work.remembered.failure = work.failed
  if (outcome !== undefined) measured?.delivered(outcome, attempt.kind)
  if (outcome !== undefined) keep(work, outcome)
  const errorType = refused ? became : failure && errorTypeOf(failure.error)
  if (runtime.followUp) followUp(work, outcome, errorType)
  return errorType
}

/** Tells the memory what became of an attempt, once: where its message may come back by then, while its handler still runs. */
export function keep(work: Attempt, outcome: Outcome): void {
  const { verdict, spanContext, failed } = work
  const { delivery, copy, attempt } = verdict
  if (work.kept || spanContext === undefined) return
  work.kept = true
  work.remembered ??= (delivery.memory ?? identityMemory).ended(delivery, copy, attempt, spanContext, outcome, failed)
}

/** A failure as it is remembered: without its stack, which is long. */
function inWords(runtime: Runtime, error: unknown): Failure | undefined {
  const { errorType, errorMessage } = runtime.describeFailure(error) ?? {}
  return errorType === undefined ? undefined : { errorType, errorMessage }
}

/** What a handler that returned leads to. The application settles the old copy of a message that it has published again. */
function afterReturn({ outcome, moved, told, overtaken }: Attempt): Outcome {
  const elsewhere = moved ?? (told === 'retry_scheduled' || told === 'dead_lettered' ? told : undefined)
  if (elsewhere !== undefined && (outcome === undefined || outcome === 'acked')) return elsewhere
  return outcome ?? (overtaken ? 'abandoned' : (told ?? 'acked'))
}

/** What the client makes of what a handler threw. */
function meaningOf({ report }: Runtime, { meaning }: Delivery, error: unknown): Meaning | undefined {
  return meaning === undefined ? undefined : report.guard('describe', () => meaning(error))
}

/** What the broker makes of an outcome. */
function atLast({ verdict, overtaken }: Attempt, outcome: Outcome | undefined): Outcome | undefined {
  // The later attempt has the message: its settlement is the one that counts, whatever the broker answered to this one's.
  if (outcome === 'acked' && overtaken) return 'abandoned'
  return outcome === 'requeued' && isLast(verdict) ? (verdict.delivery.exhausted ?? outcome) : outcome
}

/** What the broker allows. One that counts exactly counts this copy, and compares that with the limit. */
function isLast({ delivery: { maxAttempts }, copy, attempt }: Verdict): boolean {
  if (maxAttempts === undefined) return false
  if (copy.count?.exact === true) return copy.count.deliveries >= maxAttempts
  return attempt.attempt >= startOf(copy) - 1 + maxAttempts
}

/** The batch that a message is one of. */
function batchOf(delivery: Delivery): Work | undefined {
  const work = verdictOn(delivery)?.work as (Work & Partial<Attempt>) | undefined
  return work?.batch === undefined ? work?.within : work
}

/** Sets on a running attempt the facts that only an inner wrapper knows. */
export function adopt(running: Attempt, { maxAttempts }: Delivery): void {
  const { delivery, copy } = running.verdict
  if (maxAttempts === undefined || delivery.maxAttempts !== undefined) return
  Object.assign(delivery, { maxAttempts })
  allow(running, startOf(copy) - 1 + maxAttempts)
}

/** Says on a running attempt of how many it is one, where that was unknown. */
export function allow({ verdict, span, ended }: Attempt, maxAttempts: number): void {
  const { attempt } = verdict
  if (ended || attempt.maxAttempts !== undefined || !(attempt.attempt <= maxAttempts)) return
  verdict.attempt = { ...attempt, maxAttempts }
  span.set({ [OURS.maxAttempts]: maxAttempts })
}
