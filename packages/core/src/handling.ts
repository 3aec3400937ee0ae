import { createContextKey, type Context, type SpanContext } from '@opentelemetry/api'
import type { Delivery } from './delivery.ts'
import type { Judgement } from './judgement.ts'
import type { Outcome } from './policy.ts'
import { processWide } from './process-wide.ts'

/** What a handler's context knows about the work it belongs to. */
export interface Handling {
  readonly messages: readonly Judgement[]
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
const handlings = processWide('tracebaton.handlings.0', () => new WeakMap<object, Handling>())

/** Makes a handling known to the moves of its messages. */
export function rememberHandling(handling: Handling, deliveries: readonly Delivery[]): void {
  for (const { handle } of deliveries) if (handle !== undefined) handlings.set(handle, handling)
}

/** What a message of a batch is recognised by. */
export function memberOf({ identity, carrier }: Delivery): unknown {
  return identity ?? carrier
}

/** A handling of a message, and what it knows of that one. */
interface Handled {
  readonly judged: Judgement
  readonly handling: Handling
}

/**
 * The latest handling of this very delivery, told by the client's object: in the handler of a batch that is the message's
 * own, once it has been handled by itself. Else the one around the call, if it is of this message.
 */
export function latestHandling(delivery: Delivery, around: Handling | undefined): Handled | undefined {
  const own = delivery.handle === undefined ? undefined : handlings.get(delivery.handle)
  const judged = own?.batch === undefined ? own?.messages[0] : undefined
  if (own !== undefined && judged !== undefined) return { judged, handling: own }
  return handledIn(own, delivery) ?? handledIn(around, delivery)
}

function handledIn(handling: Handling | undefined, delivery: Delivery): Handled | undefined {
  const member = memberOf(delivery)
  if (handling === undefined || member === undefined) return undefined
  const judged = handling.messages.find((known) => memberOf(known.delivery) === member)
  return judged && { judged, handling }
}

const HANDLING = createContextKey('tracebaton.handling.0')

export function getHandling(context: Context): Handling | undefined {
  return context.getValue(HANDLING) as Handling | undefined
}

export function setHandling(context: Context, handling: Handling): Context {
  return context.setValue(HANDLING, handling)
}
