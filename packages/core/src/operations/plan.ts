import type { Context, SpanContext } from '@opentelemetry/api'
import { recordGetter } from '../wire/carrier.ts'
import type { Delivery, Destination, OutgoingMessage, Publication } from '../verdict/delivery.ts'
import { validSpanContext, type Extracted } from '../wire/format.ts'
import { findByContext, getHandling } from '../memory/handling.ts'
import { toldDelivery } from './read.ts'
import { planMove, planMoveByHand, type MovePlan } from './move.ts'
import type { LinkRole } from '../base/policy.ts'
import { believe } from '../verdict/relation.ts'
import type { Runtime } from '../runtime.ts'
import { sameSpan } from '../wire/traceparent.ts'

/** What is decided about one message before the call. */
export interface Plan {
  readonly message: OutgoingMessage
  /** `create`: a new context goes onto it. `keep`: it has a context already. `move`: it was received, and keeps its own. */
  readonly act: 'create' | 'keep' | 'move'
  /** A context that the send span links: the kept one, or the one of a message that this was made from. */
  readonly link: { readonly role: LinkRole; readonly context: SpanContext } | undefined
  readonly extracted: Extracted
  /** Set where a received message is sent once more. */
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

  const around = getHandling(active)
  const verdict = around && findByContext(around, creation)
  if (around === undefined || verdict === undefined) {
    return toPlan(message, extracted, 'keep', linkTo(believedOf(runtime, publication, message, creation)))
  }

  const destination = message.destination ?? publication.destination
  const asked = message.destination === undefined ? publication : Object.assign({}, publication, { destination })
  const kind =
    runtime.republishFor(asked, toldDelivery(verdict)) ??
    (isBack(destination, verdict.delivery) ? ('retry' as const) : 'forward')
  // Of whom the handler believes nothing, its sends do not either.
  const link = verdict.belief.creation
  if (kind === 'forward') return toPlan(message, extracted, 'create', link && { role: 'message', context: link })
  // Messages of a batch may share a context, and only the very message tells its attempt.
  if (around.batch !== undefined) return toPlan(message, extracted, 'keep', linkTo(link))
  const moved = planMoveByHand(runtime, kind, message, verdict, around, active)
  return toPlan(message, extracted, 'move', linkTo(link), moved)
}

function linkTo(creation: SpanContext | undefined): Plan['link'] {
  return creation && { role: 'creation', context: creation }
}

/** Who relays a message was not told who made it: it is judged as it would be where it goes. */
function believedOf(
  { trustFor }: Runtime,
  { system, destination }: Publication,
  message: OutgoingMessage,
  creation: SpanContext,
): SpanContext | undefined {
  const { carrier, getter, facts, attributes } = message
  const arrival = { system, destination: message.destination ?? destination, carrier, getter, facts, attributes }
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
function isBack({ name, address }: Destination, { destination: from, addresses }: Delivery): boolean {
  if (name === undefined) return false
  if (addresses !== undefined) return addresses.includes(address ?? name)
  return address === undefined || from.address === undefined ? name === from.name : address === from.address
}
