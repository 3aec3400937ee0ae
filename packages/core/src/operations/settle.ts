import { SpanKind, type Attributes, type Context } from '@opentelemetry/api'
import { callIn } from '../base/call.ts'
import { errorTypeOfEnding, type Ending } from '../base/errors.ts'
import type { Delivery } from '../verdict/delivery.ts'
import { getWork, type Work } from '../verdict/verdict.ts'
import { addAttributes, type Facts, type Destination } from '../base/names.ts'
import { copyAttributes } from '../otel/operation.ts'
import type { Outcome } from '../base/policy.ts'
import type { Runtime } from '../runtime.ts'
import { activate, activeContext, callHook, parentIn, secondsSince, startSpan } from '../otel/span.ts'

/** One call that tells the broker what becomes of deliveries. */
export interface Settlement {
  readonly system: string
  /** The client's verb: `delete`, `ack`, `commit`. */
  readonly operation: string
  readonly destination: Destination
  /** `undefined`: the call settles nothing by itself (more time for the handler). */
  readonly outcome: Outcome | undefined
  /** By position, where that differs. @default `outcome` for all */
  readonly outcomes?: readonly (Outcome | undefined)[] | undefined
  /** The keys of the deliveries, see `Delivery.key`. */
  readonly keys: readonly (string | number)[]
  /** What the keys belong to, see `Delivery.source`. @default none */
  readonly source?: unknown
  /** By position of the key: the attempts that the call settles, where they outlive their handlers. @default none */
  readonly attempts?: readonly ({ settle(outcome: Outcome): void } | undefined)[] | undefined
  /** Whether the call is one of the client's batch calls. */
  readonly batch: boolean
  readonly facts?: Facts | undefined
  /** Recorded on the span as they are, for what {@link Facts} have no word for. @default none */
  readonly attributes?: Attributes | undefined
  /** Positions that the broker refused, in its answer. @default none */
  readonly refused?: ((answer: unknown) => readonly number[]) | undefined
}

/**
 * Runs a call that settles deliveries. If it settles the one being handled, the attempt's outcome follows it. Makes a
 * span only where the option asks for it. The call's result and errors pass through, see {@link callIn}.
 */
export function settleDeliveries<Result>(runtime: Runtime, settlement: Settlement, call: () => Result): Result {
  // An attempt may have begun before all there is to do was to pass contexts on.
  if (runtime.isIdle() && settlement.attempts?.some((attempt) => attempt !== undefined) !== true) return call()
  const begun = runtime.report.guard('span', () => begin(runtime, settlement))
  return begun === undefined ? call() : callIn(begun.context, call, runtime.report, begun.end)
}

/**
 * The same for a call that settles one open attempt and answers at once. Where settlements have no span, that is all: the
 * call is not described.
 *
 * @param attempt `undefined`: the delivery has none, or none is known
 */
export function settleOpenAttempt<Result>(
  runtime: Runtime,
  attempt: { settle(outcome: Outcome): void } | undefined,
  outcome: Outcome,
  describe: () => Settlement,
  call: () => Result,
): Result {
  const settlement = runtime.settleSpans ? runtime.report.guard('describe', describe) : undefined
  if (settlement !== undefined) return settleDeliveries(runtime, settlement, call)
  const result = call()
  attempt?.settle(outcome)
  return result
}

function begin(
  runtime: Runtime,
  settlement: Settlement,
): { context: Context | undefined; end: (ending: Ending) => void } {
  const active = activeContext(runtime)
  const work = getWork(active)
  const begun = runtime.settleSpans ? startSettle(runtime, settlement, active) : undefined
  const end = (ending: Ending): void => {
    tellOutcomes(runtime, settlement, work, ending)
    begun?.end(ending)
  }
  return { context: begun?.context, end }
}

/** Starts the span of a call. */
function startSettle(
  runtime: Runtime,
  settlement: Settlement,
  active: Context,
): { readonly context: Context; readonly end: (ending: Ending) => void } {
  const { names, metrics } = runtime
  const { operation: verb, system, destination, outcome } = settlement
  const operation = runtime.operations(outcome === undefined ? undefined : 'settle', verb, system, destination)
  const attributes = copyAttributes(operation)
  names.facts(attributes, settlement.facts)
  addAttributes(attributes, settlement.attributes)
  if (settlement.batch) names.set(attributes, 'messageCount', settlement.keys.length)
  const parent = parentIn(runtime, active)
  const span = startSpan(runtime, operation.spanName, { kind: SpanKind.CLIENT, attributes }, parent)
  callHook(runtime, runtime.hooks.onSettle, span, { outcome })
  const startedAt = performance.now()
  const end = (ending: Ending): void => {
    if (ending.failed) span.fail(ending.error)
    span.end()
    metrics.of(operation)?.operation(secondsSince(startedAt), errorTypeOfEnding(ending))
  }
  return { context: activate(parent, span), end }
}

/** The attempts that the call has settled get to know it. If a message could not be taken off its queue, it is still there. */
function tellOutcomes({ report }: Runtime, settlement: Settlement, work: Work | undefined, ending: Ending): void {
  const { outcome, outcomes, refused, attempts } = settlement
  const refusals = ending.failed ? undefined : refused && report.guard('describe', () => new Set(refused(ending.value)))
  const isTaken = (position: number): boolean => !ending.failed && refusals?.has(position) !== true
  const wanted = (position: number): Outcome | undefined => (outcomes === undefined ? outcome : outcomes[position])
  const own = positionOf(settlement, work?.verdict?.delivery)
  const what = own < 0 ? undefined : wanted(own)
  // An attempt that outlives its handler is told below, and takes the first word.
  if (work !== undefined && what !== undefined && attempts?.[own] === undefined) {
    if (isTaken(own)) work.outcome = what
    else if (what === 'acked') work.told ??= 'abandoned'
  }
  attempts?.forEach((attempt, position) => {
    const becomes = isTaken(position) ? wanted(position) : undefined
    if (becomes !== undefined) attempt?.settle(becomes)
  })
}

/** Where a call settles a delivery; -1: it does not. */
function positionOf({ keys, source, system }: Settlement, delivery: Delivery | undefined): number {
  if (delivery?.key === undefined || delivery.source !== source || delivery.system !== system) return -1
  return keys.indexOf(delivery.key)
}
