import type { Context, SpanContext } from '@opentelemetry/api'
import type { LinkRole } from '../base/policy.ts'
import { getWork } from '../memory/work.ts'
import type { Runtime } from '../runtime.ts'
import type { Delivery, OutgoingMessage, Publication } from '../verdict/delivery.ts'
import { believe } from '../verdict/relation.ts'
import { recordGetter } from '../wire/carrier.ts'
import { validSpanContext, type Extracted } from '../wire/format.ts'
import { sameSpan } from '../wire/traceparent.ts'
import { planMove, toMove, type MovePlan } from './move.ts'
import { toldDelivery } from './read.ts'

/** What is decided about one message before the call. */
export interface Plan {
  readonly message: OutgoingMessage
  /** `create`: a new context goes onto it. `keep`: it has a context already. `move`: it was received, and keeps its own. */
  readonly act: 'create' | 'keep' | 'move'
  /** A context that the send span links: the kept one, or the one of a message that this was made from. */
  readonly link: { readonly role: LinkRole; readonly context: SpanContext } | undefined
  readonly extracted: Extracted
  /** Set where a received message is sent again. */
  readonly moved: MovePlan | undefined
}

/** Decides what a message is: see the table "What a message is when you send it" in `docs/propagation.md`. */
export function planMessage(
  runtime: Runtime,
  publication: Publication,
  message: OutgoingMessage,
  active: Context,
): Plan {
  if (publication.move !== undefined) {
    const { extracted, link, moved } = planMove(runtime, publication.move, message, active)
    return toPlan(message, extracted, extracted.creation === undefined ? 'create' : 'move', linkTo(link), moved)
  }
  const extracted = runtime.propagation.extract(message.carrier, message.getter ?? recordGetter)
  const { creation } = extracted
  if (creation === undefined) return toPlan(message, extracted, 'create')
  const span = validSpanContext(active)
  // A remote one is no span of ours: without an SDK the message's own context is active.
  if (sameSpan(creation, span) && span?.isRemote !== true) return toPlan(message, extracted, 'create')

  const work = getWork(active)
  const destination = message.destination ?? publication.destination
  const asked = message.destination === undefined ? publication : Object.assign({}, publication, { destination })
  // The one message at hand: which one of a batch is sent cannot be known.
  if (work?.verdict !== undefined && sameSpan(work.verdict.extracted.creation, creation)) {
    const { verdict } = work
    const kind =
      runtime.republishFor(asked, toldDelivery(verdict)) ?? (isHome(asked, verdict.delivery) ? 'retry' : 'forward')
    // If the consumer ignores a producer, its own sends do not link that producer.
    const link = verdict.belief.creation
    if (kind === 'forward') return forwarded(message, extracted, link)
    return toPlan(message, extracted, 'move', linkTo(link), toMove(runtime, { kind }, message, verdict, active))
  }
  const received = work?.batch?.find((one) => sameSpan(one.extracted.creation, creation))
  if (received !== undefined) {
    const link = received.belief.creation
    const home = isHome(asked, received.delivery)
    const kind = runtime.republishFor(asked, toldDelivery(received)) ?? (home ? 'retry' : 'forward')
    // Messages of a batch may share a context, and only the very message tells its attempt.
    return kind === 'forward' ? forwarded(message, extracted, link) : toPlan(message, extracted, 'keep', linkTo(link))
  }
  return toPlan(message, extracted, 'keep', linkTo(believedOf(runtime, publication, message, creation)))
}

/** A new message that was made from a received one. */
function forwarded(message: OutgoingMessage, extracted: Extracted, from: SpanContext | undefined): Plan {
  return toPlan(message, extracted, 'create', from && { role: 'message', context: from })
}

function linkTo(creation: SpanContext | undefined): Plan['link'] {
  return creation && { role: 'creation', context: creation }
}

/** A relay was not told who made the message: the message is judged as it would be where it goes. */
function believedOf(
  { trustFor }: Runtime,
  { system, destination }: Publication,
  message: OutgoingMessage,
  creation: SpanContext,
): SpanContext | undefined {
  const { carrier, getter, facts, attributes } = message
  const arrival: Delivery = {
    system,
    destination: message.destination ?? destination,
    carrier,
    getter,
    facts,
    attributes,
  }
  return believe(trustFor(arrival), creation, undefined).creation
}

/** Always of the same shape, and made in one step: this runs once for every message. */
function toPlan(
  message: OutgoingMessage,
  extracted: Extracted,
  act: Plan['act'],
  link?: Plan['link'],
  moved?: MovePlan,
): Plan {
  return { message, act, link, extracted, moved }
}

/** Whether a message goes back to where it came from. Addresses are compared where both are known, else names. */
function isHome({ destination: { name, address } }: Publication, { destination: from, addresses }: Delivery): boolean {
  if (name === undefined) return false
  if (addresses !== undefined) return addresses.includes(address ?? name)
  return address === undefined || from.address === undefined ? name === from.name : address === from.address
}
