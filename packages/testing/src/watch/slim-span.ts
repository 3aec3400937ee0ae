import { names } from '../spans/facts.ts'
import type { RecordedLink, RecordedSpan, SpanAttributes } from '../spans/span.ts'

/** The most that is kept of a span. Characters, and numbers of things. */
const most = { name: 256, text: 1000, attributes: 128, events: 16, links: 128 } as const

const [linksTotal] = names.linksTotal

/** A span of bounded size, and its size in characters. */
export interface SlimSpan {
  readonly span: RecordedSpan
  readonly size: number
}

/** Cuts what a span says, so that what many of them take is bounded. Never throws. */
export function slimSpan(span: RecordedSpan): SlimSpan {
  const measure = { size: 200 }
  const { links, events } = span
  const slim: RecordedSpan = {
    ...span,
    name: shortened(span.name, most.name, measure),
    service: shortened(span.service, most.name, measure),
    scope: shortened(span.scope, most.name, measure),
    attributes: {
      ...slimAttributes(span.attributes, measure),
      ...(links.length > most.links && { [linksTotal]: links.length }),
    },
    // The service stands on the span; nothing else of the resource is shown or judged.
    resource: {},
    links: links.slice(0, most.links).map((link) => slimLink(link, measure)),
    events: events.slice(-most.events).map(({ name, time, attributes }) => ({
      name: shortened(name, most.name, measure),
      time,
      attributes: slimAttributes(attributes, measure),
    })),
    ...(span.statusMessage !== undefined && { statusMessage: shortened(span.statusMessage, most.text, measure) }),
    ...(span.traceState !== undefined && { traceState: shortened(span.traceState, most.text, measure) }),
  }
  return { span: slim, size: measure.size + 150 * slim.links.length }
}

function slimLink(link: RecordedLink, measure: { size: number }): RecordedLink {
  return { ...link, attributes: slimAttributes(link.attributes, measure) }
}

function slimAttributes(given: SpanAttributes, measure: { size: number }): SpanAttributes {
  const slim: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(given).slice(0, most.attributes)) {
    if (key !== '__proto__') slim[shortened(key, most.name, measure)] = slimValue(value, measure)
  }
  return slim
}

function slimValue(value: unknown, measure: { size: number }): unknown {
  if (typeof value === 'string') return shortened(value, most.text, measure)
  if (typeof value !== 'object' || value === null) return value
  // Lists and maps are rare, and only shown.
  const text = jsonText(value)
  if (text === undefined || text.length > most.text) return shortened(text ?? '…', most.text, measure)
  measure.size += text.length
  return value
}

/** Undefined for what is nested too deeply. */
function jsonText(value: object): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

function shortened(text: string, length: number, measure: { size: number }): string {
  measure.size += Math.min(text.length, length)
  if (text.length <= length) return text
  // A slice alone would keep the whole text in memory.
  return Buffer.from(`${text.slice(0, length - 1)}…`).toString()
}
