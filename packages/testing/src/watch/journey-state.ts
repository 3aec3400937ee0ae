import { isProcess } from '../journeys/creation.ts'
import type { SpanGraph } from '../spans/graph.ts'
import type { MessageAttempt, MessageJourney } from '../journeys/journey.ts'
import type { JourneyState } from './protocol.ts'

// The worst first: a journey of several messages stands as the worst of them.
const order: readonly JourneyState[] = ['dead', 'failed', 'retrying', 'waiting', 'recovered', 'ok']
const untilNow: ReadonlySet<string | undefined> = new Set(['requeued', 'retry_scheduled', 'abandoned'])

/** How a journey stands, by the last attempt of each of its messages. */
export function journeyState(messages: readonly MessageJourney[], graph: SpanGraph): JourneyState {
  const states = messages.map(messageState)
  if (failedRequest(graph)) states.push('failed')
  return order.find((state) => states.includes(state)) ?? 'ok'
}

function messageState({ attempts }: MessageJourney): JourneyState {
  // The handling of a dead letter does not mend what made it one.
  const last = attempts.findLast(({ facts }) => facts.deliveryKind !== 'dead_letter') ?? attempts.at(-1)
  if (!last) return 'waiting'
  if (last.facts.outcome === 'dead_lettered') return 'dead'
  if (untilNow.has(last.facts.outcome)) return 'retrying'
  if (isFailed(last)) return 'failed'
  return attempts.some(isFailed) ? 'recovered' : 'ok'
}

function isFailed({ facts, node }: MessageAttempt): boolean {
  return node.span.status === 'error' || (facts.outcome !== undefined && facts.outcome !== 'acked')
}

/** Whether the request, or job, that everything began with has failed. */
function failedRequest({ journeys }: SpanGraph): boolean {
  return journeys.some(({ traces }) =>
    traces.some(({ roots }) => roots.some((root) => root.span.status === 'error' && !isProcess(root))),
  )
}
