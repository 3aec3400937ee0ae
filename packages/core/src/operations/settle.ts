import { SpanKind, type Attributes, type Context } from '@opentelemetry/api'
import { callIn, errorTypeOfEnding, type Ending } from '../base/call.ts'
import type { Destination } from '../verdict/delivery.ts'
import { getHandling, onlyMessage } from '../memory/handling.ts'
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
  /** The broker's handles of the deliveries; see `Delivery.receipt`. */
  readonly receipts: readonly string[]
  /** By position of the receipt: the attempts that the call settles, where they outlive their handlers. @default none */
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
  const handling = getHandling(active)
  const { operation: verb, system, destination, outcome, receipts } = settlement
  const operation = runtime.operations(outcome === undefined ? undefined : 'settle', verb, system, destination)

  const attributes = copyAttributes(operation)
  names.facts(attributes, settlement.facts)
  addAttributes(attributes, settlement.attributes)
  if (settlement.batch) names.set(attributes, 'messageCount', receipts.length)
  const span = runtime.settleSpans
    ? startSpan(runtime, operation.spanName, { kind: SpanKind.CLIENT, attributes }, active)
    : undefined
  if (span !== undefined) callHook(runtime, runtime.hooks.onSettle, span, { outcome })

  const startedAt = performance.now()
  const end = (ending: Ending): void => {
    const refused = ending.failed
      ? receipts
      : report.guard('describe', () => settlement.refused?.(ending.value).map((position) => receipts[position]))
    const lost = new Set(refused)
    const told = (position: number): Outcome | undefined =>
      settlement.outcomes === undefined ? outcome : settlement.outcomes[position]
    const receipt = handling && onlyMessage(handling)?.delivery.receipt
    if (handling !== undefined && receipt !== undefined && receipts.includes(receipt) && !lost.has(receipt)) {
      handling.outcome = told(receipts.indexOf(receipt)) ?? handling.outcome
    }
    settlement.attempts?.forEach((attempt, position) => {
      const what = lost.has(receipts[position]) ? undefined : told(position)
      if (what !== undefined) attempt?.settle(what)
    })
    if (span === undefined) return
    if (ending.failed) span.fail(ending.error)
    span.end()
    metrics.operation(operation, secondsSince(startedAt), errorTypeOfEnding(ending))
  }
  return { context: span === undefined ? undefined : activate(active, span), end }
}
