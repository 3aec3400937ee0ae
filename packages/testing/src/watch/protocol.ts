/** How a journey stands. `waiting`: sent, and not handled so far. `recovered`: handled after failed attempts. */
export type JourneyState = 'ok' | 'recovered' | 'waiting' | 'retrying' | 'failed' | 'dead'

/** How one span went. */
export type SpanState = 'ok' | 'failed' | 'open'

/** A bar of the small picture in the list: places from 0 to 1000, state, and the index of its service. */
export type SmallBar = readonly [from: number, to: number, state: SpanState, service: number]

/** What the list says of a journey. All texts are cleaned and cut. */
export interface JourneySummary {
  /** The id of its first trace. */
  readonly id: string
  /** Counts the journeys in the order they began. */
  readonly order: number
  /** Another one with every change. */
  readonly version: number
  readonly title: string
  /** `kafka orders/0@42`, or an empty string. */
  readonly message: string
  readonly state: JourneyState
  /** ms since the epoch. */
  readonly start: number
  /** `529 ms` */
  readonly duration: string
  readonly spans: number
  readonly services: readonly string[]
  /** Runs of handlers. */
  readonly attempts: number
  /** The longest wait in a queue: `1.0 s`, or an empty string. */
  readonly waited: string
  /** What became of the last attempt: `TimeoutError → dead_lettered`, or an empty string. */
  readonly result: string
  /** Findings of the rules; undefined until the journey has been quiet for a while. */
  readonly findings: number | undefined
  /** The first finding. */
  readonly problem: string
  readonly bars: readonly SmallBar[]
  /** What the filter looks through, in lower case. */
  readonly text: string
}

/** What the page is told while it is open. */
export interface Change {
  /** Everything that is known follows: what the page had is out of date. */
  readonly reset: boolean
  readonly journeys: readonly JourneySummary[]
  /** Ids of journeys that are no longer kept, or are a part of another one now. */
  readonly gone: readonly string[]
  readonly counts: Counts
}

/** What is kept, and what is not. */
export interface Counts {
  /** The most journeys that are kept. */
  readonly limit: number
  /** Journeys that were let go to make room. */
  readonly dropped: number
  /** Spans that have come. */
  readonly spans: number
  /** Requests, or spans in them, that could not be read. */
  readonly problems: number
}

/** Everything about one journey. */
export interface JourneyDetail {
  readonly summary: JourneySummary
  readonly services: readonly string[]
  readonly axis: Axis
  readonly rows: readonly SpanRow[]
  /** Spans that are not shown, because they are too many. */
  readonly hidden: number
  /** `clocks differ by 38 ms or more`, or an empty string. */
  readonly clocks: string
  readonly findings: readonly FindingText[]
  readonly attempts: readonly AttemptRow[]
  /** Batches, journeys of their own, in which its messages were handled. */
  readonly batches: readonly LinkText[]
  /** A part of the journey is no longer kept, so that the rules cannot judge it. */
  readonly partial: boolean
}

export interface Axis {
  readonly ticks: readonly { readonly at: number; readonly text: string }[]
  /** Idle time that is drawn shorter: places from 0 to 1. */
  readonly breaks: readonly { readonly start: number; readonly end: number }[]
}

/** A span in the waterfall. Places are from 0 to 1. */
export interface SpanRow {
  readonly level: number
  readonly name: string
  /** `attempt 2/3`, or an empty string. */
  readonly attempt: string
  readonly state: SpanState
  /** Index of the service, -1 for none. */
  readonly service: number
  readonly from: number
  readonly to: number
  /** Where the wait in the queue began. */
  readonly waitFrom: number
  readonly duration: string
  readonly arrival: string
  readonly result: string
  readonly links: readonly LinkText[]
  /** Whether a finding is about it. */
  readonly broken: boolean
  readonly facts: readonly Fact[]
  readonly attributes: readonly Fact[]
  readonly events: readonly { readonly name: string; readonly attributes: readonly Fact[] }[]
}

export type Fact = readonly [name: string, value: string]

/** A link of a span, and where it leads. */
export interface LinkText {
  readonly role: string
  readonly text: string
  /** The tree says it already. */
  readonly quiet: boolean
  /** Index of a row of this journey. */
  readonly row?: number
  /** Id of another journey. */
  readonly journey?: string
  /** Why it leads nowhere. */
  readonly missing?: 'not recorded' | 'no longer kept'
}

export interface FindingText {
  readonly rule: string
  readonly problem: string
  readonly message: string
  readonly hop: string
  readonly side: string
  /** The row of the span that shows it. */
  readonly row?: number
}

/** One run of a handler. */
export interface AttemptRow {
  readonly row: number
  readonly number: string
  readonly destination: string
  readonly kind: string
  readonly outcome: string
  readonly error: string
  readonly waited: string
  readonly duration: string
  readonly service: string
  readonly state: SpanState
}
