import { ROOT_CONTEXT, SpanKind, type Attributes, type Context } from '@opentelemetry/api'
import { callIn, runIn } from '../base/call.ts'
import { errorTypeOfEnding, type Ending } from '../base/errors.ts'
import type { Delivery } from '../verdict/delivery.ts'
import { withWork } from '../base/light-context.ts'
import { ageOf, type Verdict, type Work } from '../verdict/verdict.ts'
import { readDelivery } from './read.ts'
import { addAttributes, type Facts } from '../base/names.ts'
import { copyAttributes } from '../otel/operation.ts'
import { linksTo } from './receive.ts'
import { parentOf } from '../verdict/relation.ts'
import { letGo } from '../otel/oldest-age.ts'
import type { Runtime } from '../runtime.ts'
import { activeContext, secondsSince, startSpan } from '../otel/span.ts'

/**
 * Runs the handler of a batch that is handed over as a whole: one CONSUMER span without a parent, one link for each
 * distinct context. A message handled inside, by `process`, gets a span of its own that links the batch's.
 */
export function processBatch<Result>(runtime: Runtime, deliveries: readonly Delivery[], handler: () => Result): Result {
  if (runtime.isIdle()) {
    return deliveries[0]?.ambient === true ? handler() : runIn(ROOT_CONTEXT, handler, runtime.report)
  }
  const begun = runtime.report.guard('span', () => begin(runtime, deliveries))
  return begun === undefined ? handler() : callIn(begun.context, handler, runtime.report, begun.end)
}

function begin(
  runtime: Runtime,
  deliveries: readonly Delivery[],
): { context: Context; end: (ending: Ending) => void } | undefined {
  const first = deliveries[0]
  if (first === undefined) return undefined
  const { names, metrics } = runtime
  runtime.lookAtContexts()
  const group = first.facts?.consumerGroup
  const operation = runtime.operations('process', 'process', first.system, first.destination, group)
  const attributes = copyAttributes(operation)
  names.set(attributes, 'messageCount', deliveries.length)
  const common = { facts: commonFacts(deliveries), attributes: commonAttributes(deliveries) }
  names.facts(attributes, common.facts)
  addAttributes(attributes, common.attributes)
  const messages = deliveries.map((delivery) => readDelivery(runtime, delivery))
  const links = linksTo(runtime, messages, common)

  const ambient = first.ambient === true
  const relation = ambient ? runtime.relationFor(first) : 'auto'
  const parent = parentOf({ ...NO_MESSAGE, ambient, relation, maxTraceAge: runtime.maxTraceAge })
  const base = parent === 'ambient' ? activeContext(runtime) : ROOT_CONTEXT
  const span = startSpan(
    runtime,
    operation.spanName,
    {
      kind: SpanKind.CONSUMER,
      attributes,
      links,
      root: parent === 'none',
    },
    base,
  )
  const measured = metrics.of(operation)
  measured?.consumed(deliveries.filter(({ received }) => received !== true).length)
  measured?.inFlight(deliveries.length)
  const atHand = measured?.atHand(oldestOf(messages))
  const startedAt = performance.now()
  const work: Work = {
    verdict: undefined,
    batch: messages,
    spanContext: span.context,
    ended: false,
    outcome: undefined,
    moved: undefined,
    told: undefined,
    failure: undefined,
    failed: undefined,
  }
  for (const message of messages) message.work = work
  return {
    context: withWork(base, span.context === undefined ? undefined : span.span, work),
    end(ending) {
      work.ended = true
      // A batch that failed is handed out again.
      if (ending.failed) span.fail(ending.error, runtime.errorStatus === 'every')
      span.end()
      measured?.inFlight(-deliveries.length)
      letGo(atHand)
      measured?.processed(secondsSince(startedAt), errorTypeOfEnding(ending))
    },
  }
}

/** When the first of the messages was sent, as far as that is known, ms since the epoch. */
function oldestOf(messages: readonly Verdict[]): number {
  const now = Date.now()
  return now - messages.reduce((oldest, message) => Math.max(oldest, ageOf(message, now) ?? 0), 0)
}

/** To the rule, a batch is a delivery without a message of its own. */
const NO_MESSAGE = {
  wholeBatch: true,
  trust: 'full',
  creation: undefined,
  wish: undefined,
  deadLetter: false,
  scheduled: false,
  age: undefined,
} as const

/** What is equal for all messages, of the facts that can be. */
function commonFacts(deliveries: readonly Delivery[]): Facts {
  const { partition, clientId, queueUrl, serverAddress, serverPort } = deliveries[0]?.facts ?? {}
  const samePartition = deliveries.every(({ facts }) => facts?.partition === partition)
  return { partition: samePartition ? partition : undefined, clientId, queueUrl, serverAddress, serverPort }
}

/** The attributes of adapters that are equal for all messages. */
function commonAttributes(deliveries: readonly Delivery[]): Attributes | undefined {
  const first = deliveries[0]?.attributes
  if (first === undefined) return undefined
  const common = Object.entries(first).filter(([key, value]) =>
    deliveries.every(({ attributes }) => attributes?.[key] === value),
  )
  return Object.fromEntries(common)
}
