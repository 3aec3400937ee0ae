import { isBatch, messageFacts, staysInStory } from '../spans/facts.ts'
import type { RecordedLink, RecordedSpan } from '../spans/span.ts'

/** Traces that belong together, as far as their spans have come. */
export interface Story {
  /** The id of its first trace. */
  readonly id: string
  /** Counts the stories, in the order they began. */
  readonly number: number
  /** By `spanKey`. */
  readonly spans: Map<string, RecordedSpan>
  readonly traces: Set<string>
  /** Traces and, by `spanKey`, spans that its links lead to and that have not come. */
  readonly awaited: Set<string>
  /** Keys of messages that lead here. */
  readonly messages: Set<string>
  /** Spans that were not kept, because there are too many. */
  more: number
  /** Characters. */
  size: number
  /** A part of it is not kept, or no longer. */
  partial: boolean
  /** When the last span came, ms. */
  touched: number
}

/** Whether a link leads to a trace of the same story. */
export function joins(span: RecordedSpan, link: RecordedLink): boolean {
  // A call for several messages would make one story of all of them.
  const several = span.links.length > 1 && messageFacts(span).operationType === 'receive'
  return !several && staysInStory(span, link)
}

/** Whether a span is the handling of a batch as a whole. */
export function isBatchRun(span: RecordedSpan): boolean {
  return isBatch(span) && messageFacts(span).operationType === 'process'
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
