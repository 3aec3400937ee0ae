import { SpanKind, type Attributes, type Context } from '@opentelemetry/api'
import { callIn, errorTypeOfEnding, type Ending } from '../base/call.ts'
import type { Delivery, Destination } from '../verdict/delivery.ts'
import { getWork } from '../memory/work.ts'
import { addAttributes, type Facts } from '../base/names.ts'
import { copyAttributes } from '../otel/operation.ts'
import type { Outcome } from '../base/policy.ts'
import type { Runtime } from '../runtime.ts'
import { activate, activeContext, callHook, secondsSince, startSpan } from '../otel/span.ts'

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
  if (runtime.isIdle()) return call()
  const begun = runtime.report.guard('span', () => begin(runtime, settlement))
  return begun === undefined ? call() : callIn(begun.context, call, runtime.report, begun.end)
}

function begin(
  runtime: Runtime,
  settlement: Settlement,
): { context: Context | undefined; end: (ending: Ending) => void } {
  const { names, metrics, report } = runtime
  const active = activeContext(runtime)
  const work = getWork(active)
  const { operation: verb, system, destination, outcome, keys } = settlement
  const operation = runtime.operations(outcome === undefined ? undefined : 'settle', verb, system, destination)

  const attributes = copyAttributes(operation)
  names.facts(attributes, settlement.facts)
  addAttributes(attributes, settlement.attributes)
  if (settlement.batch) names.set(attributes, 'messageCount', keys.length)
  const span = runtime.settleSpans
    ? startSpan(runtime, operation.spanName, { kind: SpanKind.CLIENT, attributes }, active)
    : undefined
  if (span !== undefined) callHook(runtime, runtime.hooks.onSettle, span, { outcome })

  const startedAt = performance.now()
  const end = (ending: Ending): void => {
    if (!ending.failed) {
      const { refused: readRefused } = settlement
      const refused = readRefused && report.guard('describe', () => new Set(readRefused(ending.value)))
      const told = (position: number): Outcome | undefined => {
        if (refused?.has(position) === true) return undefined
        return settlement.outcomes === undefined ? outcome : settlement.outcomes[position]
      }
      const own = positionOf(settlement, work?.verdict?.delivery)
      if (work !== undefined && own >= 0) work.outcome = told(own) ?? work.outcome
      settlement.attempts?.forEach((attempt, position) => {
        const what = told(position)
        if (what !== undefined) attempt?.settle(what)
      })
    }
    if (span === undefined) return
    if (ending.failed) span.fail(ending.error)
    span.end()
    metrics.of(operation)?.operation(secondsSince(startedAt), errorTypeOfEnding(ending))
  }
  return { context: span === undefined ? undefined : activate(active, span), end }
}

/** Where a call settles a delivery; -1: it does not. */
function positionOf({ keys, source, system }: Settlement, delivery: Delivery | undefined): number {
  if (delivery?.key === undefined || delivery.source !== source || delivery.system !== system) return -1
  return keys.indexOf(delivery.key)
}
