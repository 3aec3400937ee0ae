import { trace, type Context, type SpanContext } from '@opentelemetry/api'
import { recallAttempt } from '../memory/attempts.ts'
import { recordGetter } from '../wire/carrier.ts'
import type { Move, OutgoingMessage } from '../verdict/delivery.ts'
import type { Extracted } from '../wire/format.ts'
import { getHandling, latestHandling, type Handling } from '../memory/handling.ts'
import { judgeLater, type Judgement } from '../verdict/judgement.ts'
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
  const judged = known?.judged ?? judgeLater(runtime, delivery)
  const moved = toMove(runtime, move, message, judged, known?.handling, active)
  return { extracted, link: judged.belief.creation, moved }
}

/**
 * A move that is known by where its message goes, or by the option `republish`.
 *
 * @param around the handling that the message was found in
 */
export function planMoveByHand(
  runtime: Runtime,
  kind: Move['kind'],
  message: OutgoingMessage,
  found: Judgement,
  around: Handling,
  active: Context,
): MovePlan {
  const { judged, handling } = latestHandling(found.delivery, around) ?? { judged: found, handling: around }
  return toMove(runtime, { kind }, message, judged, handling, active)
}

function toMove(
  runtime: Runtime,
  { kind, error }: Omit<Move, 'delivery'>,
  message: OutgoingMessage,
  judged: Judgement,
  handling: Handling | undefined,
  active: Context,
): MovePlan {
  const attemptContext = handling === undefined ? rememberedContext(judged) : handling.spanContext
  const failure = error === undefined ? undefined : { error }
  const inside = handling !== undefined && handling === getHandling(active)
  return {
    step: stepOf(kind, message, judged, attemptContext),
    facts: nextMoveFacts(kind, judged, failure && runtime.describeFailure(error)),
    handling,
    failure,
    parent: inside || attemptContext === undefined ? undefined : trace.setSpanContext(active, attemptContext),
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
 * The attempt that this process remembers of a message whose own is not known: taken only where the broker's exact count
 * says that it is the one.
 */
function rememberedContext({ delivery, attempt }: Judgement): SpanContext | undefined {
  const past = delivery.count?.exact === true ? recallAttempt(delivery.identity) : undefined
  return past?.attempt === attempt.attempt && past.redrives === attempt.redrives ? past.context : undefined
}
