import { wireContext, type WireContext } from '../journeys/arrival.ts'
import type { MessageAttempt, MessageJourney } from '../journeys/journey.ts'
import { messageFacts, type MessageFacts } from '../spans/facts.ts'
import { messageIdentity, withoutQueue } from '../spans/identity.ts'
import type { SpanNode } from '../spans/graph.ts'
import { grouped } from '../spans/grouped.ts'
import { spanKey } from '../spans/span.ts'
import type { Evidence } from './evidence.ts'
import { createRule, hopEnd, type Side } from './finding.ts'
import type { Rule } from './rule.ts'

/** The broken hop: a message that was sent and handled, in two stories that know nothing of each other. */
export const connected: Rule = createRule({
  id: 'connected',
  title: 'every handled message is connected to its send, by a parent or a link',
  subject: 'a handled message',
  handling: true,
  applies: ({ journeys }) => journeys.some(({ attempts }) => attempts.length > 0),
  *find(evidence) {
    for (const hop of brokenHops(evidence)) {
      const { node } = hop.attempt
      const [from, to] = [hop.send.span, node.span]
      const [side, reason] = losses[hop.loss](hop, from.service || 'the producer', to.service || 'the consumer')
      yield {
        node,
        problem: `${to.name} is not connected to ${from.name}: ${reason}.${hop.pairedBy === 'only' ? guessed : ''}`,
        hop: `${hopEnd(from)} → ${hopEnd(to)}`,
        side,
        service: { producer: from.service, consumer: to.service, unknown: '' }[side],
        spans: [to, from],
        ...(isFinal(hop) && { final: true }),
      }
    }
  },
})

/** An ended root without links leads nowhere, whatever comes; and what is paired by more than numbers stays paired. */
function isFinal({ attempt, pairedBy }: BrokenHop): boolean {
  const { parentSpanId, links, endTime } = attempt.node.span
  return pairedBy !== 'only' && parentSpanId === undefined && links.length === 0 && endTime !== undefined
}

/** Which side has to look into it, and what is wrong there. */
type Telling = (hop: BrokenHop, producer: string, consumer: string) => readonly [side: Side, reason: string]

const losses: Readonly<Record<Loss, Telling>> = {
  absent: (_, producer) => [
    'producer',
    `header absent on the wire: ${producer} sent the message without a trace context, or something in between took it off`,
  ],
  malformed({ wire }, producer) {
    const values = wire?.state === 'malformed' ? ` (${wire.header}: ${wire.values.join(' | ')})` : ''
    return [
      'producer',
      `header malformed on the wire${values}: ${producer} wrote it so, or something in between changed it`,
    ]
  },
  unused({ wire }, _, consumer) {
    const header = wire?.state === 'present' ? `${wire.header} was on the message` : 'the message carried a context'
    return ['consumer', `header present but not used: ${header}, and ${consumer} did not follow it`]
  },
  other({ attempt: { creation } }, _, consumer) {
    const other = creation ? `${creation.span.name} (${creation.span.spanId})` : 'a span that was not recorded'
    return ['consumer', `it follows another context than the message’s own: ${consumer} hangs it on ${other}`]
  },
  unknown: () => ['unknown', 'nothing says whether the header arrived; hand over what did as `arrivals`'],
}

const guessed = ' (Nothing on the spans identifies the message; there is no other that it could be.)'

/**
 * Where the context was lost. `absent`: it was not on the message when it arrived. `malformed`: it was, in a form that
 * nobody can read. `unused`: it was, and the consumer began something of its own. `other`: the consumer follows another
 * message's context. `unknown`: nothing tells whether it was there.
 */
type Loss = 'absent' | 'malformed' | 'unused' | 'other' | 'unknown'

/** A message whose handling is not connected to its send. */
interface BrokenHop {
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
function brokenHops(evidence: Evidence): BrokenHop[] {
  const loose = looseEnds(evidence)
  return evidence.journeys.flatMap((journey) => {
    const followed = journey.attempts.some(({ via }) => via !== undefined)
    return journey.attempts.flatMap((attempt): BrokenHop[] => {
      const { creation } = journey
      const arrival = attempt.identity && evidence.arrivalOf(attempt.identity, attempt.facts.destinationName)
      const wire = arrival && wireContext(arrival)
      if (attempt.via !== undefined) {
        if (creation === undefined || attempt.creation === creation) return []
        // A broker that was emptied gives the same ids to other messages.
        if (attempt.creation !== undefined && isSameMessage(attempt.creation, attempt)) return []
        if (attempt.creation === undefined && !isSameMessage(creation, attempt)) return []
        return [{ attempt, send: creation, pairedBy: 'identity', loss: 'other', ...(wire && { wire }) }]
      }
      const found = sendOf(evidence, journey, attempt, wire, loose)
      if (!found) return []
      const loss = lossOf(evidence, attempt, wire, followed)
      return [{ attempt, ...found, loss, ...(wire && { wire }) }]
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
  const sends = grouped(journeys, ({ creation, attempts: [first] }) =>
    creation && !first ? placeOf(messageFacts(creation.span)) : undefined,
  )
  const handled = grouped(journeys, ({ creation, attempts: [first] }) =>
    first && !creation && first.via === undefined ? placeOf(first.facts) : undefined,
  )
  const positions = new Map([...handled.values()].flatMap((list) => [...list.entries()].map(([at, one]) => [one, at])))
  return { sends, handled, positions }
}

function placeOf({ system, destination, destinationName = destination }: MessageFacts): string | undefined {
  return system === undefined || destinationName === undefined ? undefined : `${system} ${destinationName}`
}

function sendsTo({ sends }: LooseEnds, place: string): readonly MessageJourney[] {
  return sends.get(place) ?? sends.get(withoutQueue(place)) ?? []
}

/** @param followed whether another attempt of the message follows the context */
function lossOf(evidence: Evidence, attempt: MessageAttempt, wire: WireContext | undefined, followed: boolean): Loss {
  if (wire) return wire.state === 'present' ? 'unused' : wire.state
  const { contextStatus } = attempt.facts
  if (contextStatus === 'absent' || contextStatus === 'malformed') return contextStatus
  if (contextStatus === 'untrusted') return 'unused'
  return followed || (attempt.identity && evidence.received.has(attempt.identity.key)) ? 'unused' : 'unknown'
}
