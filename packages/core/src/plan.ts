import type { Context, SpanContext } from '@opentelemetry/api'
import { recordGetter } from './carrier.ts'
import type { OutgoingMessage, Publication } from './delivery.ts'
import { validSpanContext, type Extracted } from './format.ts'
import { getHandling, type Handling } from './handling.ts'
import type { Judgement } from './judgement.ts'
import { advance, formatLineage, type Lineage, type Move } from './lineage.ts'
import type { LinkRole } from './policy.ts'
import type { Runtime } from './runtime.ts'
import { sameSpan } from './traceparent.ts'

/** What is decided about one message before the call. */
export interface Plan {
  readonly message: OutgoingMessage
  /** `create`: a new message. `keep`: it has a context already. `move`: it is the message being handled. */
  readonly act: 'create' | 'keep' | 'move'
  readonly moved: Move['kind'] | undefined
  /** A context that the send span links: the kept one, or the one of a message that this was made from. */
  readonly link: { readonly role: LinkRole; readonly context: SpanContext } | undefined
  readonly extracted: Extracted
  readonly lineage: Lineage | undefined
}

/** Decides what a message is: see the table "What a message is when you send it" in `docs/propagation.md`. */
export function planMessage(
  runtime: Runtime,
  publication: Publication,
  message: OutgoingMessage,
  active: Context,
): Plan {
  const extracted = runtime.propagation.extract(message.carrier, message.getter ?? recordGetter)
  const { creation } = extracted
  if (creation === undefined) return toPlan(message, extracted, 'create')
  const own = validSpanContext(active)
  // A remote one is no span of ours: without an SDK the message's own context is active.
  if (sameSpan(creation, own) && own?.isRemote !== true) return toPlan(message, extracted, 'create')

  const handling = getHandling(active)
  const handled = handling && findHandled(handling, extracted)
  if (handling === undefined || handled === undefined) {
    return toPlan(message, extracted, 'keep', { role: 'creation', context: creation })
  }

  const destination = message.destination ?? publication.destination
  const home = destination.name !== undefined && destination.name === handled.delivery.destination.name
  const asked = message.destination === undefined ? publication : Object.assign({}, publication, { destination })
  const move =
    publication.move ?? runtime.republishFor(asked, handled.delivery) ?? (home ? ('retry' as const) : 'forward')
  if (move === 'forward') return toPlan(message, extracted, 'create', { role: 'message', context: creation })
  const lineage = advance(creation, handled.belief.lineage?.relation, {
    kind: move,
    delay: message.delay,
    attempt: handled.attempt,
    attemptContext: handling.spanContext,
    firstSent: handled.firstSent,
  })
  return toPlan(message, extracted, 'move', { role: 'creation', context: creation }, move, lineage)
}

/** Always of the same shape, and made in one step: this runs once for every message. */
function toPlan(
  message: OutgoingMessage,
  extracted: Extracted,
  act: Plan['act'],
  link?: Plan['link'],
  moved?: Move['kind'],
  lineage?: Lineage,
): Plan {
  return { message, act, moved, link, extracted, lineage }
}

/** The message being handled that is sent once more. The messages of a bulk send share a context: lineage tells them apart. */
function findHandled(handling: Handling, { creation, lineage }: Extracted): Judgement | undefined {
  const candidates = handling.messages.filter((candidate) => sameSpan(candidate.creation, creation))
  if (candidates.length < 2) return candidates[0]
  const text = lineage && formatLineage(lineage)
  const alike = candidates.filter(({ belief }) => (belief.lineage && formatLineage(belief.lineage)) === text)
  return alike.length === 1 ? alike[0] : undefined
}
