import { brokenHops, type BrokenHop } from './broken-hop.ts'
import { findingAt } from './evidence.ts'
import { hopEnd, type Side } from './finding.ts'
import type { Rule } from './rule.ts'

/** The broken hop: a message that was sent and handled, in two stories that know nothing of each other. */
export const connected: Rule = {
  id: 'connected',
  title: 'every handled message is connected to its send, by a parent or a link',
  subject: 'a handled message',
  handling: true,
  applies: ({ journeys }) => journeys.some(({ attempts }) => attempts.length > 0),
  check: (evidence) =>
    brokenHops(evidence).map((hop) => {
      const { attempt, send, journey } = hop
      const side = sideOf(hop)
      return findingAt(evidence, attempt.node, {
        rule: 'connected',
        problem: `${attempt.node.span.name} is not connected to ${send.span.name}: ${reasonOf(hop)}.${pairing(hop)}`,
        message: journey.message,
        hop: `${hopEnd(send.span)} → ${hopEnd(attempt.node.span)}`,
        side,
        service: side === 'producer' ? send.span.service : side === 'consumer' ? attempt.node.span.service : '',
        spans: [attempt.node.span, send.span],
        ...(isFinal(hop) && { final: true }),
      })
    }),
}

/** An ended root without links leads nowhere, whatever comes; and what is paired by more than numbers stays paired. */
function isFinal({ attempt, pairedBy }: BrokenHop): boolean {
  const { parentSpanId, links, endTime } = attempt.node.span
  return pairedBy !== 'only' && parentSpanId === undefined && links.length === 0 && endTime !== undefined
}

function sideOf({ loss }: BrokenHop): Side {
  if (loss === 'absent' || loss === 'malformed') return 'producer'
  return loss === 'unknown' ? 'unknown' : 'consumer'
}

function reasonOf({ loss, send, attempt, wire }: BrokenHop): string {
  const producer = send.span.service || 'the producer'
  const consumer = attempt.node.span.service || 'the consumer'
  switch (loss) {
    case 'absent':
      return `header absent on the wire: ${producer} sent the message without a trace context, or something in between took it off`
    case 'malformed': {
      const values = wire?.state === 'malformed' ? ` (${wire.header}: ${wire.values.join(' | ')})` : ''
      return `header malformed on the wire${values}: ${producer} wrote it so, or something in between changed it`
    }
    case 'unused': {
      const header = wire?.state === 'present' ? `${wire.header} was on the message` : 'the message carried a context'
      return `header present but not used: ${header}, and ${consumer} did not follow it`
    }
    case 'other': {
      const other = attempt.creation
        ? `${attempt.creation.span.name} (${attempt.creation.span.spanId})`
        : 'a span that was not recorded'
      return `it follows another context than the message’s own: ${consumer} hangs it on ${other}`
    }
    default:
      return 'nothing says whether the header arrived; hand over what did as `arrivals`'
  }
}

function pairing({ pairedBy }: BrokenHop): string {
  return pairedBy === 'only'
    ? ' (Nothing on the spans identifies the message; there is no other that it could be.)'
    : ''
}
