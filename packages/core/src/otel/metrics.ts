import {
  createNoopMeter,
  type Attributes,
  type Counter,
  type Histogram,
  type Meter,
  type MeterProvider,
  type UpDownCounter,
} from '@opentelemetry/api'
import type { DeliveryKind } from '../verdict/delivery.ts'
import { ERROR_TYPE, METRICS, OPERATION_BUCKETS, OURS, QUEUE_TIME_BUCKETS } from '../base/names.ts'
import type { Outcome } from '../base/policy.ts'
import type { SchemaScope } from '../base/scope.ts'
import type { Report, Stage } from '../base/report.ts'
import { boundedType } from '../base/errors.ts'
import { isBounded } from '../base/bounds.ts'
import { Count, flusherOf, Variants, type Flusher } from './counters.ts'
import type { Ages, AtHand } from './oldest-age.ts'
import type { Labels } from './labels.ts'
import type { Operation } from './operation.ts'

/** What a message went out without, or with instead, where not all of it had room. */
export type SkipReason = 'facts' | 'journey' | 'essential_only' | 'broker_slot' | 'no_room'

/** The metrics of messaging. They do not depend on sampling. Never throws. */
export interface Metrics {
  /** Neither the global meter provider nor one of the options measures. */
  isIdle(): boolean
  /** What is measured of one operation, by the provider there is now; `undefined`: nothing. */
  of(operation: Operation): Measured | undefined
}

/**
 * The instruments belong to the provider in use at the time, because an SDK may be registered after us, or another one.
 *
 * @param findProvider may throw
 */
export function createMetrics(
  findProvider: () => MeterProvider,
  report: Report,
  scope: SchemaScope,
  bound: Labels,
): Metrics {
  let provider: MeterProvider | undefined
  let instruments: Instruments | undefined
  const find = (): Instruments | undefined => {
    try {
      const current = findProvider()
      if (current === provider) return instruments
      provider = current
      instruments = createInstruments(current, getMeter(current, scope), report, bound)
    } catch (error) {
      instruments = undefined
      report.failed('metrics', error)
    }
    return instruments
  }
  return {
    isIdle: () => find() === undefined,
    of(operation) {
      const found = find()
      if (found === undefined) return undefined
      if (operation.measured?.instruments === found) return operation.measured as Measured
      const measured = new Measured(operation.labels, found, report)
      operation.measured = measured
      return measured
    },
  }
}

/**
 * What one operation adds to the instruments of one meter provider: its numbers, and its labels, each built once. Durations
 * in seconds, recorded at once; all else only changes a {@link Count}. Never throws.
 */
export class Measured {
  readonly instruments: Instruments
  readonly #consumed: Count
  readonly #unconfirmed: Count
  readonly #inFlight: Count
  /** By `error.type`; empty: none. */
  readonly #sent: Variants<Count>
  /** By outcome and kind. */
  readonly #deliveries: Variants<Count>
  /** By reason. */
  readonly #skipped: Variants<Count>
  readonly #labels: Attributes
  readonly #failed: Variants<Attributes>
  readonly #report: Report
  /** `null`: not asked for yet. Only what handles messages has some. */
  #ages: Ages | undefined | null = null

  constructor(labels: Attributes, instruments: Instruments, report: Report) {
    const { consumed, deliveries, flusher, inFlight, sent, skipped, unconfirmed } = instruments
    const count = (counter: Counter | undefined, more: Attributes): Count =>
      new Count(flusher, counter, Object.assign({}, labels, more), report)
    this.instruments = instruments
    this.#consumed = count(consumed, {})
    this.#unconfirmed = count(unconfirmed, {})
    this.#inFlight = count(inFlight, {})
    this.#sent = new Variants((errorType) => count(sent, errorType === '' ? {} : this.#failure(errorType)))
    this.#deliveries = new Variants((outcome, kind) =>
      count(deliveries, { [OURS.outcome]: outcome, [OURS.kind]: kind }),
    )
    this.#skipped = new Variants((reason) => count(skipped, { [OURS.reason]: reason }))
    this.#labels = labels
    this.#report = report
    this.#failed = new Variants((errorType) => Object.assign({}, labels, this.#failure(errorType)))
  }

  #failure(errorType: string): Attributes {
    return { [ERROR_TYPE]: this.instruments.bound.bounded(ERROR_TYPE, boundedType(errorType)) }
  }

  operation(seconds: number, errorType: string | undefined): void {
    this.#record(this.instruments.operationDuration, seconds, errorType)
  }

  sent(messages: number, errorType: string | undefined): void {
    const { flusher } = this.instruments
    flusher.messages(messages)
    this.#sent.of(errorType ?? '').add(messages)
    flusher.flushIfDue()
  }

  /** Messages of which it is unknown whether the broker took them. */
  unconfirmed(messages: number): void {
    this.instruments.flusher.messages(messages)
    this.#unconfirmed.add(messages)
  }

  consumed(messages: number): void {
    this.instruments.flusher.messages(messages)
    this.#consumed.add(messages)
  }

  /** Messages that are being handled from now on; below 0: no more. */
  inFlight(messages: number): void {
    this.#inFlight.add(messages)
  }

  /**
   * A message is at hand from now on, until it is let go.
   *
   * @param since when it was first sent, as far as that is known, ms since the epoch
   */
  atHand(since: number): AtHand | undefined {
    if (this.#ages === null) this.#ages = this.instruments.flusher.oldestAge.agesOf(this.#labels)
    return this.#ages?.keep(since)
  }

  processed(seconds: number, errorType: string | undefined): void {
    this.#record(this.instruments.processDuration, seconds, errorType)
    this.instruments.flusher.flushIfDue()
  }

  delivered(outcome: Outcome, kind: DeliveryKind): void {
    this.#deliveries.of(outcome, kind).add(1)
    this.instruments.flusher.flushIfDue()
  }

  queued(seconds: number): void {
    this.#record(this.instruments.queueTime, seconds, undefined)
  }

  skipped(reason: SkipReason): void {
    this.#skipped.of(reason).add(1)
  }

  #record(histogram: Histogram | undefined, seconds: number, errorType: string | undefined): void {
    if (!isBounded(seconds)) return
    try {
      histogram?.record(seconds, errorType === undefined ? this.#labels : this.#failed.of(errorType))
    } catch (error) {
      this.#report.failed('metrics', error)
    }
  }
}

/** The meter that providers give as long as no SDK is registered. */
const NO_METER = createNoopMeter()

function getMeter(provider: MeterProvider, { name, version, schemaUrl }: SchemaScope): Meter {
  return provider.getMeter(name, version, schemaUrl === undefined ? undefined : { schemaUrl })
}

interface Instruments {
  readonly operationDuration: Histogram | undefined
  readonly processDuration: Histogram | undefined
  readonly queueTime: Histogram | undefined
  readonly sent: Counter | undefined
  readonly unconfirmed: Counter | undefined
  readonly consumed: Counter | undefined
  readonly deliveries: Counter | undefined
  readonly skipped: Counter | undefined
  readonly inFlight: UpDownCounter | undefined
  readonly flusher: Flusher
  readonly bound: Labels
}

type Description = (typeof METRICS)[keyof typeof METRICS]

/** Each by itself, so that one that cannot be had does not cost the others. `undefined`: the provider measures nothing. */
function createInstruments(
  provider: MeterProvider,
  meter: Meter,
  report: Report,
  bound: Labels,
): Instruments | undefined {
  if (meter === NO_METER) return undefined
  const make = <Instrument>(create: () => Instrument): Instrument | undefined => report.guard('metrics', create)
  const counter = ([name, unit, description]: Description) =>
    make(() => meter.createCounter(name, { unit, description }))
  const histogram = ([name, unit, description]: Description, explicitBucketBoundaries: number[]) =>
    make(() => meter.createHistogram(name, { unit, description, advice: { explicitBucketBoundaries } }))
  const [name, unit, description] = METRICS.inFlight
  return {
    operationDuration: histogram(METRICS.operationDuration, OPERATION_BUCKETS),
    processDuration: histogram(METRICS.processDuration, OPERATION_BUCKETS),
    queueTime: histogram(METRICS.queueTime, QUEUE_TIME_BUCKETS),
    sent: counter(METRICS.sent),
    unconfirmed: counter(METRICS.unconfirmed),
    consumed: counter(METRICS.consumed),
    deliveries: counter(METRICS.deliveries),
    skipped: counter(METRICS.skipped),
    inFlight: make(() => meter.createUpDownCounter(name, { unit, description })),
    flusher: flusherOf(provider, report),
    bound,
  }
}

/** Counts our own contained failures, which are rare. May throw: the report contains it. */
export function createErrorCounter(findProvider: () => MeterProvider, scope: SchemaScope): (stage: Stage) => void {
  const [name, unit, description] = METRICS.errors
  return (stage) =>
    getMeter(findProvider(), scope)
      .createCounter(name, { unit, description })
      .add(1, { [OURS.stage]: stage })
}
