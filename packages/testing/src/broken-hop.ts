import { wireContext, type WireContext } from './arrival.ts'
import type { Evidence } from './evidence.ts'
import type { SpanNode } from './graph.ts'
import { messageFacts } from './facts.ts'
import type { MessageAttempt, MessageJourney } from './journey.ts'
import { spanKey } from './span.ts'

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
  const unclaimed = evidence.journeys.filter(({ attempts, creation }) => creation && attempts.length === 0)
  return evidence.journeys.flatMap((journey) =>
    journey.attempts.flatMap((attempt): BrokenHop[] => {
      const { creation } = journey
      const arrival = attempt.identity && evidence.arrivals.get(attempt.identity.key)
      const wire = arrival && wireContext(arrival)
      if (attempt.via !== undefined) {
        // Where a bulk send or a forward put one context on several messages, that context is right for all of them.
        const astray = creation !== undefined && attempt.creation !== undefined && attempt.creation !== creation
        if (!astray) return []
        return [{ journey, attempt, send: creation, pairedBy: 'identity', loss: 'other', ...(wire && { wire }) }]
      }
      const found = sendOf(evidence, journey, attempt, wire, unclaimed)
      if (!found) return []
      const loss = lossOf(evidence, journey, attempt, wire)
      return [{ journey, attempt, ...found, loss, ...(wire && { wire }) }]
    }),
  )
}

function sendOf(
  evidence: Evidence,
  journey: MessageJourney,
  attempt: MessageAttempt,
  wire: WireContext | undefined,
  unclaimed: readonly MessageJourney[],
): Pick<BrokenHop, 'send' | 'pairedBy'> | undefined {
  if (wire?.state === 'present' && wire.traceId !== undefined && wire.spanId !== undefined) {
    const { traceId, spanId } = wire
    const send = evidence.graph.nodes.get(spanKey({ traceId, spanId }))
    if (send) return { send, pairedBy: 'header' }
  }
  const { creation } = journey
  if (creation) return { send: creation, pairedBy: 'identity' }
  const candidates = unclaimed.filter((other) => other.creation && leadsTo(other.creation, attempt))
  const waiting = evidence.journeys.filter(
    (other) => !other.creation && other.attempts.some((one) => alike(one, attempt)),
  )
  const [send, ...more] = candidates
  // With more sends than handled messages, or fewer, any pairing would be a guess.
  if (!send?.creation || (more.length > 0 && candidates.length !== waiting.length)) return undefined
  const position = waiting.indexOf(journey)
  return { send: candidates[position]?.creation ?? send.creation, pairedBy: 'only' }
}

/** A consumer on RabbitMQ adds its queue to what the producer calls the destination. */
function leadsTo({ span }: SpanNode, { facts }: MessageAttempt): boolean {
  const { system, destination } = messageFacts(span)
  if (system !== facts.system || destination === undefined || facts.destination === undefined) return false
  return facts.destination === destination || facts.destination.startsWith(`${destination}:`)
}

function alike({ via, facts }: MessageAttempt, other: MessageAttempt): boolean {
  return via === undefined && facts.system === other.facts.system && facts.destination === other.facts.destination
}

function lossOf(
  evidence: Evidence,
  { attempts }: MessageJourney,
  attempt: MessageAttempt,
  wire: WireContext | undefined,
): Loss {
  if (wire) return wire.state === 'present' ? 'unused' : wire.state
  const { contextStatus } = attempt.facts
  if (contextStatus === 'absent' || contextStatus === 'malformed') return contextStatus
  if (contextStatus === 'untrusted') return 'unused'
  const others = attempts.some(({ node, via }) => node !== attempt.node && via !== undefined)
  return others || (attempt.identity && evidence.received.has(attempt.identity.key)) ? 'unused' : 'unknown'
}
