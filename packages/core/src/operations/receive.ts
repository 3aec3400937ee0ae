import { SpanKind, type Attributes, type Link } from '@opentelemetry/api'
import { errorTypeOf } from '../base/errors.ts'
import type { Delivery } from '../verdict/delivery.ts'
import type { Verdict } from '../verdict/verdict.ts'
import { readDelivery } from './read.ts'
import { addAttributes, linkAttributes, OURS, type Facts, type Destination } from '../base/names.ts'
import { copyAttributes } from '../otel/operation.ts'
import type { Runtime } from '../runtime.ts'
import { activeContext, callHook, parentIn, startSpan } from '../otel/span.ts'
import { boundedValue } from '../base/bounds.ts'
import { idsOf } from '../wire/traceparent.ts'

/** One call of the application that asked the broker for messages. */
export interface Reception {
  readonly system: string
  /** The client's verb: `receive`, `get`. */
  readonly operation: string
  readonly destination: Destination
  /** Whether the call can give several messages. */
  readonly batch: boolean
  /** When the call began, ms since the epoch. */
  readonly startedAt: number
  readonly facts?: Facts | undefined
  /** Recorded on the span as they are, for what {@link Facts} have no word for. @default none */
  readonly attributes?: Attributes | undefined
  /** What the call failed with. Leave it out where it did not. */
  readonly error?: unknown
}

/**
 * Records a call that received messages, after the fact: the span begins when the call did, but starts with the links
 * to its messages, so that a sampler sees them. A call that brought nothing makes no span, unless the option says so.
 * Never throws.
 */
export function recordReception(runtime: Runtime, reception: Reception, deliveries: readonly Delivery[]): void {
  if (runtime.isIdle()) return
  runtime.report.guard('span', () => record(runtime, reception, deliveries))
}

function record(runtime: Runtime, reception: Reception, deliveries: readonly Delivery[]): void {
  const { names, metrics } = runtime
  const operation = runtime.operations('receive', reception.operation, reception.system, reception.destination)
  const failed = 'error' in reception
  const seconds = Math.max(0, Date.now() - reception.startedAt) / 1000
  const measured = metrics.of(operation)
  measured?.operation(seconds, failed ? errorTypeOf(reception.error) : undefined)
  if (deliveries.length > 0) measured?.consumed(deliveries.length)
  else if (!failed && !runtime.emptyReceiveSpans) return

  const attributes = copyAttributes(operation)
  names.facts(attributes, reception.facts)
  addAttributes(attributes, reception.attributes)
  if (!reception.batch) {
    names.facts(attributes, deliveries[0]?.facts)
    addAttributes(attributes, deliveries[0]?.attributes)
  } else if (!failed) names.set(attributes, 'messageCount', deliveries.length)
  const messages = deliveries.map((delivery) => readDelivery(runtime, delivery))
  const links = linksTo(runtime, messages, reception)

  const span = startSpan(
    runtime,
    operation.spanName,
    {
      kind: SpanKind.CLIENT,
      attributes,
      links,
      startTime: reception.startedAt,
    },
    parentIn(runtime, activeContext(runtime)),
  )
  callHook(runtime, runtime.hooks.onReceive, span, deliveries)
  if (failed) span.fail(reception.error)
  span.end()
}

/**
 * One link for each distinct context that is believed, with what is said about its message.
 *
 * @param onSpan what the span says already
 */
export function linksTo(
  { names }: Runtime,
  messages: readonly Verdict[],
  onSpan: Pick<Reception, 'facts' | 'attributes'>,
): Link[] {
  const links = new Map<string, Link>()
  for (const { delivery, belief } of messages) {
    const { creation } = belief
    if (creation === undefined) continue
    const attributes = Object.assign({}, linkAttributes('creation', belief.decides))
    if (belief.lineage?.journey !== undefined) attributes[OURS.journeyTraceId] = belief.lineage.journey.traceId
    for (const key in delivery.facts) {
      const fact = key as keyof Facts
      const value = delivery.facts[fact]
      if (onSpan.facts?.[fact] !== value) names.set(attributes, fact, value)
    }
    for (const key in delivery.attributes) {
      const value = delivery.attributes[key]
      if (onSpan.attributes?.[key] !== value) attributes[key] ??= boundedValue(value)
    }
    const key = idsOf(creation)
    // The newest message decides on sampling, and keeps its link where there are too many: it is the last one.
    links.delete(key)
    links.set(key, { context: creation, attributes })
  }
  return [...links.values()]
}
