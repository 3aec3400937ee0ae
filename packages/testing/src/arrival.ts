import { identityOf } from './identity.ts'

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

/** Arrivals by the key of their message. */
export function byMessage(arrivals: readonly Arrival[]): ReadonlyMap<string, Arrival> {
  const found = new Map<string, Arrival>()
  for (const arrival of arrivals) {
    const { system, destination, messageId, partition, offset } = arrival
    const identity = identityOf({ system, destination, messageId, partition, offset })
    if (identity) found.set(identity.key, arrival)
  }
  return found
}
