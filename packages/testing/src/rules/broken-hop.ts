import { wireContext, type WireContext } from '../journeys/arrival.ts'
import type { Evidence } from './evidence.ts'
import type { SpanNode } from '../spans/graph.ts'
import { messageFacts, type MessageFacts } from '../spans/facts.ts'
import { messageIdentity } from '../spans/identity.ts'
import type { MessageAttempt, MessageJourney } from '../journeys/journey.ts'
import { spanKey } from '../spans/span.ts'

/**
 * Where the context was lost. `absent`: it was not on the message when it arrived. `malformed`: it was, in a form that
 * nobody can read. `unused`: it was, and the consumer began something of its own. `other`: the consumer follows another
 * message's context. `unknown`: nothing tells whether it was there.
 */
export type Loss = 'absent' | 'malformed' | 'unused' | 'other' | 'unknown'

/** A message whose handling is not connected to its send. */
export interface BrokenHop {
  readonly journey: MessageJourney
  readonly attempt: MessageAttempt
  /** The span that made the message. */
  readonly send: SpanNode
  /** How the two were recognised as one message. `only`: there was no other that it could be. */
  readonly pairedBy: 'identity' | 'header' | 'only'
  readonly loss: Loss
  /** What was on the wire, where that was given. */
  readonly wire?: WireContext
}

/** Finds the attempts that are not connected to the send of their message, and where the context was lost. */
export function brokenHops(evidence: Evidence): BrokenHop[] {
  const loose = looseEnds(evidence)
  return evidence.journeys.flatMap((journey) => {
    const followed = journey.attempts.some(({ via }) => via !== undefined)
    return journey.attempts.flatMap((attempt): BrokenHop[] => {
      const { creation } = journey
      const arrival = attempt.identity && evidence.arrivals.get(attempt.identity.key)
      const wire = arrival && wireContext(arrival)
      if (attempt.via !== undefined) {
        if (creation === undefined || attempt.creation === creation) return []
        // A broker that was emptied gives the same ids to other messages.
        if (attempt.creation !== undefined && isSameMessage(attempt.creation, attempt)) return []
        if (attempt.creation === undefined && !isSameMessage(creation, attempt)) return []
        return [{ journey, attempt, send: creation, pairedBy: 'identity', loss: 'other', ...(wire && { wire }) }]
      }
      const found = sendOf(evidence, journey, attempt, wire, loose)
      if (!found) return []
      const loss = lossOf(evidence, attempt, wire, followed)
      return [{ journey, attempt, ...found, loss, ...(wire && { wire }) }]
    })
  })
}

/** A send that names the very message that was handled made it, whatever the handling leads to. */
function isSameMessage({ span }: SpanNode, { identity }: MessageAttempt): boolean {
  return identity !== undefined && messageIdentity(span)?.key === identity.key
}

function sendOf(
  evidence: Evidence,
  journey: MessageJourney,
  attempt: MessageAttempt,
  wire: WireContext | undefined,
  loose: LooseEnds,
): Pick<BrokenHop, 'send' | 'pairedBy'> | undefined {
  if (wire?.state === 'present' && wire.traceId !== undefined && wire.spanId !== undefined) {
    const { traceId, spanId } = wire
    const send = evidence.graph.nodes.get(spanKey({ traceId, spanId }))
    if (send) return { send, pairedBy: 'header' }
  }
  const { creation } = journey
  if (creation) return { send: creation, pairedBy: 'identity' }
  const place = placeOf(attempt.facts)
  if (place === undefined) return undefined
  const sends = sendsTo(loose, place)
  // With more sends than handled messages, or fewer, any pairing would be a guess.
  if (sends.length !== loose.handled.get(place)?.length) return undefined
  const only = sends[loose.positions.get(journey) ?? -1]?.creation
  return only && { send: only, pairedBy: 'only' }
}

/** By system and destination: sends that nothing leads to, and handled messages that lead to nothing. */
interface LooseEnds {
  readonly sends: ReadonlyMap<string, readonly MessageJourney[]>
  readonly handled: ReadonlyMap<string, readonly MessageJourney[]>
  /** Where a handled message stands in its list. */
  readonly positions: ReadonlyMap<MessageJourney, number>
}

function looseEnds({ journeys }: Evidence): LooseEnds {
  const sends = new Map<string, MessageJourney[]>()
  const handled = new Map<string, MessageJourney[]>()
  for (const journey of journeys) {
    const { creation, attempts } = journey
    const [first] = attempts
    if (creation && !first) add(sends, placeOf(messageFacts(creation.span)), journey)
    if (first && !creation && first.via === undefined) add(handled, placeOf(first.facts), journey)
  }
  const positions = new Map([...handled.values()].flatMap((list) => [...list.entries()].map(([at, one]) => [one, at])))
  return { sends, handled, positions }
}

function add(to: Map<string, MessageJourney[]>, place: string | undefined, journey: MessageJourney): void {
  if (place === undefined) return
  const known = to.get(place)
  if (known) known.push(journey)
  else to.set(place, [journey])
}

function placeOf({ system, destination }: Pick<MessageFacts, 'system' | 'destination'>): string | undefined {
  return system === undefined || destination === undefined ? undefined : `${system} ${destination}`
}

/** A consumer on RabbitMQ adds its queue to what the producer calls the destination. */
function sendsTo({ sends }: LooseEnds, place: string): readonly MessageJourney[] {
  return sends.get(place) ?? sends.get(place.slice(0, Math.max(0, place.lastIndexOf(':')))) ?? []
}

/** @param followed whether another attempt of the message follows the context */
function lossOf(evidence: Evidence, attempt: MessageAttempt, wire: WireContext | undefined, followed: boolean): Loss {
  if (wire) return wire.state === 'present' ? 'unused' : wire.state
  const { contextStatus } = attempt.facts
  if (contextStatus === 'absent' || contextStatus === 'malformed') return contextStatus
  if (contextStatus === 'untrusted') return 'unused'
  return followed || (attempt.identity && evidence.received.has(attempt.identity.key)) ? 'unused' : 'unknown'
}
