import {
  assertPropagation,
  messageFacts,
  type RecordedSpan,
  type Recorder,
  type SpanIdentity,
} from '@tracebaton/testing'
import { rules } from '@tracebaton/testing/rules'
import { expect } from 'vitest'
import type { Received } from './fixture.ts'

/** Scenarios have producers far away, and spans of only one side. */
const INCOMPLETE = ['no-orphans', 'no-dangling-links']

/** What is about handled messages has nothing to judge where a scenario only sends. */
const HANDLING = rules.filter(({ handling }) => handling).map(({ id }) => id)

/** Expects that the test kit finds nothing else in all that was recorded. Only where there is nothing at all it is silent. */
export function expectSound(recorder: Recorder, provoked: readonly string[] = []): void {
  if (recorder.spans.length + recorder.open.length === 0) return
  const handled = recorder.spans.some((span) => messageFacts(span).operationType === 'process')
  assertPropagation(recorder, { except: [...INCOMPLETE, ...(handled ? [] : HANDLING), ...provoked] })
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
