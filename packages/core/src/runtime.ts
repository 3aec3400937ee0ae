import type { Span, Tracer } from '@opentelemetry/api'
import type { Failure, Lineage } from './wire/history.ts'
import type { AttemptFacts, DeliveryHistory } from './verdict/attempt-count.ts'
import type { Delivery, Publication } from './verdict/delivery.ts'
import type { Metrics } from './otel/metrics.ts'
import type { Names } from './base/names.ts'
import type { DescribeOperation } from './otel/operation.ts'
import type { Outcome, OutcomeOf, Relation, Trust } from './base/policy.ts'
import type { Propagation } from './wire/format.ts'
import type { Report } from './base/report.ts'

/** What the operations work with: the options, resolved once. */
export interface Runtime {
  /** Neither tracing nor metrics are set up: all there is to do is to pass contexts on. */
  readonly isIdle: () => boolean
  /** May throw. */
  readonly tracer: () => Tracer
  readonly names: Names
  readonly metrics: Metrics
  readonly operations: DescribeOperation
  /** The template that the user gives to a destination, else its name. */
  readonly shortNameOf: (system: string, name: string) => string
  readonly propagation: Propagation
  readonly report: Report
  /** Says at the first call if no context manager is registered. Never throws. */
  readonly lookAtContexts: () => void
  readonly relationFor: (delivery: Delivery) => Relation
  readonly trustFor: (delivery: Delivery) => Trust
  readonly republishFor: (
    publication: Publication,
    delivery: Delivery,
  ) => 'retry' | 'dead_letter' | 'redrive' | 'forward' | undefined
  readonly outcomeOf: OutcomeOf | undefined
  /** What a handler's result says of its message. */
  readonly toldBy: (outcomeOf: OutcomeOf, result: unknown) => Outcome | undefined
  /** A failure as a moved message tells it. */
  readonly describeFailure: (error: unknown) => Failure | undefined
  /** What a producer with these options wishes of its consumers. */
  readonly wish: Lineage['relation']
  readonly maxTraceAge: number
  /** Whether producers' traces are told of what became of their messages. */
  readonly followUp: boolean
  /** The other end that a span of a producer or a consumer names; `undefined`: none. */
  readonly peerFor: (system: string) => string | undefined
  /** ms */
  readonly maxOpen: number
  readonly spanPerMessageUpTo: number
  readonly errorStatus: 'every' | 'terminal'
  readonly settleSpans: boolean
  readonly emptyReceiveSpans: boolean
  readonly hooks: Hooks
}

/** What hooks are told beside the span. Read it; it is not yours to change. */
export interface AttemptDetails {
  readonly delivery: Delivery
  readonly attempt: AttemptFacts
  readonly history: DeliveryHistory
}

/**
 * Called with a span right after its start: of a call that sends, receives or settles, and of an attempt. What a hook
 * throws or rejects with is contained.
 */
export interface Hooks {
  /** A call that sends. @default none */
  readonly onSend?: ((span: Span, publication: Publication) => void) | undefined
  /** A call that receives. @default none */
  readonly onReceive?: ((span: Span, deliveries: readonly Delivery[]) => void) | undefined
  /** An attempt, in the context that its handler gets, with the message's baggage. @default none */
  readonly onProcess?: ((span: Span, details: AttemptDetails) => void) | undefined
  /** A call that settles, where such calls have spans. @default none */
  readonly onSettle?: ((span: Span, details: { readonly outcome: Outcome | undefined }) => void) | undefined
}
