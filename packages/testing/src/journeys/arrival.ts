import { identityOf, type MessageIdentity } from '../spans/identity.ts'
import { messageParts } from './message-parts.ts'

/**
 * What stood on a message when it arrived, noted by a test: the only witness of what was on the wire that spans
 * cannot give. See `arrivalOf`.
 */
export interface Arrival {
  /** As spans say it: `kafka`, `rabbitmq`, `aws.sqs`, `bullmq` … */
  readonly system: string
  readonly destination?: string | undefined
  readonly messageId?: string | undefined
  readonly partition?: string | undefined
  readonly offset?: string | undefined
  /** Header names in any letter case; one value for each time that a header stands there. */
  readonly headers: Readonly<Record<string, readonly string[]>>
}

/** What a header bag says about a trace context. */
export type WireContext =
  | { readonly state: 'absent' }
  | { readonly state: 'malformed'; readonly header: string; readonly values: readonly string[] }
  | { readonly state: 'present'; readonly header: string; readonly traceId?: string; readonly spanId?: string }

/** Headers of propagators other than W3C; whether their content is valid is not judged. */
const OTHER_HEADERS = ['b3', 'x-b3-traceid', 'uber-trace-id', 'x-amzn-trace-id', 'awstraceheader']

// https://www.w3.org/TR/trace-context-2/#traceparent-header: later versions may be longer.
const TRACEPARENT =
  /^(?:00-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}|(?!ff|00)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-.*)?)$/

/** Reads what was on the wire. Of several propagators' headers W3C counts first. */
export function wireContext({ headers }: Arrival): WireContext {
  const values = headerValues(headers, 'traceparent')
  const [value, ...more] = values
  if (value !== undefined) {
    if (more.length > 0 || !TRACEPARENT.test(value)) return { state: 'malformed', header: 'traceparent', values }
    const [, traceId = '', spanId = ''] = value.split('-')
    return { state: 'present', header: 'traceparent', traceId, spanId }
  }
  const header = OTHER_HEADERS.find((name) => headerValues(headers, name).length > 0)
  return header === undefined ? { state: 'absent' } : { state: 'present', header }
}

/** All values of a header, in whatever letter case it is written. */
export function headerValues(headers: Arrival['headers'], name: string): string[] {
  return Object.entries(headers).flatMap(([key, values]) => (key.toLowerCase() === name ? values : []))
}

/** What identifies the message that arrived. */
export function arrivalIdentity(arrival: Arrival): MessageIdentity | undefined {
  return identityOf({ ...arrival, destinationName: arrival.destination })
}

/**
 * Notes what stood on a message when it arrived. Made for the first line of a handler, of any of the four clients: an
 * `eachMessage` payload of kafkajs, a delivery of amqplib, a message of SQS, a job of BullMQ. Throws a TypeError for
 * anything else.
 *
 * @param destination for SQS, whose messages do not name their queue
 */
export function arrivalOf(message: object, destination?: string): Arrival {
  const parts = messageParts(message)
  if (!parts) throw new TypeError('This is no message of kafkajs, amqplib, SQS or BullMQ')
  const headers = Object.fromEntries(Object.entries(parts.headers).map(([name, value]) => [name, textsOf(value)]))
  return { ...parts.place, headers, ...(destination !== undefined && { destination }) }
}

function textsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(textsOf)
  if (typeof value === 'string') return [value]
  if (value instanceof Uint8Array) return [Buffer.from(value).toString()]
  if (typeof value !== 'object' || value === null || !('StringValue' in value)) return []
  return typeof value.StringValue === 'string' ? [value.StringValue] : []
}
