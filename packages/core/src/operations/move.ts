import { trace, type Context, type SpanContext } from '@opentelemetry/api'
import { recallAttempt } from '../memory/attempts.ts'
import { recordGetter } from '../wire/carrier.ts'
import type { Move, OutgoingMessage } from '../verdict/delivery.ts'
import type { Extracted } from '../wire/format.ts'
import { getHandling, latestHandling, type Handling } from '../memory/handling.ts'
import type { Verdict } from '../verdict/verdict.ts'
import { readLater } from './read.ts'
import type { MoveFacts } from '../wire/move-facts.ts'
import { nextMoveFacts } from './next-facts.ts'
import type { Runtime } from '../runtime.ts'
import type { Step } from '../verdict/step.ts'

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
  move: Move,
  message: OutgoingMessage,
  active: Context,
): { readonly extracted: Extracted; readonly link: SpanContext | undefined; readonly moved: MovePlan } {
  const { delivery } = move
  const extracted = runtime.propagation.extract(delivery.carrier, delivery.getter ?? recordGetter, delivery.slot)
  const known = latestHandling(delivery, getHandling(active))
  const verdict = known?.verdict ?? readLater(runtime, delivery)
  const moved = toMove(runtime, move, message, verdict, known?.handling, active)
  return { extracted, link: verdict.belief.creation, moved }
}

/** A move of the one message at hand that is known by where it goes, or by the option `republish`. */
export function planMoveByHand(
  runtime: Runtime,
  kind: Move['kind'],
  message: OutgoingMessage,
  verdict: Verdict,
  handling: Handling,
  active: Context,
): MovePlan {
  return toMove(runtime, { kind }, message, verdict, handling, active)
}

function toMove(
  runtime: Runtime,
  { kind, error }: Omit<Move, 'delivery'>,
  message: OutgoingMessage,
  verdict: Verdict,
  handling: Handling | undefined,
  active: Context,
): MovePlan {
  const attemptContext = handling === undefined ? rememberedContext(verdict) : handling.spanContext
  const failure = error === undefined ? undefined : { error }
  const inside = handling !== undefined && handling === getHandling(active)
  return {
    step: stepOf(kind, message, verdict, attemptContext),
    facts: nextMoveFacts(kind, verdict, failure && runtime.describeFailure(error)),
    handling,
    failure,
    parent: inside || attemptContext === undefined ? undefined : trace.setSpanContext(active, attemptContext),
  }
}

function stepOf(
  kind: Step['kind'],
  message: OutgoingMessage,
  { deadLetter, attempt, firstSent, belief }: Verdict,
  attemptContext: SpanContext | undefined,
): Step {
  const sent = message.stampTime === true ? Date.now() : undefined
  const { relation, maxAttempts } = belief.lineage ?? {}
  return {
    kind,
    deadLetter: deadLetter !== undefined,
    delay: message.delay,
    attempt,
    attemptContext,
    firstSent,
    maxAttempts,
    sent,
    relation,
  }
}

/**
 * The attempt that this process remembers of a message whose own is not known: taken only where the broker's exact count
 * says that it is the one.
 */
function rememberedContext({ delivery, attempt }: Verdict): SpanContext | undefined {
  const past = delivery.count?.exact === true ? recallAttempt(delivery.identity) : undefined
  return past?.attempt === attempt.attempt && past.redrives === attempt.redrives ? past.context : undefined
}
