import { SpanKind, type Attributes, type Context } from '@opentelemetry/api'
import { callIn, runIn } from '../base/call.ts'
import { errorTypeOfEnding, type Ending } from '../base/errors.ts'
import { OURS } from '../base/names.ts'
import type { Outcome } from '../base/policy.ts'
import type { Measured } from '../otel/metrics.ts'
import {
  activate,
  activeContext,
  callHook,
  parentOf,
  secondsSince,
  spanIn,
  startSpan,
  type SafeSpan,
} from '../otel/span.ts'
import type { Runtime } from '../runtime.ts'
import type { Publication, SendResults } from '../verdict/delivery.ts'
import type { Step } from '../verdict/attempt-count.ts'
import { firstSendIn } from '../verdict/verdict.ts'
import { isBare, isSuppressed } from '../wire/format.ts'
import { followUp } from './follow-up.ts'
import { inject, outgoingOf, Rooms, type Injection, type Outgoing } from './injection.ts'
import { withBaggageOf } from './read.ts'
import { planMessage, type MovePlan, type Plan } from './plan.ts'
import { isNew, linksOf, nameJourney, otherAttributes, sampledAttributes, startCreate } from './send-span.ts'

/** One call that publishes messages, begun. */
interface Call {
  readonly runtime: Runtime
  readonly publication: Publication
  readonly plans: readonly Plan[]
  readonly span: SafeSpan
  /** By position of the message: its own span; empty: the call's span is that of all messages. */
  readonly creates: readonly (SafeSpan | undefined)[]
  /** Whether anything becomes of the broker's answer. */
  readonly heard: boolean
  readonly measured: Measured | undefined
  readonly startedAt: number
  /** What the call runs in. */
  readonly context: Context
  readonly injections: readonly (Injection | undefined)[]
}

/**
 * Runs a call that publishes messages, in its span or spans, and tells it what to write onto each.
 *
 * @param publish gets one entry per message: what to write, or `undefined` to leave the message as it is. Called
 * exactly once; with an empty list if we failed. Its result and its errors pass through, see {@link callIn}
 */
export function sendPublication<Result>(
  runtime: Runtime,
  publication: Publication,
  publish: (injections: readonly (Injection | undefined)[]) => Result,
): Result {
  const call = begin(runtime, publication)
  if (call === undefined) return publish([])
  const { context, injections } = call
  return callIn(
    context,
    () => publish(injections),
    runtime.report,
    (ending) => finish(call, ending),
  )
}

/** A call that publishes messages, begun. The broker's answer comes to a callback. */
export interface OpenSend {
  /** By position of the message: what to write onto it; `undefined`: leave it as it is. */
  readonly injections: readonly (Injection | undefined)[]
  /** Runs the call, once. Gives what it gives; if it throws, that is its end. */
  run<Result>(call: () => Result): Result
  /**
   * Ends its spans. Only the first end counts.
   *
   * @param answer an error, or the value that `results` of the publication reads; `undefined`: it is unknown what becomes of
   * the messages
   */
  end(answer: { readonly error?: unknown; readonly value?: unknown } | undefined): void
}

/**
 * Begins a call that publishes messages and is answered by a callback. Whatever the callback sees is told by then.
 *
 * @returns `undefined`: there is nothing to do, or we failed
 */
export function openSend(runtime: Runtime, publication: Publication): OpenSend | undefined {
  const call = begin(runtime, publication)
  return call && new Opened(call)
}

class Opened implements OpenSend {
  readonly injections: OpenSend['injections']
  private readonly call: Call
  private ended = false

  constructor(call: Call) {
    this.injections = call.injections
    this.call = call
  }

  run<Result>(work: () => Result): Result {
    const { context, runtime } = this.call
    try {
      return runIn(context, work, runtime.report)
    } catch (error) {
      this.finish({ failed: true, error })
      throw error
    }
  }

  end(answer: { readonly error?: unknown; readonly value?: unknown } | undefined): void {
    const { error, value } = answer ?? {}
    this.finish(answer && (error ? { failed: true, error } : { failed: false, value }))
  }

  private finish(ending: Ending | undefined): void {
    if (this.ended) return
    this.ended = true
    this.call.runtime.report.guard('span', () => finish(this.call, ending))
  }
}

/** `undefined`: there is nothing to do, or we failed. */
function begin(runtime: Runtime, publication: Publication): Call | undefined {
  try {
    const active = activeContext(runtime)
    if (publication.move === undefined && runtime.isIdle() && isBare(active)) return undefined
    return start(runtime, publication, active)
  } catch (error) {
    runtime.report.failed('span', error)
    return undefined
  }
}

function start(runtime: Runtime, publication: Publication, active: Context): Call {
  const { messages } = publication
  const plans = messages.map((message) => planMessage(runtime, publication, message, active))
  const within = spanIn(runtime, active)
  const parent = parentOf(runtime, active, within, runtime.maxTraceAge)
  // Outside of any span there is no handler.
  const around = within === undefined || parent !== active ? undefined : firstSendIn(active)
  const single = plans.length === 1 ? plans[0] : undefined
  const anyNew = plans.some(isNew)
  const perMessage = single === undefined && anyNew && plans.length <= runtime.spanPerMessageUpTo
  const creates = perMessage ? plans.map((plan) => startCreate(runtime, publication, plan, parent, around)) : []
  const operation = runtime.operations(
    'send',
    publication.operation,
    publication.system,
    single?.message.destination ?? publication.destination,
  )
  const attributes = sampledAttributes(runtime, publication, operation, single)
  const links = linksOf(plans, creates)
  const kind = perMessage || !anyNew ? SpanKind.CLIENT : SpanKind.PRODUCER
  const span = startSpan(runtime, operation.spanName, { kind, attributes, links }, single?.moved?.parent ?? parent)
  const recording = span.isRecording()
  if (recording) {
    const more = otherAttributes(runtime, publication, single, attributes, kind)
    nameJourney(more, single?.first ?? around, span)
    span.set(more)
  }
  if (runtime.hooks.onSend !== undefined) callHook(runtime, runtime.hooks.onSend, span, publication)

  const context = activate(parent, span)
  const silent = isSuppressed(active)
  let shared: Outgoing | undefined
  const rooms = new Rooms(plans)
  const injections = plans.map((plan, index) => {
    if (plan.act === 'keep') return undefined
    if (silent) return inject(runtime, publication, operation, plan, undefined, undefined, undefined)
    const own = contextOf(plan, creates[index], context, parent)
    const outgoing =
      own === context ? (shared ??= outgoingOf(runtime, own, false)) : outgoingOf(runtime, own, plan.act === 'move')
    return inject(runtime, publication, operation, plan, outgoing, rooms.get(plan.message.fits), around)
  })
  const measured = runtime.metrics.of(operation)
  const startedAt = measured === undefined ? 0 : performance.now()
  const heard = recording || creates.length > 0 || measured !== undefined || plans.some(isMove)
  return { runtime, publication, plans, span, creates, heard, measured, startedAt, context, injections }
}

/** What a message is to carry: the context that it came with, or that of its span, or of the call's. */
function contextOf({ act, carried }: Plan, created: SafeSpan | undefined, context: Context, parent: Context): Context {
  const own = created === undefined ? context : activate(parent, created)
  if (carried === undefined) return own
  return act === 'move' ? carried : withBaggageOf(own, carried)
}

function isMove({ moved }: Plan): boolean {
  return moved !== undefined
}

/**
 * Ends the spans of a call, counts its messages, and tells the attempts whose messages were moved.
 *
 * @param ending `undefined`: unknown
 */
function finish(call: Call, ending: Ending | undefined): void {
  const { runtime, publication, plans, span, creates, heard, measured } = call
  const results =
    ending?.failed !== false || !heard
      ? undefined
      : runtime.report.guard('describe', () => publication.results?.(ending.value))
  if (results !== undefined) record(call, results)
  for (const created of creates) created?.end()
  if (ending === undefined) span.set({ [OURS.confirm]: 'unknown' })
  else if (ending.failed) span.fail(ending.error)
  span.end()
  if (ending === undefined) return measured?.unconfirmed(plans.length)
  if (measured !== undefined) measure(measured, call, results, ending)
  if (heard) tellOutcome(runtime, plans, results, ending)
}

/** What the broker answered, about the call and about each message. */
function record({ runtime: { names }, publication, plans, span, creates }: Call, results: SendResults): void {
  const attributes: Attributes = {}
  names.facts(attributes, results.facts)
  if (publication.batch) names.set(attributes, 'messageCount', results.count)
  plans.forEach((_, index) => {
    const { facts, error } = results.messages?.[index] ?? {}
    const own = creates[index] ?? (plans.length === 1 ? span : undefined)
    if (own === span) names.facts(attributes, facts)
    else if (own?.isRecording() === true) {
      const said: Attributes = {}
      names.facts(said, facts)
      own.set(said)
    }
    if (error !== undefined) (own ?? span).refuse(error)
  })
  span.set(attributes)
}

/** Messages that the broker refused are counted by what it said. */
function measure(
  measured: Measured,
  { plans, startedAt }: Call,
  results: SendResults | undefined,
  ending: Ending,
): void {
  const errorType = errorTypeOfEnding(ending)
  measured.operation(secondsSince(startedAt), errorType)
  let rest = results?.count ?? plans.length
  for (const result of results?.messages?.slice(0, plans.length) ?? []) {
    if (result?.error === undefined) continue
    measured.sent(1, result.error)
    rest -= 1
  }
  if (rest > 0) measured.sent(rest, errorType)
}

const MOVED: Readonly<Record<Step['kind'], Outcome>> = {
  retry: 'retry_scheduled',
  dead_letter: 'dead_lettered',
  redrive: 'acked',
}

function refusal(errorType: string): Error {
  return Object.assign(new Error('The broker refused the copy'), { name: errorType })
}

/**
 * The attempt whose message was published again gets to know what became of it, and what it failed with. If the copy was
 * refused, the attempt has failed, even where its handler does not pass the error on.
 */
function tellOutcome(runtime: Runtime, plans: readonly Plan[], results: SendResults | undefined, ending: Ending): void {
  plans.forEach(({ moved }, index) => {
    if (moved === undefined) return
    const { work } = moved
    const refused = results?.messages?.[index]?.error
    const isTaken = !ending.failed && refused === undefined
    // An attempt that has yet to end tells it by then.
    if (isTaken && (work?.batch !== undefined || work?.ended !== false)) tellProducer(runtime, moved)
    if (work === undefined || work.batch !== undefined || work.ended) return
    if (ending.failed) work.failure ??= moved.failure ?? ending
    else if (refused !== undefined) work.failure ??= moved.failure ?? { error: refusal(refused) }
    else {
      work.moved = MOVED[moved.step.kind]
      work.failure = moved.failure
    }
  })
}

/** Tells of a dead letter whose attempt has ended, or that was handled with its batch. */
function tellProducer(runtime: Runtime, { step, facts, verdict, work }: MovePlan): void {
  if (!runtime.followUp || step.kind !== 'dead_letter') return
  const attempt = { runtime, verdict, spanContext: step.attemptContext, late: false }
  followUp(attempt, MOVED.dead_letter, facts.errorType ?? work?.failed?.errorType)
}
