import { messageFacts, type RecordedSpan } from '@tracebaton/testing'
import type { Journeys, Order } from './journeys.ts'
import { SLOW_QUEUE } from './recipes.ts'

/** What is known of an order: its spans, all of them, in all traces. */
export interface Truth {
  readonly order: Order
  readonly spans: readonly RecordedSpan[]
  /** The traces of what went wrong, and those of the sends that led to it, up to the first. */
  readonly path: ReadonlySet<string>
}

/** Whole: all of it was kept. Part: some. */
export type Kept = 'whole' | 'part' | 'none'

/** What each order consists of. The spans of whole batches belong to many orders, and to none of these. */
export function truthsOf({ orders, orderOf }: Journeys, spans: readonly RecordedSpan[]): Truth[] {
  const ownOf = (span: RecordedSpan): string | undefined => {
    const noted = span.attributes['order.id']
    const { messageId } = messageFacts(span)
    return typeof noted === 'string' ? noted : messageId === undefined ? undefined : orderOf.get(messageId)
  }
  const byTrace = new Map(
    spans.flatMap((span) => {
      const id = ownOf(span)
      return id === undefined ? [] : [[span.traceId, id] as const]
    }),
  )
  const byOrder = new Map<string, RecordedSpan[]>(orders.map(({ id }) => [id, []]))
  for (const span of spans) byOrder.get(ownOf(span) ?? byTrace.get(span.traceId) ?? '')?.push(span)
  return orders.map((order) => {
    const own = byOrder.get(order.id) ?? []
    return { order, spans: own, path: pathOf(own) }
  })
}

/** How much of an order is among what was kept. */
export function keptOf({ spans }: Truth, kept: ReadonlySet<string>): Kept {
  return part(spans.filter((span) => kept.has(keyOf(span))).length, spans.length)
}

/** How much of the way to what went wrong is among the traces that were kept. */
export function pathKeptOf({ path }: Truth, traces: ReadonlySet<string>): Kept {
  return part([...path].filter((trace) => traces.has(trace)).length, path.size)
}

/** Names a span. */
export function keyOf({ traceId, spanId }: RecordedSpan): string {
  return `${traceId}/${spanId}`
}

function part(found: number, of: number): Kept {
  return found === of ? 'whole' : found === 0 ? 'none' : 'part'
}

function pathOf(spans: readonly RecordedSpan[]): Set<string> {
  const before = new Map<string, string>()
  for (const { traceId, attributes } of spans) {
    const creation = attributes['tracebaton.creation.trace_id']
    if (typeof creation === 'string') before.set(traceId, creation)
  }
  const path = new Set<string>()
  for (const { traceId } of spans.filter(wentWrong)) {
    for (let trace: string | undefined = traceId; trace !== undefined && !path.has(trace); trace = before.get(trace)) {
      path.add(trace)
    }
  }
  return path
}

/** Whether it is an attempt on a message that waited long. */
export function waitedLong(span: RecordedSpan): boolean {
  return (messageFacts(span).queueTime ?? 0) > SLOW_QUEUE
}

/** A failed attempt, one after it, one of a dead letter, or one whose message waited long. */
function wentWrong(span: RecordedSpan): boolean {
  const { attempt = 1, deliveryKind } = messageFacts(span)
  return (
    span.status === 'error' ||
    attempt > 1 ||
    deliveryKind === 'dead_letter' ||
    deliveryKind === 'redrive' ||
    waitedLong(span)
  )
}
