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
import { Count, flusherOf, Variants, type Flusher } from './counters.ts'
import type { Operation } from './operation.ts'

/** What a message went out without, or with instead, where not all of it had room. */
export type SkipReason = 'facts' | 'essential_only' | 'broker_slot' | 'no_room'

/**
 * The metrics of messaging. They do not depend on sampling. Durations in seconds. Never throws. Durations are recorded at
 * once. Everything else only changes a {@link Count}.
 */
export interface Metrics {
  /** Neither the global meter provider nor one of the options measures. */
  isIdle(): boolean
  operation(operation: Operation, seconds: number, errorType: string | undefined): void
  sent(operation: Operation, messages: number, errorType: string | undefined): void
  consumed(operation: Operation, messages: number): void
  /** Counts messages as in flight. To take them off again, subtract them from what comes back. */
  started(operation: Operation, messages: number): Count | undefined
  processed(operation: Operation, seconds: number, errorType: string | undefined): void
  delivered(operation: Operation, outcome: Outcome, kind: DeliveryKind): void
  queued(operation: Operation, seconds: number): void
  skipped(operation: Operation, reason: SkipReason): void
}

/**
 * The instruments belong to the provider in use at the time, because an SDK may be registered after us, or another one.
 *
 * @param findProvider may throw
 * @param meterOf may throw
 */
export function createMetrics(findProvider: () => MeterProvider, report: Report, scope: SchemaScope): Metrics {
  let provider: MeterProvider | undefined
  let instruments: Instruments | undefined
  const find = (): Instruments | undefined => {
    const current = report.guard('metrics', findProvider)
    if (current === provider) return instruments
    provider = current
    instruments = current && report.guard('metrics', () => createInstruments(current, getMeter(current, scope), report))
    return instruments
  }
  const measure = (operation: Operation): Measured | undefined => {
    const found = find()
    if (found === undefined) return undefined
    if (operation.measured?.instruments !== found) operation.measured = new Measured(operation.labels, found, report)
    return operation.measured
  }
  /** Contains failures without a closure for each call. */
  const record = (histogram: Histogram | undefined, seconds: number, labels: Attributes): void => {
    try {
      histogram?.record(seconds, labels)
    } catch (error) {
      report.failed('metrics', error)
    }
  }
  return {
    isIdle: () => find() === undefined,
    operation(operation, seconds, errorType) {
      const measured = measure(operation)
      if (measured !== undefined) {
        record(measured.instruments.operationDuration, seconds, measured.labelsFor(errorType))
      }
    },
    sent(operation, messages, errorType) {
      const measured = measure(operation)
      if (measured === undefined) return
      const { flusher } = measured.instruments
      flusher.messages(messages)
      measured.sent.of(errorType ?? '').add(messages)
      flusher.flushIfDue()
    },
    consumed(operation, messages) {
      const measured = measure(operation)
      measured?.instruments.flusher.messages(messages)
      measured?.consumed.add(messages)
    },
    started(operation, messages) {
      const inFlight = measure(operation)?.inFlight
      inFlight?.add(messages)
      return inFlight
    },
    processed(operation, seconds, errorType) {
      const measured = measure(operation)
      if (measured === undefined) return
      record(measured.instruments.processDuration, seconds, measured.labelsFor(errorType))
      measured.instruments.flusher.flushIfDue()
    },
    delivered(operation, outcome, kind) {
      const measured = measure(operation)
      measured?.deliveries.of(outcome, kind).add(1)
      measured?.instruments.flusher.flushIfDue()
    },
    queued: (operation, seconds) => record(measure(operation)?.instruments.queueTime, seconds, operation.labels),
    skipped: (operation, reason) => measure(operation)?.skipped.of(reason).add(1),
  }
}

/** What one operation adds to the instruments of one meter provider: its numbers, and its labels, each built once. */
export class Measured {
  readonly instruments: Instruments
  readonly consumed: Count
  readonly inFlight: Count
  /** By `error.type`; empty: none. */
  readonly sent: Variants<Count>
  /** By outcome and kind. */
  readonly deliveries: Variants<Count>
  /** By reason. */
  readonly skipped: Variants<Count>
  readonly #labels: Attributes
  readonly #failed: Variants<Attributes>

  constructor(labels: Attributes, instruments: Instruments, report: Report) {
    const { consumed, deliveries, flusher, inFlight, sent, skipped } = instruments
    const count = (counter: Counter | undefined, more: Attributes): Count =>
      new Count(flusher, counter, Object.assign({}, labels, more), report)
    this.instruments = instruments
    this.consumed = count(consumed, {})
    this.inFlight = count(inFlight, {})
    this.sent = new Variants((errorType) => count(sent, errorType === '' ? {} : { [ERROR_TYPE]: errorType }))
    this.deliveries = new Variants((outcome, kind) => count(deliveries, { [OURS.outcome]: outcome, [OURS.kind]: kind }))
    this.skipped = new Variants((reason) => count(skipped, { [OURS.reason]: reason }))
    this.#labels = labels
    this.#failed = new Variants((errorType) => Object.assign({}, labels, { [ERROR_TYPE]: errorType }))
  }

  labelsFor(errorType: string | undefined): Attributes {
    return errorType === undefined ? this.#labels : this.#failed.of(errorType)
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
  readonly consumed: Counter | undefined
  readonly deliveries: Counter | undefined
  readonly skipped: Counter | undefined
  readonly inFlight: UpDownCounter | undefined
  readonly flusher: Flusher
}

type Description = (typeof METRICS)[keyof typeof METRICS]

/** Each by itself, so that one that cannot be had does not cost the others. `undefined`: the provider measures nothing. */
function createInstruments(provider: MeterProvider, meter: Meter, report: Report): Instruments | undefined {
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
    consumed: counter(METRICS.consumed),
    deliveries: counter(METRICS.deliveries),
    skipped: counter(METRICS.skipped),
    inFlight: make(() => meter.createUpDownCounter(name, { unit, description })),
    flusher: flusherOf(provider, report),
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
