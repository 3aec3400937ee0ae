import {
  context as contexts,
  ROOT_CONTEXT,
  SpanKind,
  type Attributes,
  type Context,
  type Link,
  type SpanContext,
} from '@opentelemetry/api'
import { callIn, errorTypeOf, type Ending } from './call.ts'
import type { Publication, SendResults } from './delivery.ts'
import { validSpanContext } from './format.ts'
import { getHandling, type Handling } from './handling.ts'
import { fieldsFor, inject, type Injection, type Outgoing } from './injection.ts'
import type { Move } from './lineage.ts'
import { capLinks } from './links.ts'
import { ERROR_TYPE, linkAttributes } from './names.ts'
import { copyAttributes, type Operation } from './operation.ts'
import { planMessage, type Plan } from './plan.ts'
import type { LinkRole, Outcome } from './policy.ts'
import type { Runtime } from './runtime.ts'
import { activate, callHook, secondsSince, startSpan, type SafeSpan } from './span.ts'

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
  if (runtime.isIdle() && activeSpanContext(runtime) === undefined) return publish([])
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
  const active = runtime.report.guard('span', () => contexts.active()) ?? ROOT_CONTEXT
  const plans = publication.messages.map((message) => planMessage(runtime, publication, message, active))
  const fresh = plans.filter(({ act }) => act === 'create').length
  const perMessage = plans.length > 1 && fresh > 0 && plans.length <= runtime.spanPerMessageUpTo

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
      kind: perMessage || fresh === 0 ? SpanKind.CLIENT : SpanKind.PRODUCER,
      attributes,
      links: capLinks(linksOf(plans, creates), runtime.maxLinks, attributes),
    },
    active,
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

  const startedAt = performance.now()
  return {
    context,
    injections,
    end(ending) {
      const sent = finish(runtime, publication, operation, plans, creates, span, startedAt, ending)
      tellOutcome(getHandling(active), sent)
    },
  }
}

function startCreate(runtime: Runtime, publication: Publication, item: Plan, active: Context): SafeSpan | undefined {
  if (item.act !== 'create') return undefined
  const destination = item.message.destination ?? publication.destination
  const operation = runtime.operations('create', 'create', publication.system, destination)
  const attributes = copyAttributes(operation)
  runtime.names.facts(attributes, item.message.facts)
  const related = item.link === undefined ? [] : [toLink(item.link.role, item.link.context)]
  const links = capLinks(related, runtime.maxLinks, attributes)
  return startSpan(runtime, operation.spanName, { kind: SpanKind.PRODUCER, attributes, links }, active)
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
  if (publication.batch) names.set(attributes, 'messageCount', publication.messages.length)
  return attributes
}

/** One link for each distinct context that is not the span's own. */
function linksOf(plans: readonly Plan[], creates: readonly (SafeSpan | undefined)[]): Link[] {
  const links = new Map<string, Link>()
  plans.forEach((item, index) => {
    const created = creates[index]?.context
    const link = created === undefined ? item.link : { role: 'message' as const, context: created }
    if (link !== undefined) links.set(link.context.spanId, toLink(link.role, link.context))
  })
  return [...links.values()]
}

function toLink(role: LinkRole, context: SpanContext): Link {
  return { context, attributes: linkAttributes(role) }
}

/** Ends the spans of a call, and gives the messages that were sent. */
function finish(
  runtime: Runtime,
  publication: Publication,
  operation: Operation,
  plans: readonly Plan[],
  creates: readonly (SafeSpan | undefined)[],
  span: SafeSpan,
  startedAt: number,
  ending: Ending,
): readonly Plan[] {
  const { names, metrics, report } = runtime
  const results: SendResults | undefined = ending.failed
    ? undefined
    : report.guard('describe', () => publication.results?.(ending.value))
  const attributes: Attributes = {}
  names.facts(attributes, results?.facts)
  if (publication.batch) names.set(attributes, 'messageCount', results?.count)
  const refused = new Map<string, number>()
  plans.forEach((_, index) => {
    const result = results?.messages?.[index]
    const own = plans.length === 1 ? attributes : {}
    names.facts(own, result?.facts)
    if (result?.error !== undefined) {
      own[ERROR_TYPE] = result.error
      refused.set(result.error, (refused.get(result.error) ?? 0) + 1)
    }
    const created = creates[index]
    created?.set(own)
    if (result?.error !== undefined) (created ?? span).refuse(result.error)
    created?.end()
  })
  span.set(attributes)
  if (ending.failed) span.fail(ending.error)
  span.end()

  const errorType = ending.failed ? errorTypeOf(ending.error) : undefined
  metrics.operation(operation.labels, secondsSince(startedAt), errorType)
  let rest = results?.count ?? plans.length
  for (const [error, count] of refused) {
    metrics.sent(operation.labels, count, error)
    rest -= count
  }
  if (rest > 0) metrics.sent(operation.labels, rest, errorType)
  return ending.failed ? [] : plans.filter((_, index) => results?.messages?.[index]?.error === undefined)
}

const MOVED: Readonly<Record<Move['kind'], Outcome>> = {
  retry: 'retry_scheduled',
  dead_letter: 'dead_lettered',
  redrive: 'acked',
}

/** The attempt that published its own message once more has found what becomes of it. */
function tellOutcome(handling: Handling | undefined, sent: readonly Plan[]): void {
  if (handling === undefined || handling.batch !== undefined) return
  for (const { moved } of sent) if (moved !== undefined) handling.moved = MOVED[moved]
}
