import type { Attributes, SpanContext } from '@opentelemetry/api'
import type { Failure, Lineage, MoveKind, Slot } from '../wire/history.ts'
import type { FieldChanges, HeaderGetter } from '../wire/carrier.ts'
import type { Destination, Facts } from '../base/names.ts'
import type { Outcome, Relative } from '../base/policy.ts'

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
  /** Attempts allowed in all, for a retry. @default as the message says */
  readonly maxAttempts?: number | undefined
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
  /** Fingerprint of what a broker once wrote into these headers about its moves: eight hex digits. @default nothing */
  readonly deaths?: string | undefined
  /**
   * Whether the message would stay within the broker's limits with these fields. Messages that the broker takes together
   * have one function, which is also told how many of them get such fields. @default always
   */
  readonly fits?: ((fields: FieldChanges, count: number) => boolean) | undefined
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
  /** `false`: at least so many. An exact count is never overruled by what this process remembers. */
  readonly exact: boolean
}

/** What a broker says of its own moving of a message. */
export interface BrokerMove {
  /** Where the message was. */
  readonly source?: string | undefined
  readonly reason?: string | undefined
  /** Its time there was over, which on a retry copy is what the copy was sent there for. @default false */
  readonly waited?: boolean | undefined
}

/** What tells the broker's moves of this copy from those of an earlier one, whose headers were copied onto it. */
export interface OwnMoves {
  /** Fingerprint that the sender of this copy wrote: a history that still has it is not this copy's. */
  readonly fingerprint: string | undefined
  /** ms since the epoch: older moves are not this copy's. */
  readonly since: number | undefined
}

/** What headers that the broker wrote say of its moves of this copy. */
export interface BrokerHistory {
  readonly count?: DeliveryCount | undefined
  /** The same for a copy that was not delivered before the broker moved it here, as a retry copy that has only waited. @default `count` */
  readonly ownCount?: DeliveryCount | undefined
  readonly kind?: DeliveryKind | undefined
  readonly deadLetter?: BrokerMove | undefined
  /** See {@link Delivery}. */
  readonly queuedAt?: number | null | undefined
  readonly delay?: number | undefined
  /** How often the broker dead-lettered this copy from here after an attempt, and brought it back. */
  readonly deaths: number
  /** Where the copy was handled before, and how often it had been dead-lettered from there by then. */
  readonly before?: { readonly queue: string; readonly deaths: number } | undefined
}

/** The facts of one delivery that attempts are remembered by. */
export interface CopyFacts {
  readonly creation: SpanContext | undefined
  /** As far as it is believed. */
  readonly lineage: Lineage | undefined
  readonly deaths: number
  readonly before: BrokerHistory['before']
}

/** An attempt that this process made and still remembers. */
export interface PastAttempt {
  readonly attempt: number
  readonly redrives: number
  readonly context: SpanContext
  /** What it failed with, once it has ended. */
  failure?: Failure | undefined
  /** Set while it runs: a later attempt on the same message overtakes it. */
  running?: { overtaken: boolean } | undefined
}

/** The numbers of an attempt. */
export interface Begun {
  readonly attempt: number
  readonly redrives: number
}

/** How a process remembers the attempts on the messages of one broker. Bounded. */
export interface AttemptMemory {
  /** The latest attempt on this message, where it may have been handed out before. */
  recall(delivery: Delivery, copy: CopyFacts): PastAttempt | undefined
  /** The latest attempt on it where it was before the broker itself moved it here. */
  recallElsewhere(delivery: Delivery, copy: CopyFacts): PastAttempt | undefined
  /** The latest attempt on this message, asked for without a reason to think that there was one. */
  latest(delivery: Delivery, copy: CopyFacts): PastAttempt | undefined
  /** Gives the record that is kept, if one is. */
  began(delivery: Delivery, attempt: Begun, context: SpanContext, copy: CopyFacts): PastAttempt | undefined
  /**
   * Told of every attempt, at its end, or earlier where its message may come back before. Gives the record that is kept, if
   * one is. One that `began` gave has its failure already.
   */
  ended(
    delivery: Delivery,
    copy: CopyFacts,
    attempt: Begun,
    context: SpanContext,
    outcome: Outcome,
    failure: Failure | undefined,
  ): PastAttempt | undefined
}

/** What it means that a handler threw an error. */
export interface Meaning {
  /** `undefined`: nobody knows. */
  readonly outcome: Outcome | undefined
  /** The handler told the client what to do, and did not fail. */
  readonly steered: boolean
  /** The client settles nothing after this error: an attempt that is abandoned has this outcome. @default false */
  readonly unsettled?: boolean | undefined
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
  /** What should hold the headers cannot be read: the message has a context, and nobody knows which. @default false */
  readonly malformed?: boolean | undefined
  /** A context in the broker's own slot: used where the headers hold none. */
  readonly slot?: Slot | undefined
  readonly facts?: Facts | undefined
  /**
   * Recorded as they are, for what {@link Facts} have no word for: on the message's own span, in a batch on the span where
   * all messages say the same, else on the message's link. @default none
   */
  readonly attributes?: Attributes | undefined
  /** Names the message on its way to this consumer, across deliveries: from what the broker guarantees, never header text. */
  readonly identity?: string | undefined
  /** What named it where it was before the broker itself moved it here. */
  readonly identityBefore?: string | undefined
  /** How its attempts are remembered. @default by identity */
  readonly memory?: AttemptMemory | undefined
  /** With `key`, names this very arrival: the channel that numbers deliveries, or what else the key belongs to. @default none */
  readonly source?: unknown
  /** Names this very arrival for its source: delivery tag, receipt handle, offset. @default none */
  readonly key?: string | number | undefined
  /** Where the message stands. @default partition and offset, else the message id, else the key */
  readonly position?: string | undefined
  /** The queue, where that is not the destination: RabbitMQ. @default none */
  readonly queue?: string | undefined
  /** Where a message sent back would come from again, as producers address it. @default the destination's name */
  readonly addresses?: readonly string[] | undefined
  /** First sent, ms since the epoch, as far as the broker tells. Lineage knows better. */
  readonly sentAt?: number | undefined
  /** This copy came into the queue, ms since the epoch; `null`: nobody knows. @default `sentAt` */
  readonly queuedAt?: number | null | undefined
  /** The part of its time in the queue that was asked for, ms. @default as lineage says */
  readonly delay?: number | undefined
  /** ms since the epoch. @default now */
  readonly deliveredAt?: number | undefined
  /** Its handling began, ms since the epoch, where it did so before this is told. @default now */
  readonly startedAt?: number | undefined
  readonly count?: DeliveryCount | undefined
  readonly maxAttempts?: number | undefined
  /**
   * How often this copy came back after it was given up, where the broker tells; those that the message tells are added. Its
   * attempts count from 1 each time.
   */
  readonly redrives?: number | undefined
  /** Spans that have to do with this message, beside those that it names itself: each is linked. */
  readonly related?: readonly Relative[] | undefined
  /** What this copy is, where the broker tells. @default `first` */
  readonly kind?: DeliveryKind | undefined
  /**
   * Reads what the broker wrote into the headers about its moves of the message. A producer can write that, too: it is read
   * for producers that are trusted in full, and only what is this copy's counts. @default no such headers
   */
  readonly history?: ((own: OwnMoves) => BrokerHistory | undefined) | undefined
  /** Set by an adapter on a message that the broker itself moved here; options and hooks see it on every dead letter. */
  readonly deadLetter?: BrokerMove | undefined
  /** Comes from a scheduler or a repeating job. @default false */
  readonly scheduled?: boolean | undefined
  /** The span that is active when the handler is called belongs to this delivery (Lambda, HTTP push). @default false */
  readonly ambient?: boolean | undefined
  /** The messages were counted as consumed when they were received. @default false */
  readonly received?: boolean | undefined
  /** What becomes of the message when its last attempt fails, or gives it back. @default as for every attempt: `requeued` */
  readonly exhausted?: Outcome | undefined
  /**
   * What it means that the handler threw this, where the client gives errors a meaning. @default a failure, whose outcome
   * `exhausted` decides
   */
  readonly meaning?: ((error: unknown) => Meaning) | undefined
  /** Core's own: what it made of this delivery, and how it arrived. Give `undefined`, so that all have one shape. */
  verdict?: object | undefined
  arrival?: object | undefined
}
