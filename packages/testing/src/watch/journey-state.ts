import { isProcess } from '../journeys/creation.ts'
import { messageFacts, type MessageFacts } from '../spans/facts.ts'
import type { SpanGraph } from '../spans/graph.ts'
import type { MessageAttempt, MessageJourney } from '../journeys/journey.ts'
import { grouped } from '../spans/grouped.ts'
import type { RecordedSpan } from '../spans/span.ts'
import type { JourneyState } from './protocol.ts'

// The worst first: a journey of several messages stands as the worst of them.
const order: readonly JourneyState[] = ['dead', 'failed', 'retrying', 'waiting', 'recovered', 'ok']
const untilNow: ReadonlySet<string | undefined> = new Set(['requeued', 'retry_scheduled', 'abandoned'])

/**
 * How a journey stands, by the last attempt at each of its messages.
 *
 * @param batchOf the batch that the message of a send was handled in
 */
export function journeyState(
  messages: readonly MessageJourney[],
  graph: SpanGraph,
  batchOf: (send: RecordedSpan) => RecordedSpan | undefined,
): JourneyState {
  const states = messages.flatMap(({ attempts, creation }): JourneyState[] => {
    // Each group of consumers has a way of its own with a message.
    const groups = [...grouped(attempts, ({ facts }) => facts.consumerGroup ?? '').values()]
    if (groups.length > 0) return groups.map(groupState)
    const batch = creation && batchOf(creation.span)
    return [batch ? lastState(batch, messageFacts(batch)) : 'waiting']
  })
  if (failedRequest(graph)) states.push('failed')
  return order.find((state) => states.includes(state)) ?? 'ok'
}

function groupState(attempts: readonly MessageAttempt[]): JourneyState {
  // The handling of a dead letter does not mend what made it one.
  const last = attempts.findLast(({ facts }) => facts.deliveryKind !== 'dead_letter') ?? attempts.at(-1)
  if (!last) return 'waiting'
  const state = lastState(last.node.span, last.facts)
  return state === 'ok' && attempts.some(({ node, facts }) => isFailed(node.span, facts)) ? 'recovered' : state
}

function lastState(span: RecordedSpan, facts: MessageFacts): JourneyState {
  if (facts.outcome === 'dead_lettered') return 'dead'
  if (untilNow.has(facts.outcome)) return 'retrying'
  return isFailed(span, facts) ? 'failed' : 'ok'
}

function isFailed({ status }: RecordedSpan, { outcome }: MessageFacts): boolean {
  return status === 'error' || (outcome !== undefined && outcome !== 'acked')
}

/** Whether the request, or job, that everything began with has failed. */
function failedRequest({ journeys }: SpanGraph): boolean {
  return journeys.some(({ traces }) =>
    traces.some(({ roots }) => roots.some((root) => root.span.status === 'error' && !isProcess(root))),
  )
}
