import { createNoopMeter, type Attributes, type Meter, type MeterProvider } from '@opentelemetry/api'
import type { DeliveryKind } from '../verdict/delivery.ts'
import { ERROR_TYPE, METRICS, OPERATION_BUCKETS, OURS, QUEUE_TIME_BUCKETS, SCOPE } from '../base/names.ts'
import type { Outcome } from '../base/policy.ts'
import type { Report, Stage } from '../base/report.ts'

/** What a message went out without, or with instead, where not all of it had room. */
export type SkipReason = 'facts' | 'essential_only' | 'broker_slot' | 'no_room'

/** The metrics of messaging. They do not depend on sampling. Durations in seconds. Never throws. */
export interface Metrics {
  /** Nobody measures anything. */
  isIdle(): boolean
  operation(labels: Attributes, seconds: number, errorType: string | undefined): void
  sent(labels: Attributes, messages: number, errorType: string | undefined): void
  consumed(labels: Attributes, messages: number): void
  /** Counts messages as in flight. Gives what takes them off again, where they were counted. */
  started(labels: Attributes, messages: number): () => void
  processed(labels: Attributes, seconds: number, errorType: string | undefined): void
  delivered(labels: Attributes, outcome: Outcome, kind: DeliveryKind): void
  queued(labels: Attributes, seconds: number): void
  skipped(labels: Attributes, reason: SkipReason): void
}

/**
 * The instruments belong to the provider there is at the time, because an SDK may be registered after us, or another one.
 *
 * @param findProvider may throw
 */
export function createMetrics(findProvider: () => MeterProvider, report: Report): Metrics {
  let provider: MeterProvider | undefined
  let instruments: Instruments | undefined
  const find = (): Instruments | undefined => {
    const current = report.guard('metrics', findProvider)
    if (current === provider) return instruments
    provider = current
    const meter = report.guard('metrics', () => current?.getMeter(SCOPE))
    instruments = meter === undefined || meter === NO_METER ? undefined : createInstruments(meter, report)
    return instruments
  }
  const record = (work: (found: Instruments) => void): void => {
    const found = find()
    if (found !== undefined) report.guard('metrics', () => work(found))
  }
  return {
    isIdle: () => find() === undefined,
    operation: (labels, seconds, errorType) =>
      record(({ operationDuration }) => operationDuration?.record(seconds, withError(labels, errorType))),
    sent: (labels, messages, errorType) => record(({ sent }) => sent?.add(messages, withError(labels, errorType))),
    consumed: (labels, messages) => record(({ consumed }) => consumed?.add(messages, labels)),
    started(labels, messages) {
      const inFlight = find()?.inFlight
      report.guard('metrics', () => inFlight?.add(messages, labels))
      return () => report.guard('metrics', () => inFlight?.add(-messages, labels))
    },
    processed: (labels, seconds, errorType) =>
      record(({ processDuration }) => processDuration?.record(seconds, withError(labels, errorType))),
    delivered: (labels, outcome, kind) =>
      record(({ deliveries }) =>
        deliveries?.add(1, withLabels(labels, { [OURS.outcome]: outcome, [OURS.kind]: kind })),
      ),
    queued: (labels, seconds) => record(({ queueTime }) => queueTime?.record(seconds, labels)),
    skipped: (labels, reason) =>
      record(({ skipped }) => skipped?.add(1, withLabels(labels, { [OURS.reason]: reason }))),
  }
}

/** What `getMeter` gives as long as no SDK is registered. */
const NO_METER = createNoopMeter()

type Instruments = ReturnType<typeof createInstruments>

/** Each by itself, so that one that cannot be had does not cost the others. */
function createInstruments(meter: Meter, report: Report) {
  const make = <Instrument>(create: () => Instrument): Instrument | undefined => report.guard('metrics', create)
  const counter = ([name, unit]: readonly [string, string]) => make(() => meter.createCounter(name, { unit }))
  const histogram = ([name, unit]: readonly [string, string], explicitBucketBoundaries: number[]) =>
    make(() => meter.createHistogram(name, { unit, advice: { explicitBucketBoundaries } }))
  return {
    operationDuration: histogram(METRICS.operationDuration, OPERATION_BUCKETS),
    processDuration: histogram(METRICS.processDuration, OPERATION_BUCKETS),
    queueTime: histogram(METRICS.queueTime, QUEUE_TIME_BUCKETS),
    sent: counter(METRICS.sent),
    consumed: counter(METRICS.consumed),
    deliveries: counter(METRICS.deliveries),
    skipped: counter(METRICS.skipped),
    inFlight: make(() => meter.createUpDownCounter(METRICS.inFlight[0], { unit: METRICS.inFlight[1] })),
  }
}

/** Counts our own contained failures, which are rare. May throw: the report contains it. */
export function createErrorCounter(findProvider: () => MeterProvider): (stage: Stage) => void {
  const [name, unit] = METRICS.errors
  return (stage) =>
    findProvider()
      .getMeter(SCOPE)
      .createCounter(name, { unit })
      .add(1, { [OURS.stage]: stage })
}

function withError(labels: Attributes, errorType: string | undefined): Attributes {
  return errorType === undefined ? labels : withLabels(labels, { [ERROR_TYPE]: errorType })
}

/** By `Object.assign`, which is many times faster here than a spread with more keys. */
function withLabels(labels: Attributes, more: Attributes): Attributes {
  return Object.assign({}, labels, more)
}
