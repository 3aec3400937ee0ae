import {
  context as contexts,
  SpanKind,
  type Attributes,
  type Context,
  type Link,
  type SpanContext,
} from '@opentelemetry/api'
import { callIn, errorTypeOfEnding, type Ending } from '../base/call.ts'
import type { Publication, SendResults } from '../verdict/delivery.ts'
import { validSpanContext } from '../wire/format.ts'
import { fieldsFor, inject, type Injection, type Outgoing } from './injection.ts'
import { addAttributes, linkAttributes, OURS } from '../base/names.ts'
import { copyAttributes, type Operation } from '../otel/operation.ts'
import { planMessage, type Plan } from './plan.ts'
import type { LinkRole, Outcome } from '../base/policy.ts'
import type { Runtime } from '../runtime.ts'
import { activate, activeContext, callHook, capLinks, secondsSince, startSpan, type SafeSpan } from '../otel/span.ts'
import type { Step } from '../verdict/step.ts'

/**
 * Runs a call that publishes messages, in its span or spans, and tells it what to write onto each.
 *
 * @param publish gets one entry per message: what to write, or `undefined` to leave the message as it is. Called
 * exactly once; with an empty list if we failed. Its result and its errors pass through, see {@link callIn}
 */
export function sendPublication<Result>(
  runtime: Runtime,
  publication: Publication,
  publish: (injections: readonly (Injection | undefined)[]) => Result,
): Result {
  if (runtime.isIdle() && publication.move === undefined && activeSpanContext(runtime) === undefined) return publish([])
  const begun = runtime.report.guard('span', () => begin(runtime, publication))
  if (begun === undefined) return publish([])
  return callIn(begun.context, () => publish(begun.injections), runtime.report, begun.end)
}

function activeSpanContext({ report }: Runtime): SpanContext | undefined {
  return report.guard('span', () => validSpanContext(contexts.active()))
}

interface Begun {
  readonly context: Context
  readonly injections: readonly (Injection | undefined)[]
  readonly end: (ending: Ending) => void
}

function begin(runtime: Runtime, publication: Publication): Begun {
  const active = activeContext(runtime)
  const plans = publication.messages.map((message) => planMessage(runtime, publication, message, active))
  const anyNew = plans.some(({ act }) => act === 'create')
  const perMessage = plans.length > 1 && anyNew && plans.length <= runtime.spanPerMessageUpTo

  const creates = perMessage ? plans.map((item) => startCreate(runtime, publication, item, active)) : []
  const single = plans.length === 1 ? plans[0] : undefined
  const operation = runtime.operations(
    'send',
    publication.operation,
    publication.system,
    destinationOf(publication, single),
  )
  const attributes = attributesOf(runtime, publication, operation, single)
  const span = startSpan(
    runtime,
    operation.spanName,
    {
      kind: perMessage || !anyNew ? SpanKind.CLIENT : SpanKind.PRODUCER,
      attributes,
      links: capLinks(linksOf(plans, creates), attributes),
    },
    single?.moved?.parent ?? active,
  )
  callHook(runtime, runtime.hooks.onSend, span, publication)

  const context = activate(active, span)
  let shared: Outgoing | undefined
  const injections = plans.map((item, index) => {
    if (item.act === 'keep') return undefined
    if (item.act === 'move')
      return inject(runtime, publication, operation, item, fieldsFor(runtime, item.extracted.context))
    const created = creates[index]
    const outgoing =
      created === undefined ? (shared ??= fieldsFor(runtime, context)) : fieldsFor(runtime, activate(active, created))
    return inject(runtime, publication, operation, item, outgoing)
  })

  const startedAt = runtime.metrics.isIdle() ? undefined : performance.now()
  return {
    context,
    injections,
    end(ending) {
      const results = finish(runtime, publication, operation, plans, creates, span, startedAt, ending)
      if (!ending.failed) tellOutcome(plans, results)
    },
  }
}

function startCreate(runtime: Runtime, publication: Publication, item: Plan, active: Context): SafeSpan | undefined {
  if (item.act !== 'create') return undefined
  const destination = item.message.destination ?? publication.destination
  const operation = runtime.operations('create', 'create', publication.system, destination)
  const attributes = copyAttributes(operation)
  runtime.names.facts(attributes, item.message.facts)
  addAttributes(attributes, item.message.attributes)
  const related = item.link === undefined ? [] : [toLink(item.link.role, item.link.context)]
  return startSpan(runtime, operation.spanName, { kind: SpanKind.PRODUCER, attributes, links: related }, active)
}

function destinationOf(publication: Publication, single: Plan | undefined): Publication['destination'] {
  return single?.message.destination ?? publication.destination
}

function attributesOf(
  { names }: Runtime,
  publication: Publication,
  operation: Operation,
  single: Plan | undefined,
): Attributes {
  const attributes = copyAttributes(operation)
  names.facts(attributes, publication.facts)
  names.facts(attributes, single?.message.facts)
  addAttributes(attributes, publication.attributes)
  addAttributes(attributes, single?.message.attributes)
  if (publication.batch) names.set(attributes, 'messageCount', publication.messages.length)
  if (single?.moved?.step.kind === 'dead_letter') {
    const { originalDestination, errorType } = single.moved.facts
    if (originalDestination !== undefined) attributes[OURS.deadLetterSource] = originalDestination
    if (errorType !== undefined) attributes[OURS.deadLetterReason] = errorType
  }
  return attributes
}

/** One link for each distinct context that is not the span's own. */
function linksOf(plans: readonly Plan[], creates: readonly (SafeSpan | undefined)[]): Link[] {
  if (creates.length === 0 && plans.every(({ link }) => link === undefined)) return []
  const links = new Map<string, Link>()
  plans.forEach((item, index) => {
    const created = creates[index]?.context
    const link = created === undefined ? item.link : { role: 'message' as const, context: created }
    if (link !== undefined) links.set(link.context.traceId + link.context.spanId, toLink(link.role, link.context))
  })
  return [...links.values()]
}

function toLink(role: LinkRole, context: SpanContext): Link {
  return { context, attributes: linkAttributes(role) }
}

/** Ends the spans of a call, and gives what the broker answered. */
function finish(
  runtime: Runtime,
  publication: Publication,
  operation: Operation,
  plans: readonly Plan[],
  creates: readonly (SafeSpan | undefined)[],
  span: SafeSpan,
  startedAt: number | undefined,
  ending: Ending,
): SendResults | undefined {
  const { names, report } = runtime
  const results: SendResults | undefined = ending.failed
    ? undefined
    : report.guard('describe', () => publication.results?.(ending.value))
  if (results !== undefined) {
    const attributes: Attributes = {}
    names.facts(attributes, results.facts)
    if (publication.batch) names.set(attributes, 'messageCount', results.count)
    plans.forEach((_, index) => {
      const { facts, error } = results.messages?.[index] ?? {}
      const own = creates[index] ?? (plans.length === 1 ? span : undefined)
      const said = own === span ? attributes : {}
      names.facts(said, facts)
      if (own !== span) own?.set(said)
      if (error !== undefined) (own ?? span).refuse(error)
    })
    span.set(attributes)
  }
  for (const created of creates) created?.end()
  if (ending.failed) span.fail(ending.error)
  span.end()
  if (startedAt !== undefined) measure(runtime, operation, plans.length, results, secondsSince(startedAt), ending)
  return results
}

/** Messages that the broker refused are counted by what it said. */
function measure(
  { metrics }: Runtime,
  operation: Operation,
  messages: number,
  results: SendResults | undefined,
  seconds: number,
  ending: Ending,
): void {
  const errorType = errorTypeOfEnding(ending)
  metrics.operation(operation, seconds, errorType)
  let rest = results?.count ?? messages
  for (const result of results?.messages?.slice(0, messages) ?? []) {
    if (result?.error === undefined) continue
    metrics.sent(operation, 1, result.error)
    rest -= 1
  }
  if (rest > 0) metrics.sent(operation, rest, errorType)
}

const MOVED: Readonly<Record<Step['kind'], Outcome>> = {
  retry: 'retry_scheduled',
  dead_letter: 'dead_lettered',
  redrive: 'acked',
}

/** The attempt whose message was published once more gets to know what became of it, and what it failed with. */
function tellOutcome(plans: readonly Plan[], results: SendResults | undefined): void {
  plans.forEach(({ moved }, index) => {
    if (moved?.work === undefined || moved.work.batch !== undefined) return
    if (results?.messages?.[index]?.error !== undefined) return
    moved.work.moved = MOVED[moved.step.kind]
    moved.work.failure = moved.failure
  })
}
