import { remote, remoteKnown } from './request.ts'
import { grouped } from '../spans/grouped.ts'
import { spanKinds, spanStatuses, type RecordedLink, type RecordedSpan, type SpanAttributes } from '../spans/span.ts'

/**
 * Writes spans as OTLP JSON lines: one `ExportTraceServiceRequest` per trace and line, each line ended with a newline,
 * as the Collector's file exporter writes and other tools read it. Spans that have not ended are left out, as no
 * exporter gets them either.
 */
export function otlpJsonLines(spans: readonly RecordedSpan[]): string {
  const traces = grouped(spans, ({ endTime, traceId }) => (endTime === undefined ? undefined : traceId))
  return [...traces.values()].map((trace) => `${JSON.stringify(exportRequest(trace))}\n`).join('')
}

function exportRequest(spans: readonly RecordedSpan[]): object {
  const resources = grouped(spans, (span) => JSON.stringify(resourceOf(span)))
  return {
    resourceSpans: [...resources.values()].map((ofResource) => ({
      resource: { attributes: ofResource[0] && resourceOf(ofResource[0]) },
      scopeSpans: [...grouped(ofResource, scopeKey).values()].map((ofScope) => ({
        scope: { name: ofScope[0]?.scope, version: ofScope[0]?.scopeVersion },
        spans: ofScope.map(otlpSpan),
      })),
    })),
  }
}

function scopeKey({ scope, scopeVersion }: RecordedSpan): string {
  return JSON.stringify([scope, scopeVersion])
}

function resourceOf(span: RecordedSpan): object[] {
  const named = Object.hasOwn(span.resource, 'service.name') || span.service === ''
  return keyValues(named ? span.resource : { 'service.name': span.service, ...span.resource })
}

function otlpSpan(span: RecordedSpan): object {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    traceState: span.traceState,
    parentSpanId: span.parentSpanId,
    flags: flags(span.traceFlags, span.remoteParent ?? (span.parentSpanId === undefined ? false : undefined)),
    name: span.name,
    kind: spanKinds.indexOf(span.kind) + 1,
    startTimeUnixNano: nanoseconds(span.startTime),
    endTimeUnixNano: nanoseconds(span.endTime ?? span.startTime),
    attributes: keyValues(span.attributes),
    events: span.events.map(({ name, time, attributes }) => ({
      timeUnixNano: nanoseconds(time),
      name,
      attributes: keyValues(attributes),
    })),
    links: span.links.map(otlpLink),
    droppedLinksCount: span.droppedLinks,
    status: { code: spanStatuses.indexOf(span.status), message: span.statusMessage },
  }
}

function otlpLink(link: RecordedLink): object {
  return {
    traceId: link.traceId,
    spanId: link.spanId,
    traceState: link.traceState,
    attributes: keyValues(link.attributes),
    flags: flags(link.traceFlags, link.remote),
  }
}

function flags(traceFlags: number | undefined, isRemote: boolean | undefined): number | undefined {
  if (traceFlags === undefined && isRemote === undefined) return undefined
  return ((traceFlags ?? 0) & 0xff) | (isRemote === undefined ? 0 : remoteKnown) | (isRemote === true ? remote : 0)
}

// A number holds the ms since the epoch to a fraction of a microsecond; digits below that would be invented.
function nanoseconds(milliseconds: number): string {
  const microseconds = Math.round(milliseconds * 1000)
  return microseconds > 0 && Number.isSafeInteger(microseconds) ? `${microseconds}000` : '0'
}

function keyValues(attributes: SpanAttributes): object[] {
  return Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ({ key, value: anyValue(value) }))
}

function anyValue(value: unknown): object {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'bigint') return { intValue: String(value) }
  if (typeof value === 'number') return numberValue(value)
  if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString('base64') }
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } }
  if (typeof value === 'object' && value !== null) return { kvlistValue: { values: keyValues({ ...value }) } }
  return {}
}

function numberValue(value: number): object {
  if (Number.isSafeInteger(value)) return { intValue: String(value) }
  return { doubleValue: Number.isFinite(value) ? value : String(value) }
}
