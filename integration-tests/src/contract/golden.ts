import { type RecordedSpan } from '@tracebaton/testing'
import { structure } from '@tracebaton/testing/pictures'
import { headerOf } from './expectations.ts'
import type { Sent } from './fixture.ts'
import type { MetricPoint } from './metering.ts'
import type { Stage } from './stage.ts'

const OURS = 'tracebaton.'

/** Attributes and labels whose values differ in every run: only their presence is written. */
const PRESENT = /\.(?:time|age|trace_id)$|^server\./

/** At the end of each scenario, which the suite expects itself. */
const ALWAYS_ZERO = 'tracebaton.queue.oldest_age'

/** Keys of the `tracebaton` header with other values in every run: times, a trace, and the digest of a death on RabbitMQ. */
const MASKED: Readonly<Record<string, string>> = { f: '<time>', s: '<time>', x: '<death>', j: '<trace>' }

/**
 * What a scenario did, as text that is the same in every run. Ids are written as the span that they name, destinations
 * as `queue-1`, `queue-2` in the order in which the scenario asked for them, times not at all. The lines of a section are
 * sorted, and equal lines are written once with their number, so that it does not matter what happened first. So are the
 * names of headers: an SQS client gives those that it received in an order that depends on its protocol.
 *
 * @param varies whether deliveries differ between runs: then only the messages that were sent are written
 */
export async function goldenText(stage: Stage, varies: boolean): Promise<string> {
  const mask = masking(stage.destinations)
  const spans = [
    ...stage.recorder.spans.map((span) => masked(span, mask, 'here')),
    ...stage.elsewhere.map((span) => masked(span, mask, 'elsewhere')),
  ].filter(({ attributes }) => !isCutPoll(attributes))
  const messages = collapsed(stage.sent.map((message) => messageLine(message, mask, spans)))
  if (varies) return print({ messages })
  const points = (await stage.metering.points()).filter(
    ({ metric, labels }) => metric !== ALWAYS_ZERO && !isCutPoll(labels),
  )
  return print({
    structure: structure(spans).trimEnd().split('\n'),
    spans: collapsed(spans.map(spanLine)),
    messages,
    metrics: metricLines(points, mask),
  })
}

function print(sections: Readonly<Record<string, readonly string[]>>): string {
  return Object.entries(sections)
    .filter(([, lines]) => lines.join('') !== '')
    .map(([title, lines]) => [`  ${title}`, ...lines.map((line) => (line === '' ? '' : `    ${line}`))].join('\n'))
    .join('\n')
}

type Mask = (text: string) => string

function masking(destinations: readonly string[]): Mask {
  return (text) => destinations.reduce((said, name, index) => said.replaceAll(name, `queue-${index + 1}`), text)
}

/**
 * The span with stable destinations, and a service that says in which process it was recorded: the SDK's default is the
 * path of Node. Ids and times stay: they are needed to connect the spans, and never written.
 */
function masked(span: RecordedSpan, mask: Mask, service: 'here' | 'elsewhere'): RecordedSpan {
  const attributes = Object.entries(span.attributes).map(([key, value]) => [
    key,
    typeof value === 'string' ? mask(value) : value,
  ])
  return {
    ...span,
    service,
    name: mask(span.name),
    attributes: Object.fromEntries(attributes) as typeof span.attributes,
  }
}

function spanLine({ name, kind, status, scope, attributes, links }: RecordedSpan): string {
  const facts = Object.entries(attributes)
    .filter(([key]) => key.startsWith(OURS))
    .map(([key, value]) => written(key.slice(OURS.length), value))
    .toSorted()
  const roles = collapsed(links.map(({ role }) => role ?? 'no role'))
  const linked = roles.length > 0 ? [`links: ${roles.join(', ')}`] : []
  return [`${name} (${kind}, ${status}, ${scope})`, ...facts, ...linked].join(' · ')
}

/** One line for each set of labels, with the metrics that have it. */
function metricLines(points: readonly MetricPoint[], mask: Mask): string[] {
  const lines = new Map<string, string[]>()
  for (const { metric, labels, count } of points) {
    const facts = Object.entries(labels).map(([key, value]) => mask(written(key, value)))
    const key = facts.toSorted().join(' · ')
    const metrics = lines.get(key) ?? []
    metrics.push(isPoll(metric, labels) ? metric : `${metric} ${count}`)
    lines.set(key, metrics)
  }
  return [...lines].map(([labels, metrics]) => `${labels}: ${metrics.toSorted().join(', ')}`).toSorted()
}

/** Whether a consumer counted that it asked for messages. How often it has to ask until there are some is up to time. */
function isPoll(metric: string, labels: MetricPoint['labels']): boolean {
  return metric === 'messaging.client.operation.duration' && labels['messaging.operation.type'] === 'receive'
}

/** Whether a consumer asked for messages and was stopped before the answer: it is up to time whether there is such a one. */
function isCutPoll(attributes: RecordedSpan['attributes']): boolean {
  return attributes['messaging.operation.type'] === 'receive' && attributes['error.type'] === 'AbortError'
}

function messageLine(message: Sent, mask: Mask, spans: readonly RecordedSpan[]): string {
  const names = Object.entries(message.headers).map(([name, { length }]) => (length > 1 ? `${name} × ${length}` : name))
  const fields = headerOf({ body: '', ...message }, 'tracebaton').map((text) => `tracebaton: ${decoded(text, spans)}`)
  return [`to ${mask(message.destination)}`, names.toSorted().join(', ') || 'no headers', ...fields].join(' · ')
}

function written(key: string, value: unknown): string {
  return PRESENT.test(key) ? key : `${key}=${String(value)}`
}

/** The `tracebaton` header with ids as names of spans. */
function decoded(text: string, spans: readonly RecordedSpan[]): string {
  return text
    .split(';')
    .map((part) => {
      const [key = '', value] = part.split('=')
      if (value === undefined) return part
      return `${key}=${MASKED[key] ?? spanNamed(value, spans)}`
    })
    .join('; ')
}

/** @param value a context, or the last digits of a span id; anything else is given back */
function spanNamed(value: string, spans: readonly RecordedSpan[]): string {
  const [, traceId = '', spanId = '', flags = ''] =
    /^(?:([\da-f]{32})-)?([\da-f]{8,16})(-[\da-f]{2})?$/.exec(value) ?? []
  if (spanId === '') return value
  const span = spans.find((known) => known.spanId.endsWith(spanId) && known.traceId.endsWith(traceId))
  const attempt = span?.attributes['tracebaton.delivery.attempt']
  return `<${span?.name ?? 'not recorded'}${typeof attempt === 'number' ? ` #${attempt}` : ''}>${flags}`
}

/** The lines in order, equal ones once with their number. */
function collapsed(lines: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1)
  return [...counts.keys()].toSorted().map((line) => {
    const count = counts.get(line) ?? 1
    return count > 1 ? `${line} · × ${count}` : line
  })
}
