import { SpanKind, type Attributes, type Context, type Link, type SpanContext } from '@opentelemetry/api'
import { addAttributes, OURS, PEER_SERVICE } from '../base/names.ts'
import { copyAttributes, type Operation } from '../otel/operation.ts'
import { startSpan, toLink, type SafeSpan } from '../otel/span.ts'
import type { Runtime } from '../runtime.ts'
import type { Publication } from '../verdict/delivery.ts'
import { elsewhere } from '../verdict/verdict.ts'
import { idsOf } from '../wire/traceparent.ts'
import type { Plan } from './plan.ts'

/** Whether a message is given a context. */
export function isNew({ act }: Plan): boolean {
  return act === 'create'
}

/**
 * The span of one message of a bulk send; `undefined`: it has none.
 *
 * @param around the first send of the journey that the work around the call is about
 */
export function startCreate(
  runtime: Runtime,
  publication: Publication,
  plan: Plan,
  parent: Context,
  around: SpanContext | undefined,
): SafeSpan | undefined {
  if (!isNew(plan)) return undefined
  const { message, link, first = around } = plan
  const destination = message.destination ?? publication.destination
  const operation = runtime.operations('create', 'create', publication.system, destination)
  const options = {
    kind: SpanKind.PRODUCER,
    attributes: operation.attributes,
    links: link === undefined ? [] : [toLink(link)],
  }
  const span = startSpan(runtime, operation.spanName, options, parent)
  if (span.isRecording()) {
    const attributes: Attributes = {}
    runtime.names.facts(attributes, message.facts)
    addAttributes(attributes, message.attributes, operation.attributes)
    nameJourney(attributes, first, span)
    span.set(attributes)
  }
  return span
}

/** Says of which journey a span is a part, if that began in another trace. */
export function nameJourney(attributes: Attributes, first: SpanContext | undefined, { context }: SafeSpan): void {
  const journey = elsewhere(first, context?.traceId)
  if (journey !== undefined) attributes[OURS.journeyTraceId] = journey.traceId
}

/** What a sampler may decide on: what the operation says, and what a dead letter is. */
export function sampledAttributes(
  { shortNameOf }: Runtime,
  { system }: Publication,
  operation: Operation,
  single: Plan | undefined,
): Attributes {
  if (single?.moved?.step.kind !== 'dead_letter') return operation.attributes
  const attributes = copyAttributes(operation)
  const { originalDestination, errorType } = single.moved.facts
  if (originalDestination !== undefined) attributes[OURS.deadLetterSource] = shortNameOf(system, originalDestination)
  if (errorType !== undefined) attributes[OURS.deadLetterReason] = errorType
  return attributes
}

/** What only those want who look at the span. */
export function otherAttributes(
  { names, peerFor }: Runtime,
  publication: Publication,
  single: Plan | undefined,
  atStart: Attributes,
  kind: SpanKind,
): Attributes {
  const attributes: Attributes = {}
  const peer = kind === SpanKind.PRODUCER ? peerFor(publication.system) : undefined
  if (peer !== undefined) attributes[PEER_SERVICE] = peer
  names.facts(attributes, publication.facts)
  names.facts(attributes, single?.message.facts)
  addAttributes(attributes, publication.attributes, atStart)
  addAttributes(attributes, single?.message.attributes, atStart)
  if (publication.batch) names.set(attributes, 'messageCount', publication.messages.length)
  return attributes
}

/** One link for each distinct context that is not the span's own. */
export function linksOf(plans: readonly Plan[], creates: readonly (SafeSpan | undefined)[]): Link[] {
  if (creates.length === 0 && plans.every(({ link }) => link === undefined)) return []
  const links = new Map<string, Link>()
  plans.forEach(({ link: own }, index) => {
    const created = creates[index]?.context
    const link = created === undefined ? own : { role: 'message' as const, context: created }
    if (link !== undefined) links.set(idsOf(link.context), toLink(link))
  })
  return [...links.values()]
}
