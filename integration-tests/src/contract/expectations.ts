import {
  assertPropagation,
  messageFacts,
  type RecordedLink,
  type RecordedSpan,
  type Recorder,
} from '@tracebaton/testing'
import { expect } from 'vitest'
import type { Received } from './fixture.ts'

/** What names a span. */
export interface SpanIdentity {
  readonly traceId: string
  readonly spanId: string
}

/** Scenarios have producers far away, and spans of only one side. */
const INCOMPLETE = ['no-orphans', 'no-dangling-links']

/** Expects that the test kit finds nothing else in all that was recorded. Only where there is nothing at all it is silent. */
export function expectSound(recorder: Recorder, provoked: readonly string[] = []): void {
  if (recorder.spans.length + recorder.open.length === 0) return
  assertPropagation(recorder, { except: [...INCOMPLETE, ...provoked] })
}

/** Expects a root: a span that begins a trace. */
export function expectRoot(span: RecordedSpan): void {
  expect(span.parentSpanId, `${span.name} has a parent`).toBeUndefined()
}

/** Expects a parent. */
export function expectChild(span: RecordedSpan, parent: SpanIdentity): void {
  expect({ traceId: span.traceId, spanId: span.parentSpanId }, `parent of ${span.name}`).toEqual(identityOf(parent))
}

/** Expects the links of one role, in any order, and no others of it. */
export function expectLinks(span: RecordedSpan, role: string, targets: readonly SpanIdentity[]): void {
  const linked = linksOf(span, role).map(identityOf)
  expect(linked.toSorted(bySpan), `${role} links of ${span.name}`).toEqual(targets.map(identityOf).toSorted(bySpan))
}

/** The links of one role. */
export function linksOf(span: RecordedSpan, role: string): RecordedLink[] {
  return span.links.filter((link) => link.role === role)
}

/** The values of a header, in any letter case. */
export function headerOf({ headers }: Received, name: string): string[] {
  return Object.entries(headers).flatMap(([key, values]) => (key.toLowerCase() === name ? values : []))
}

/** What a message says of its history, more than when it was sent: some brokers do not tell that. */
export function historyOn(message: Received): string[] {
  return headerOf(message, 'tracebaton').filter((text) => /;[admnpk]=/.test(text))
}

/** The context on a message. Expects exactly one, and that it is valid. */
export function contextOn(message: Received): SpanIdentity & { readonly flags: string } {
  const values = headerOf(message, 'traceparent')
  expect(values, `traceparent of ${message.body}`).toHaveLength(1)
  expect(values[0]).toMatch(/^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/)
  const [, traceId = '', spanId = '', flags = ''] = values[0]?.split('-') ?? []
  return { traceId, spanId, flags }
}

/** A valid context that nobody recorded, as from a producer far away. Each call gives another one. */
export function foreignContext(): SpanIdentity & { readonly traceparent: string } {
  const [traceId, spanId] = [`a${randomHex(31)}`, `b${randomHex(15)}`]
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-01` }
}

/** The ended spans of an operation type on a destination. */
export function operations(spans: readonly RecordedSpan[], type: string, destination: string): RecordedSpan[] {
  return spans.filter((span) => {
    const facts = messageFacts(span)
    return facts.operationType === type && facts.destination === destination
  })
}

/** The one element of a list. */
export function only<Item>(items: readonly Item[]): Item {
  expect(items).toHaveLength(1)
  return items[0] as Item
}

function randomHex(digits: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(digits))
  return Buffer.from(bytes).toString('hex').slice(0, digits)
}

function identityOf({ traceId, spanId }: SpanIdentity): SpanIdentity {
  return { traceId, spanId }
}

function bySpan(left: SpanIdentity, right: SpanIdentity): number {
  return left.spanId.localeCompare(right.spanId)
}
