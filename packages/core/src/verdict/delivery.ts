import type { Attributes, SpanContext } from '@opentelemetry/api'
import type { Fields, HeaderGetter } from '../wire/carrier.ts'
import type { Facts } from '../base/names.ts'
import type { Outcome, Relative } from '../base/policy.ts'
import type { MoveKind } from '../wire/lineage.ts'

/** Where messages go, or come from. */
export interface Destination {
  readonly name?: string | undefined
  /** What tells it from others of the same name: a queue's URL, its prefix and name. @default the name */
  readonly address?: string | undefined
  /** A low-cardinality form of the name, where the name has none. */
  readonly template?: string | undefined
  /** The name of a temporary or anonymous one stands in no span name and on no metric. @default false */
  readonly temporary?: boolean | undefined
  readonly anonymous?: boolean | undefined
}

/** One call of a producer, described neutrally by an adapter. */
export interface Publication {
  /** `messaging.system.name`. */
  readonly system: string
  /** The client's verb: `send`, `publish`, `add`. */
  readonly operation: string
  /** What the call has in common; `{}` where its messages go to several places. */
  readonly destination: Destination
  /** Whether the call is one of the client's batch calls, even with a single message. */
  readonly batch: boolean
  readonly messages: readonly OutgoingMessage[]
  readonly facts?: Facts | undefined
  /** Recorded on the span as they are, for what {@link Facts} have no word for. @default none */
  readonly attributes?: Attributes | undefined
  /** Set by the publishing helpers: the one message of this call is a message that was received, moved. */
  readonly move?: Move | undefined
  /** Reads the broker's answer, once it is there. */
  readonly results?: ((answer: unknown) => SendResults | undefined) | undefined
}

/** A move of a received message by the application, inside its handler or later. */
export interface Move {
  readonly kind: 'retry' | 'dead_letter' | 'redrive'
  /** The message as it arrived. */
  readonly delivery: Delivery
  /** What its handler failed with. @default nothing: it did not fail, or nobody says with what */
  readonly error?: unknown
}

/** One message of a publication. */
export interface OutgoingMessage<Carrier = unknown> {
  /** The caller's headers; only read. */
  readonly carrier: Carrier
  /** @default reads a plain object */
  readonly getter?: HeaderGetter<Carrier> | undefined
  /** Where the message goes, if that differs within the call. */
  readonly destination?: Destination | undefined
  readonly facts?: Facts | undefined
  /** Recorded as they are on the message's own span, for what {@link Facts} have no word for. @default none */
  readonly attributes?: Attributes | undefined
  /** Delay asked of the broker, ms. */
  readonly delay?: number | undefined
  /** The broker keeps no sent time in ms, so the message has to. @default false */
  readonly stampTime?: boolean | undefined
  /** Whether the message would stay within the broker's limits with these fields. @default always */
  readonly fits?: ((fields: Fields) => boolean) | undefined
  /** Whether the broker has a slot of its own for a span context, free on this message. @default false */
  readonly slot?: boolean | undefined
}

/** What the broker answered. */
export interface SendResults {
  /** Facts about the call, for example its request id. */
  readonly facts?: Facts | undefined
  /** By position of the message. `error`: this message was refused, the text is its `error.type`. */
  readonly messages?: readonly ({ readonly facts?: Facts; readonly error?: string } | undefined)[] | undefined
  /** How many messages there were, of a batch that only the answer knows. @default as many as were described */
  readonly count?: number | undefined
}

/** Why there is this attempt. */
export type DeliveryKind = 'first' | MoveKind | 'redelivery'

/** What a broker says about how often it handed out this copy of the message. */
export interface DeliveryCount {
  /** Deliveries so far, this one included. */
  readonly deliveries: number
  /** `false`: at least so many. */
  readonly exact: boolean
  /**
   * The broker says that nobody had this copy before, so that what is remembered is of another one. @default unknown,
   * even where it counts a single delivery
   */
  readonly fresh?: boolean | undefined
  /** Attempts on earlier copies at this destination, at least, where the broker itself brought the message back. @default 0 */
  readonly earlier?: number | undefined
}

/** What a broker says of its own moving of a message. */
export interface BrokerMove {
  /** Where the message was. */
  readonly source?: string | undefined
  readonly reason?: string | undefined
  /** Its time there was over, which on a retry copy is what the copy was sent there for. @default false */
  readonly waited?: boolean | undefined
}

/** One arrival of one message, described neutrally by an adapter. */
export interface Delivery<Carrier = unknown> {
  /** `messaging.system.name`. */
  readonly system: string
  readonly destination: Destination
  /** The message's headers; only read. */
  readonly carrier: Carrier
  /** @default reads a plain object */
  readonly getter?: HeaderGetter<Carrier> | undefined
  /** A context in the broker's own slot, as a `traceparent`: used where the headers hold none. */
  readonly slot?: string | undefined
  readonly facts?: Facts | undefined
  /**
   * Recorded as they are, for what {@link Facts} have no word for: on the message's own span, in a batch on the span where
   * all messages say the same, else on the message's link. @default none
   */
  readonly attributes?: Attributes | undefined
  /** Identifies the message at this destination and for this consumer group, across deliveries. */
  readonly identity?: string | undefined
  /** What identified it where it was before the broker itself moved it here. */
  readonly identityBefore?: string | undefined
  /** The client's object for this very delivery: what a move of the message is told by which attempt it belongs to. */
  readonly handle?: object | undefined
  /** The broker's handle for settling this very delivery. */
  readonly receipt?: string | undefined
  /** Where the message stands: partition and offset, delivery tag, message id or job id. @default the message id */
  readonly position?: string | undefined
  /** The queue, where that is not the destination: RabbitMQ. @default none */
  readonly queue?: string | undefined
  /** Where a message sent back would come from again, in the words of producers. @default the destination's address */
  readonly addresses?: readonly string[] | undefined
  /** First sent, ms since the epoch, as far as the broker tells. Lineage knows better. */
  readonly sentAt?: number | undefined
  /** This copy came into the queue, ms since the epoch; `null`: nobody knows. @default `sentAt` */
  readonly queuedAt?: number | null | undefined
  /** The broker itself moved this copy, or the one before it, ms since the epoch; no later than it did so last. */
  readonly movedAt?: number | undefined
  /** The part of its time in the queue that was asked for, ms. @default as lineage says */
  readonly delay?: number | undefined
  /** ms since the epoch. @default now */
  readonly deliveredAt?: number | undefined
  /** Its handling began, ms since the epoch, where it did so before this is told. @default now */
  readonly startedAt?: number | undefined
  readonly count?: DeliveryCount | undefined
  readonly maxAttempts?: number | undefined
  /** How often the message came back after it was given up, where the broker tells. Its attempts count from 1 each time. */
  readonly redrives?: number | undefined
  /** The attempt before this one, where the broker keeps it. What this process remembers is believed first. */
  readonly previousAttempt?: SpanContext | undefined
  /** Spans that have to do with this message, beside those that it names itself: each is linked. */
  readonly related?: readonly Relative[] | undefined
  /** What this copy is, where the broker tells. @default `first` */
  readonly kind?: DeliveryKind | undefined
  /** Set by an adapter on a message that the broker itself moved here; options and hooks see it on every dead letter. */
  readonly deadLetter?: BrokerMove | undefined
  /** Comes from a scheduler or a repeating job. @default false */
  readonly scheduled?: boolean | undefined
  /** The span that is active when the handler is called belongs to this delivery (Lambda, HTTP push). @default false */
  readonly ambient?: boolean | undefined
  /** The messages were counted as consumed when they were received. @default false */
  readonly received?: boolean | undefined
  /** What becomes of the message when its last attempt fails. @default as for every failed attempt: `requeued` */
  readonly exhausted?: Outcome | undefined
  /**
   * What it means that the handler threw this, where the client gives errors a meaning. `steered`: the handler told the
   * client what to do, and did not fail. @default a failure, whose outcome `exhausted` decides
   */
  readonly meaning?: ((error: unknown) => { readonly outcome: Outcome; readonly steered: boolean }) | undefined
}
