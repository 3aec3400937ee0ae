import { createContextKey, type Context, type SpanContext } from '@opentelemetry/api'
import type { Delivery } from '../verdict/delivery.ts'
import type { Verdict } from '../verdict/verdict.ts'
import type { Outcome } from '../base/policy.ts'
import { processWide } from '../base/process-wide.ts'
import { SHARED } from '../base/shared-state.ts'
import { sameSpan } from '../wire/traceparent.ts'

/** What a handler's context knows about the work it belongs to. */
export interface Handling {
  readonly messages: readonly Verdict[]
  readonly spanContext: SpanContext | undefined
  /** The members of a batch that is handled as a whole, see {@link memberOf}; `undefined`: one message. */
  readonly batch: ReadonlySet<unknown> | undefined
  /** Set by a settlement during the handler. */
  outcome: Outcome | undefined
  /** What became of the message when it was published once more. */
  moved?: Outcome | undefined
  /** What the application says its handler failed with, where it moved the message instead of throwing. */
  failure?: { readonly error: unknown } | undefined
}

/** By the client's object for a delivery: a move of the message may come after its handler, outside of its context. */
const handlings = processWide(SHARED.handlings, () => new WeakMap<object, Handling>())

/** Makes a handling known to the moves of its messages. */
export function rememberHandling(handling: Handling, deliveries: readonly Delivery[]): void {
  for (const { handle } of deliveries) if (handle !== undefined) handlings.set(handle, handling)
}

/** A handling of a message, and what it knows of that one. */
interface Handled {
  readonly verdict: Verdict
  readonly handling: Handling
}

/**
 * The latest handling of this very delivery, told by the client's object: in the handler of a batch that is the message's
 * own, once it has been handled by itself. Else the one around the call, if it is of this message.
 */
export function latestHandling(delivery: Delivery, around: Handling | undefined): Handled | undefined {
  const own = delivery.handle === undefined ? undefined : handlings.get(delivery.handle)
  const verdict = own && onlyMessage(own)
  if (own !== undefined && verdict !== undefined) return { verdict, handling: own }
  return handledIn(own, delivery) ?? handledIn(around, delivery)
}

function handledIn(handling: Handling | undefined, delivery: Delivery): Handled | undefined {
  const member = memberOf(delivery)
  const verdict =
    member === undefined ? undefined : handling?.messages.find((message) => memberOf(message.delivery) === member)
  return handling && verdict && { verdict, handling }
}

/** What a message of a batch is recognised by. */
export function memberOf({ identity, carrier }: Delivery): unknown {
  return identity ?? carrier
}

/** The messages of batches by their contexts. Made when it is first asked for: a batch may hold thousands. */
const byContext = new WeakMap<Handling, ReadonlyMap<string, Verdict>>()

/** The message of a handling that carries a context. Messages of a batch may share one; then it is any of them. */
export function findByContext(handling: Handling, context: SpanContext): Verdict | undefined {
  const only = onlyMessage(handling)
  if (only !== undefined) return only.creation !== undefined && sameSpan(only.creation, context) ? only : undefined
  let known = byContext.get(handling)
  if (known === undefined) {
    known = new Map(
      handling.messages.flatMap((one) => (one.creation === undefined ? [] : [[keyOf(one.creation), one]])),
    )
    byContext.set(handling, known)
  }
  return known.get(keyOf(context))
}

function keyOf({ traceId, spanId }: SpanContext): string {
  return traceId + spanId
}

/** The one message of a handling; `undefined`: of a batch. */
export function onlyMessage({ messages, batch }: Handling): Verdict | undefined {
  return batch === undefined ? messages[0] : undefined
}

const HANDLING = createContextKey(SHARED.handling)

export function getHandling(context: Context): Handling | undefined {
  return context.getValue(HANDLING) as Handling | undefined
}

export function setHandling(context: Context, handling: Handling): Context {
  return context.setValue(HANDLING, handling)
}
