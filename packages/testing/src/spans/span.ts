/** Attributes of a span, a link, an event or a resource, as plain data. */
export type SpanAttributes = Readonly<Record<string, unknown>>

/** What a span says about its side of the call. */
export type RecordedSpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer'

/** By the numbers of the SDK; OTLP counts from 1. */
export const spanKinds: readonly RecordedSpanKind[] = ['internal', 'server', 'client', 'producer', 'consumer']

/** What a span says about its result. `unset` is the ordinary success. */
export type RecordedSpanStatus = 'unset' | 'ok' | 'error'

/** By the numbers of the SDK and of OTLP. */
export const spanStatuses: readonly RecordedSpanStatus[] = ['unset', 'ok', 'error']

/** A link to another span: plain data, the span it names may not have been recorded. */
export interface RecordedLink {
  /** 32 lower-case hex characters. */
  readonly traceId: string
  /** 16 lower-case hex characters. */
  readonly spanId: string
  /** Why the link is there (`tracebaton.link.role`): `creation`, `previous_attempt`, `origin` … */
  readonly role?: string
  /** The W3C trace flags of the linked context; bit 0 says sampled. */
  readonly traceFlags?: number
  /** The linked context's `tracestate`. */
  readonly traceState?: string
  /** Whether the linked context came from another process. */
  readonly remote?: boolean
  readonly attributes: SpanAttributes
}

/** Something that happened at one moment of a span, such as a recorded exception. */
export interface RecordedEvent {
  readonly name: string
  /** ms since the epoch, with fractions. */
  readonly time: number
  readonly attributes: SpanAttributes
}

/**
 * One span as plain data: the model below the recorder, the pictures and the assertions. It holds nothing of an SDK,
 * so a span read from a file is the same thing as one recorded in this process.
 */
export interface RecordedSpan {
  readonly name: string
  readonly kind: RecordedSpanKind
  /** 32 lower-case hex characters. */
  readonly traceId: string
  /** 16 lower-case hex characters. */
  readonly spanId: string
  /** Absent on a root. */
  readonly parentSpanId?: string
  /** Whether the parent lives in another process. Absent on a root and where the source does not say. */
  readonly remoteParent?: boolean
  /** The W3C trace flags; bit 0 says sampled. */
  readonly traceFlags?: number
  readonly traceState?: string
  /** ms since the epoch, with fractions. */
  readonly startTime: number
  /** ms since the epoch, with fractions. Absent while the span has not ended. */
  readonly endTime?: number
  readonly attributes: SpanAttributes
  readonly links: readonly RecordedLink[]
  /** Links that the SDK left out because of its limit. Absent when there are none. */
  readonly droppedLinks?: number
  readonly events: readonly RecordedEvent[]
  readonly status: RecordedSpanStatus
  readonly statusMessage?: string
  /** `service.name` of the resource, or an empty string. */
  readonly service: string
  readonly resource: SpanAttributes
  /** Name of the instrumentation scope, or an empty string. */
  readonly scope: string
  readonly scopeVersion?: string
}

/** What identifies a span among all spans: trace id and span id, as links name it. */
export function spanKey(span: { readonly traceId: string; readonly spanId: string }): string {
  return `${span.traceId}/${span.spanId}`
}
