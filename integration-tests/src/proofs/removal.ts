import { messageFacts, type Arrival, type RecordedSpan } from '@tracebaton/testing'

/** What was recorded of a story, and what stood on its messages. Queues have the names that the story gives them. */
export interface Run {
  readonly spans: readonly RecordedSpan[]
  readonly open: readonly RecordedSpan[]
  readonly arrivals: readonly Arrival[]
}

/** Something that is taken out of an adapter, and the assertion that has to miss it. */
export interface Removal {
  /** The assertion, as the README calls it. */
  readonly assertion: string
  /** What is taken out. */
  readonly removed: string
  /** A file of core as it is published, a text that stands in it once, and what takes its place. */
  readonly edits: readonly (readonly [file: string, from: string, to: string])[]
  readonly assert: (run: Run) => unknown
  readonly expected: {
    readonly rule: string
    readonly problem: string
    readonly hop: string
    readonly side: 'producer' | 'consumer'
    readonly service: string
  }
}

/** What the shop and the billing recorded. */
export const unsettled = ({ spans }: Run): readonly RecordedSpan[] =>
  spans.filter(({ service }) => service === 'shop' || service === 'billing')

/** The spans of one kind of operation on a queue. */
export const named = ({ spans }: Run, type: string, queue: string): RecordedSpan[] =>
  spans.filter((span) => {
    const { operationType, destination } = messageFacts(span)
    return operationType === type && destination === queue
  })

/** The first hop of every story, as SQS calls it. */
export const FIRST = 'send orders (shop) → process orders attempt 1 (billing)'
