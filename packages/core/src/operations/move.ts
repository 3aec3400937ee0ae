import { trace, type Context, type SpanContext } from '@opentelemetry/api'
import { headerText } from '../base/text.ts'
import { identityMemory } from '../memory/attempts.ts'
import { getWork, sameDelivery, verdictOn } from '../memory/work.ts'
import type { Runtime } from '../runtime.ts'
import type { Delivery, Move, OutgoingMessage } from '../verdict/delivery.ts'
import type { Step } from '../verdict/step.ts'
import type { Verdict, Work } from '../verdict/verdict.ts'
import type { Failure } from '../wire/failure.ts'
import type { Extracted } from '../wire/format.ts'
import type { MoveFacts } from '../wire/move-facts.ts'
import { readLater } from './read.ts'

/** A received message on its way to its next copy. */
export interface MovePlan {
  readonly step: Step
  readonly facts: MoveFacts
  /** The attempt, if it was made in this process. */
  readonly work: Work | undefined
  /** What the attempt failed with, as far as it was told. */
  readonly failure: { readonly error: unknown } | undefined
  /** The parent of the send span, where that is not the active one. */
  readonly parent: Context | undefined
}

/** A move that was asked for, in the message's handler or anywhere else. */
export function planMove(
  runtime: Runtime,
  move: Move,
  message: OutgoingMessage,
  active: Context,
): { readonly extracted: Extracted; readonly link: SpanContext | undefined; readonly moved: MovePlan } {
  const verdict = handledVerdict(move.delivery, getWork(active)) ?? readLater(runtime, move.delivery)
  const moved = toMove(runtime, move, message, verdict, active)
  return { extracted: verdict.extracted, link: verdict.belief.creation, moved }
}

/** The verdict on a delivery that is being handled, or has been. */
function handledVerdict(delivery: Delivery, around: Work | undefined): Verdict | undefined {
  const known = verdictOn(delivery)
  if (known?.work !== undefined) return known
  const same = (verdict: Verdict): boolean => sameDelivery(verdict.delivery, delivery)
  if (around?.verdict !== undefined) return same(around.verdict) ? around.verdict : undefined
  return around?.batch?.find(same)
}

/** Says what the next copy of a received message carries. */
export function toMove(
  runtime: Runtime,
  { kind, error }: Omit<Move, 'delivery'>,
  message: OutgoingMessage,
  verdict: Verdict,
  active: Context,
): MovePlan {
  const { work, copy, attempt, firstSent } = verdict
  const attemptContext = work === undefined ? rememberedContext(verdict) : work.spanContext
  const failure = error === undefined ? undefined : { error }
  const inside = work !== undefined && work === getWork(active)
  return {
    step: {
      kind,
      deadLetter: copy.deadLetter !== undefined,
      delay: message.delay,
      attempt,
      attemptContext,
      firstSent,
      maxAttempts: copy.lineage?.maxAttempts,
      sent: message.stampTime === true ? Date.now() : undefined,
      deaths: message.deaths,
      relation: copy.lineage?.relation,
    },
    facts: nextFacts(kind, verdict, failure && runtime.describeFailure(error)),
    work,
    failure,
    parent: inside || attemptContext === undefined ? undefined : trace.setSpanContext(active, attemptContext),
  }
}

/**
 * The attempt that this process remembers of a message whose own is not known: taken only where the broker's exact count
 * says that it is the one.
 */
function rememberedContext({ delivery, copy, attempt }: Verdict): SpanContext | undefined {
  if (copy.count?.exact !== true || delivery.identity === undefined) return undefined
  const past = (delivery.memory ?? identityMemory).latest(delivery, copy)
  return past?.attempt === attempt.attempt && past.redrives === attempt.redrives ? past.context : undefined
}

/**
 * The facts that the next copy carries. Where the message was at first is written once; a redrive says nothing new, and
 * keeps what is known of the failure.
 */
function nextFacts(
  kind: Move['kind'],
  { delivery, copy, attempt, moved }: Verdict,
  failure: Failure | undefined,
): MoveFacts {
  if (kind === 'redrive') return moved ?? {}
  const { facts, destination } = delivery
  const source = copy.deadLetter?.source
  const consumer = delivery.queue ?? facts?.consumerGroup
  const original =
    moved?.originalDestination === undefined
      ? {
          originalDestination: clean(source ?? destination.name),
          // A broker that moved it here does not say where it stood there, and its id stays the same.
          originalPosition: clean(source === undefined ? positionOf(delivery) : facts?.messageId),
          originalConsumer: source === undefined ? clean(consumer) : undefined,
        }
      : {
          originalDestination: moved.originalDestination,
          originalPosition: moved.originalPosition,
          originalConsumer: moved.originalConsumer,
        }
  return { ...original, attempts: attempt.attempt, ...failure, failedAt: new Date().toISOString() }
}

function positionOf({ position, facts, key }: Delivery): string | undefined {
  if (facts?.offset !== undefined) return position ?? `${facts.partition}:${facts.offset}`
  return position ?? facts?.messageId ?? key?.toString()
}

function clean(text: string | undefined): string | undefined {
  return text === undefined ? undefined : headerText(text)
}
