import { type Context, type SpanContext, trace } from '@opentelemetry/api'
import type { Failure, MoveFacts } from '../wire/history.ts'
import type { LinkRole, Relative } from '../base/policy.ts'
import {
  boundedAttempt,
  elsewhere,
  firstSendOf,
  getWork,
  sameDelivery,
  verdictIn,
  verdictOn,
  type Verdict,
  type Work,
} from '../verdict/verdict.ts'
import type { Runtime } from '../runtime.ts'
import type { Delivery, OutgoingMessage, Publication, Move } from '../verdict/delivery.ts'
import { believe, type Belief } from '../verdict/relation.ts'
import { recordGetter } from '../wire/carrier.ts'
import { validSpanContext } from '../wire/format.ts'
import { sameSpan } from '../wire/traceparent.ts'
import { toldDelivery, readLater } from './read.ts'
import { boundedName } from '../base/bounds.ts'
import { hasBaggage, messageWithBaggage, messageWithContext } from './source.ts'
import { identityMemory } from '../memory/attempts.ts'
import type { Step } from '../verdict/attempt-count.ts'

/** What is decided about one message before the call. */
export interface Plan {
  readonly message: OutgoingMessage
  /** `create`: a new context goes onto it. `keep`: it has a context already. `move`: it was received, and keeps its own. */
  readonly act: 'create' | 'keep' | 'move'
  /** A context that the send span links: the kept one, or the one of a message that this was made from. */
  readonly link: (Relative & { readonly role: LinkRole }) | undefined
  /** Of a message that was received, what it carries; `undefined`: nothing of that may go on. */
  readonly carried: Context | undefined
  /** Whether its `baggage` header came with a message that was received, and is not to stay. */
  readonly receivedBaggage: boolean
  /** Whether it was made of a received message whose producer is not trusted in full: no field of that may go on. */
  readonly distrusted: boolean
  /** Set where a received message is sent again. */
  readonly moved: MovePlan | undefined
  /** The first send of the journey of the received message that it is made of; `undefined`: of none, or unknown. */
  readonly first: SpanContext | undefined
}

/** Decides what a message is: see the table "What a message is when you send it" in `docs/propagation.md`. */
export function planMessage(
  runtime: Runtime,
  publication: Publication,
  message: OutgoingMessage,
  active: Context,
): Plan {
  if (publication.move !== undefined) {
    const verdict = verdictFor(runtime, publication.move, active)
    return planMove(runtime, publication.move, publication, message, verdict, active)
  }
  const { creation, baggage } = runtime.propagation.extract(message.carrier, message.getter ?? recordGetter)
  const work = creation === undefined && baggage === undefined ? undefined : getWork(active)
  const received = creation && messageWithContext(work, creation)
  // Nearly always the message whose context it is.
  const isReceived = received !== undefined && baggage !== undefined && hasBaggage(received, baggage)
  const source = isReceived ? received : baggage && messageWithBaggage(work, baggage)
  const copied = source !== undefined && losesBaggage(runtime, source)
  const distrusted = isDistrusted(received) || isDistrusted(source)
  if (creation === undefined) return toPlan(message, 'create', copied, distrusted)
  const span = validSpanContext(active)
  // A remote one is no span of ours: without an SDK the message's own context is active.
  if (sameSpan(creation, span) && span?.isRemote !== true) return toPlan(message, 'create', copied, distrusted)

  const destination = message.destination ?? publication.destination
  const asked = message.destination === undefined ? publication : Object.assign({}, publication, { destination })
  if (received !== undefined) {
    const home = isHome(asked, received.delivery)
    const kind = runtime.republishFor(asked, toldDelivery(received)) ?? (home ? 'retry' : 'forward')
    if (kind === 'forward') return forwarded(message, copied, distrusted, received)
    // Messages of a batch may share a context, and only the very message tells its attempt.
    if (work?.batch === undefined) return planMove(runtime, { kind }, asked, message, received, active)
    return distrusted
      ? forwarded(message, copied, distrusted, received)
      : toPlan(message, 'keep', copied, distrusted, linkTo(received.belief))
  }
  return toPlan(message, 'keep', copied, distrusted, linkTo(believedOf(runtime, publication, message, creation)))
}

/** A new message that was made from a received one. If the consumer ignores a producer, its sends do not link that producer. */
function forwarded(message: OutgoingMessage, copied: boolean, distrusted: boolean, source: Verdict): Plan {
  const link = linkTo(source.belief, 'message')
  return toPlan(message, 'create', copied, distrusted, link, undefined, undefined, firstSendOf(source))
}

/** A received message on its way to its next copy. If its producer is not trusted in full, the copy is made anew. */
function planMove(
  runtime: Runtime,
  move: Omit<Move, 'delivery'>,
  publication: Publication,
  message: OutgoingMessage,
  verdict: Verdict,
  active: Context,
): Plan {
  const { trust, extracted, belief } = verdict
  const carried = trust === 'full' ? extracted.context : undefined
  const act = carried === undefined || extracted.creation === undefined ? 'create' : 'move'
  const moved = toMove(runtime, move, publication, message, verdict, active)
  const loses = losesBaggage(runtime, verdict)
  return toPlan(message, act, loses, isDistrusted(verdict), linkTo(belief), carried, moved, firstSendOf(verdict))
}

function isDistrusted(source: Verdict | undefined): boolean {
  return source !== undefined && source.trust !== 'full'
}

/** Whether the `baggage` header of a received message is not to stay: the propagator writes it, or it is not believed. */
function losesBaggage({ propagation }: Runtime, { trust, extracted }: Verdict): boolean {
  return extracted.baggage !== undefined && (trust !== 'full' || propagation.isField('baggage'))
}

function linkTo({ creation, decides }: Belief, role: 'creation' | 'message' = 'creation'): Plan['link'] {
  return creation && { role, context: creation, decides }
}

/** A relay was not told who made the message: the message is judged as it would be where it goes. */
function believedOf(
  { trustFor }: Runtime,
  { system, destination }: Publication,
  message: OutgoingMessage,
  creation: SpanContext,
): Belief {
  const { carrier, getter, facts, attributes } = message
  const arrival: Delivery = {
    system,
    destination: message.destination ?? destination,
    carrier,
    getter,
    facts,
    attributes,
  }
  return believe(trustFor(arrival), creation, undefined)
}

/** Always of the same shape, and made in one step: this runs once for every message. */
function toPlan(
  message: OutgoingMessage,
  act: Plan['act'],
  receivedBaggage: boolean,
  distrusted: boolean,
  link?: Plan['link'],
  carried?: Context,
  moved?: MovePlan,
  first?: SpanContext,
): Plan {
  return { message, act, link, carried, receivedBaggage, distrusted, moved, first }
}

/** Whether a message goes back to where it came from: never to another broker. Addresses are compared where both are known, else names. */
function isHome({ system, destination: { name, address } }: Publication, delivery: Delivery): boolean {
  const { destination: from, addresses } = delivery
  if (name === undefined || system !== delivery.system) return false
  if (addresses !== undefined) return addresses.includes(address ?? name)
  return address === undefined || from.address === undefined ? name === from.name : address === from.address
}

/** A received message on its way to its next copy. */
export interface MovePlan {
  readonly step: Step
  readonly facts: MoveFacts
  readonly verdict: Verdict
  /** The attempt, if it was made in this process. */
  readonly work: Work | undefined
  /** What the attempt failed with, as far as it was told. */
  readonly failure: { readonly error: unknown } | undefined
  /** The parent of the send span, where that is not the active one. */
  readonly parent: Context | undefined
}

/** The verdict on a message that is moved on request, in its handler or anywhere else. */
export function verdictFor(runtime: Runtime, { delivery }: Move, active: Context): Verdict {
  return handledVerdict(delivery, getWork(active)) ?? readLater(runtime, delivery)
}

/** The verdict on a delivery that is being handled, or has been. */
function handledVerdict(delivery: Delivery, around: Work | undefined): Verdict | undefined {
  const known = verdictOn(delivery)
  if (known?.work !== undefined) return known
  return verdictIn(around, (verdict) => sameDelivery(verdict.delivery, delivery))
}

/** Says what the next copy of a received message carries. */
function toMove(
  runtime: Runtime,
  { kind, error, maxAttempts }: Omit<Move, 'delivery'>,
  publication: Publication,
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
      attempt: maxAttempts === undefined ? attempt : Object.assign({}, attempt, { attempt: boundedAttempt(verdict) }),
      attemptContext,
      firstSent,
      maxAttempts: maxAttempts ?? copy.lineage?.maxAttempts,
      sent: message.stampTime === true ? Date.now() : undefined,
      deaths: message.deaths,
      journey: elsewhere(firstSendOf(verdict), verdict.belief.creation?.traceId),
      relation: copy.lineage?.relation,
    },
    facts: nextFacts(
      kind,
      (message.destination ?? publication.destination).name,
      verdict,
      failure && runtime.describeFailure(error),
    ),
    verdict,
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
 * The facts that the next copy carries. Where the message was at first is written once, but for a dead letter that goes to
 * that very place: a broker has moved it on from there, and it would be taken for one that was put back. A redrive says
 * nothing new, and keeps what is known of the failure.
 */
function nextFacts(
  kind: Move['kind'],
  to: string | undefined,
  { delivery, copy, attempt, moved }: Verdict,
  failure: Failure | undefined,
): MoveFacts {
  if (kind === 'redrive') return moved ?? {}
  const { facts, destination } = delivery
  const source = copy.deadLetter?.source
  const consumer = delivery.queue ?? facts?.consumerGroup
  const original =
    moved?.originalDestination === undefined || (kind === 'dead_letter' && isOriginal(to, moved))
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

function isOriginal(place: string | undefined, { originalDestination, originalConsumer }: MoveFacts): boolean {
  return place !== undefined && (place === originalDestination || place === originalConsumer)
}

function positionOf({ position, facts, key }: Delivery): string | undefined {
  if (facts?.offset !== undefined) return position ?? `${facts.partition}:${facts.offset}`
  return position ?? facts?.messageId ?? key?.toString()
}

function clean(text: string | undefined): string | undefined {
  return text === undefined ? undefined : boundedName(text) || undefined
}
