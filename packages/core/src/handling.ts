import { createContextKey, type Context, type SpanContext } from '@opentelemetry/api'
import type { Delivery } from './delivery.ts'
import type { Judgement } from './judgement.ts'
import type { Outcome } from './policy.ts'

/** What a handler's context knows about the work it belongs to. */
export interface Handling {
  readonly messages: readonly Judgement[]
  readonly spanContext: SpanContext | undefined
  /** The members of a batch that is handled as a whole, see {@link memberOf}; `undefined`: one message. */
  readonly batch: ReadonlySet<unknown> | undefined
  /** Set by a settlement during the handler. */
  outcome: Outcome | undefined
  /** What became of the message when the handler published it once more. */
  moved?: Outcome | undefined
}

/** What a message of a batch is recognised by. */
export function memberOf({ identity, carrier }: Delivery): unknown {
  return identity ?? carrier
}

const HANDLING = createContextKey('tracebaton.handling.0')

export function getHandling(context: Context): Handling | undefined {
  return context.getValue(HANDLING) as Handling | undefined
}

export function setHandling(context: Context, handling: Handling): Context {
  return context.setValue(HANDLING, handling)
}
