import { trace, type Context, type SpanContext } from '@opentelemetry/api'
import { recallAttempt } from './attempts.ts'
import { recordGetter } from './carrier.ts'
import type { Delivery, Move, OutgoingMessage } from './delivery.ts'
import type { Extracted } from './format.ts'
import { getHandling, memberOf, recallHandling, type Handling } from './handling.ts'
import { judgeLater, type Judgement } from './judgement.ts'
import type { Step } from './lineage.ts'
import { nextMoveFacts, type MoveFacts } from './move-facts.ts'
import type { Runtime } from './runtime.ts'

/** A received message on its way to its next copy. */
export interface MovePlan {
  readonly step: Step
  readonly facts: MoveFacts
  /** The attempt, if it was made in this process. */
  readonly handling: Handling | undefined
  /** What the attempt failed with, as far as anybody said. */
  readonly failure: { readonly error: unknown } | undefined
  /** The parent of the send span, where that is not the active one. */
  readonly parent: Context | undefined
}

/** A move that somebody asked for, in the message's handler or anywhere else. */
export function planMove(
  runtime: Runtime,
  { delivery, kind, error }: Move,
  message: OutgoingMessage,
  active: Context,
): { readonly extracted: Extracted; readonly link: SpanContext | undefined; readonly moved: MovePlan } {
  const extracted = runtime.propagation.extract(delivery.carrier, delivery.getter ?? recordGetter, delivery.slot)
  const handling = handlingOf(delivery, active)
  const judged = (handling && judgementIn(handling, delivery)) ?? judgeLater(runtime, delivery)
  const attemptContext = handling === undefined ? rememberedContext(judged) : handling.spanContext
  const failure = error === undefined ? undefined : { error }
  const inside = handling !== undefined && handling === getHandling(active)
  return {
    extracted,
    link: judged.belief.creation,
    moved: {
      step: stepOf(kind, message, judged, attemptContext),
      facts: nextMoveFacts(kind, judged, failure && runtime.describeFailure(error)),
      handling,
      failure,
      parent: inside || attemptContext === undefined ? undefined : trace.setSpanContext(active, attemptContext),
    },
  }
}

/** A move that is known by where its message goes, or by the option `republish`. */
export function planMoveByHand(
  kind: Step['kind'],
  message: OutgoingMessage,
  judged: Judgement,
  handling: Handling,
): MovePlan {
  return {
    step: stepOf(kind, message, judged, handling.spanContext),
    facts: nextMoveFacts(kind, judged, undefined),
    handling,
    failure: undefined,
    parent: undefined,
  }
}

function stepOf(
  kind: Step['kind'],
  message: OutgoingMessage,
  { delivery, attempt, firstSent, belief }: Judgement,
  attemptContext: SpanContext | undefined,
): Step {
  const sent = message.stampTime === true ? Date.now() : undefined
  const { relation, maxAttempts } = belief.lineage ?? {}
  const deadLetter = delivery.deadLetter !== undefined
  return { kind, deadLetter, delay: message.delay, attempt, attemptContext, firstSent, maxAttempts, sent, relation }
}

/**
 * The handling of this very delivery, told by the client's object: in the handler of a batch that is the message's own,
 * where it has been handled by itself. Else the one around the call, if it is of this message.
 */
function handlingOf(delivery: Delivery, active: Context): Handling | undefined {
  const known = recallHandling(delivery)
  if (known !== undefined) return known
  const around = getHandling(active)
  return around !== undefined && judgementIn(around, delivery) !== undefined ? around : undefined
}

/** What a handling knows of a message. */
function judgementIn({ messages, batch }: Handling, delivery: Delivery): Judgement | undefined {
  const member = memberOf(delivery)
  const judged = messages.find((known) => member !== undefined && memberOf(known.delivery) === member)
  return judged ?? (batch === undefined && recallHandling(delivery)?.messages === messages ? messages[0] : undefined)
}

/**
 * The attempt that this process remembers of a message whose own is not known: taken only where the broker's exact count
 * says that it is the one.
 */
function rememberedContext({ delivery, attempt }: Judgement): SpanContext | undefined {
  const past = delivery.count?.exact === true ? recallAttempt(delivery.identity) : undefined
  return past?.attempt === attempt.attempt && past.redrives === attempt.redrives ? past.context : undefined
}
