import { messageFacts } from '../spans/facts.ts'
import type { RecordedSpan } from '../spans/span.ts'

/** Traces that belong together, as far as their spans have come. */
export interface Story {
  /** The id of its first trace. */
  readonly id: string
  /** Counts the stories, in the order they began. */
  readonly number: number
  /** By `spanKey`. */
  readonly spans: Map<string, RecordedSpan>
  readonly traces: Set<string>
  /** Traces that its links lead to and that have not come. */
  readonly awaited: Set<string>
  /** Keys of messages that lead here. */
  readonly messages: Set<string>
  /** Spans that were not kept, because there are too many. */
  more: number
  /** Characters. */
  size: number
  /** Leads to what is no longer kept. */
  partial: boolean
  /** When the last span came, ms. */
  touched: number
}

/** The traces that belong to the story of a span: those that its links lead to. */
export function joinedTraces(span: RecordedSpan): readonly string[] {
  if (span.links.length === 0) return []
  const { batchSize, operationType } = messageFacts(span)
  // A call for several messages would make one story of all of them.
  if ((operationType === 'receive' || batchSize !== undefined) && span.links.length > 1) return []
  const linked = span.links.filter(({ role, traceId }) => role !== 'batch' && traceId !== span.traceId)
  return [...new Set(linked.map(({ traceId }) => traceId))]
}

/** Whether an attempt says nothing about where its message comes from. */
export function isLost(span: RecordedSpan): boolean {
  const { operationType } = messageFacts(span)
  return operationType === 'process' && span.parentSpanId === undefined && span.links.length === 0
}

/** Whether a span is a send, or makes a message. */
export function isSend(span: RecordedSpan): boolean {
  const { operationType } = messageFacts(span)
  return operationType === 'send' || operationType === 'create'
}
