import { names } from '../spans/facts.ts'
import {
  spanKinds,
  spanStatuses,
  type RecordedEvent,
  type RecordedLink,
  type RecordedSpan,
  type SpanAttributes,
} from '../spans/span.ts'

/** What an export request holds. */
export interface OtlpContent {
  readonly spans: readonly RecordedSpan[]
  /** Spans that were left out because they have no usable ids. */
  readonly invalid: number
}

// https://github.com/open-telemetry/opentelemetry-proto, SpanFlags: whether the context is remote is known, and is so.
export const remoteKnown = 0x100
export const remote = 0x200

type Fields = Readonly<Record<string, unknown>>

/**
 * The spans of an `ExportTraceServiceRequest` (or `TracesData`): parsed OTLP JSON, or a protobuf message. Takes what is
 * written in practice: ids as bytes or in hex or base64, whole numbers as numbers or texts, enumerations as numbers or
 * names. Undefined: it is something else, or a request for logs or metrics. Never throws.
 *
 * @param wanted which traces are read; without it all of them
 */
export function otlpContent(request: unknown, wanted?: (traceId: string) => boolean): OtlpContent | undefined {
  const resourceSpans = resourceSpansOf(request)
  if (!resourceSpans) return undefined
  const spans: RecordedSpan[] = []
  let invalid = 0
  for (const ofResource of fieldsOf(resourceSpans)) {
    const resource = attributesOf(field(ofResource, 'resource')['attributes'])
    const named = resource[names.service[0]]
    const service = typeof named === 'string' ? named : ''
    for (const ofScope of fieldsOf(ofResource['scopeSpans'])) {
      const { name, version } = field(ofScope, 'scope')
      const origin = {
        service,
        resource,
        scope: textOf(name),
        ...(textOf(version) === '' ? {} : { scopeVersion: textOf(version) }),
      }
      for (const given of fieldsOf(ofScope['spans'])) {
        const traceId = idOf(given['traceId'], 32)
        if (wanted && traceId !== undefined && !wanted(traceId)) continue
        const span = traceId === undefined ? undefined : spanOf(given, traceId, origin)
        if (span) spans.push(span)
        else invalid += 1
      }
    }
  }
  return { spans, invalid }
}

/** Tempo calls the list `batches`, or puts the request into `trace`; Jaeger puts it into `result`. */
function resourceSpansOf(request: unknown): readonly unknown[] | undefined {
  if (!isFields(request)) return undefined
  for (const given of [request, request['trace'], request['result']]) {
    const list = isFields(given) ? (given['resourceSpans'] ?? given['batches']) : undefined
    if (Array.isArray(list)) return list
  }
  return undefined
}

type Origin = Pick<RecordedSpan, 'service' | 'resource' | 'scope' | 'scopeVersion'>
type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

// Fields are set one by one: a spread for each field that may be absent takes several times as long, for every span.
function spanOf(given: Fields, traceId: string, origin: Origin): RecordedSpan | undefined {
  const spanId = idOf(given['spanId'], 16)
  if (spanId === undefined) return undefined
  const { flags, status } = given
  const { code, message } = isFields(status) ? status : none
  const span: Writable<RecordedSpan> = {
    name: textOf(given['name']),
    kind: memberOf(spanKinds, given['kind'], 1) ?? 'internal',
    traceId,
    spanId,
    startTime: millisecondsOf(given['startTimeUnixNano']),
    attributes: attributesOf(given['attributes']),
    links: linksOf(given['links']),
    events: eventsOf(given['events']),
    status: memberOf(spanStatuses, code, 0) ?? 'unset',
    service: origin.service,
    resource: origin.resource,
    scope: origin.scope,
  }
  const parentSpanId = idOf(given['parentSpanId'], 16)
  const endTime = millisecondsOf(given['endTimeUnixNano'])
  const droppedLinks = Number(given['droppedLinksCount'] ?? 0)
  const isRemote = remoteOf(flags)
  if (parentSpanId !== undefined) span.parentSpanId = parentSpanId
  if (parentSpanId !== undefined && isRemote !== undefined) span.remoteParent = isRemote
  if (endTime > 0) span.endTime = endTime
  if (droppedLinks > 0) span.droppedLinks = droppedLinks
  if (typeof message === 'string' && message !== '') span.statusMessage = message
  if (origin.scopeVersion !== undefined) span.scopeVersion = origin.scopeVersion
  addContext(span, given)
  return span
}

function linksOf(given: unknown): readonly RecordedLink[] {
  const links: RecordedLink[] = []
  for (const item of fieldsOf(given)) {
    const traceId = idOf(item['traceId'], 32)
    const spanId = idOf(item['spanId'], 16)
    if (traceId === undefined || spanId === undefined) continue
    const link: Writable<RecordedLink> = { traceId, spanId, attributes: attributesOf(item['attributes']) }
    const role = link.attributes[names.linkRole[0]]
    const isRemote = remoteOf(item['flags'])
    if (typeof role === 'string') link.role = role
    if (isRemote !== undefined) link.remote = isRemote
    addContext(link, item)
    links.push(link)
  }
  return links
}

function addContext(to: { traceFlags?: number; traceState?: string }, { flags, traceState }: Fields): void {
  if (typeof flags === 'number') to.traceFlags = flags & 0xff
  if (typeof traceState === 'string' && traceState !== '') to.traceState = traceState
}

function eventsOf(given: unknown): readonly RecordedEvent[] {
  return fieldsOf(given).map((item) => ({
    name: textOf(item['name']),
    time: millisecondsOf(item['timeUnixNano']),
    attributes: attributesOf(item['attributes']),
  }))
}

function remoteOf(flags: unknown): boolean | undefined {
  return typeof flags === 'number' && (flags & remoteKnown) !== 0 ? (flags & remote) !== 0 : undefined
}

const hex = /^[0-9a-f]+$/
const zeros = '0'.repeat(32)

// Protobuf's own JSON form writes bytes in base64; tools that did not read the OTLP page do the same.
function idOf(given: unknown, length: number): string | undefined {
  if (given instanceof Uint8Array) return idOf(Buffer.from(given).toString('hex'), length)
  if (typeof given !== 'string' || given === '') return undefined
  if (given.length === length && hex.test(given)) return zeros.startsWith(given) ? undefined : given
  const id = given.length === length ? given.toLowerCase() : Buffer.from(given, 'base64').toString('hex')
  return id.length === length && hex.test(id) && !zeros.startsWith(id) ? id : undefined
}

/** A member of an enumeration, by its number or by its name, such as `SPAN_KIND_CLIENT`. */
function memberOf<T extends string>(members: readonly T[], given: unknown, first: 0 | 1): T | undefined {
  if (typeof given === 'number') return members[given - first]
  return members.find((member) => typeof given === 'string' && given.endsWith(member.toUpperCase()))
}

function millisecondsOf(nanoseconds: unknown): number {
  const isNumber = typeof nanoseconds === 'string' || typeof nanoseconds === 'number' || typeof nanoseconds === 'bigint'
  const ms = isNumber ? Number(nanoseconds) / 1e6 : 0
  return Number.isFinite(ms) ? ms : 0
}

function attributesOf(given: unknown): SpanAttributes {
  const attributes: Record<string, unknown> = {}
  for (const { key, value } of fieldsOf(given)) {
    if (typeof key === 'string' && key !== '__proto__') attributes[key] = valueOf(value)
  }
  return attributes
}

function valueOf(given: unknown): unknown {
  if (!isFields(given)) return undefined
  const { value: chosen } = given
  if (isFields(chosen)) return typedValue(String(chosen['case']), chosen['value'])
  for (const type in given) {
    const value = typedValue(type, given[type])
    if (value !== undefined) return value
  }
  return undefined
}

function typedValue(type: string, value: unknown): unknown {
  if (type === 'stringValue' || type === 'boolValue') return value
  if (type === 'intValue') return wholeOf(value)
  if (type === 'doubleValue') return Number(value)
  if (type === 'bytesValue') {
    return value instanceof Uint8Array || typeof value === 'string' ? Buffer.from(value as string, 'base64') : undefined
  }
  if (type === 'arrayValue') return isFields(value) ? fieldsOf(value['values']).map(valueOf) : []
  if (type === 'kvlistValue') return isFields(value) ? attributesOf(value['values']) : {}
  return undefined
}

function wholeOf(given: unknown): unknown {
  const value = Number(given)
  if (Number.isSafeInteger(value)) return value
  return typeof given === 'bigint' ? String(given) : given
}

function textOf(given: unknown): string {
  return typeof given === 'string' ? given : ''
}

function field(of: Fields, name: string): Fields {
  const value = of[name]
  return isFields(value) ? value : none
}

const none: Fields = {}
const noFields: readonly Fields[] = []

function fieldsOf(list: unknown): readonly Fields[] {
  if (!Array.isArray(list) || list.length === 0) return noFields
  return list.every(isFields) ? list : list.filter(isFields)
}

/** Whether a value has fields. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}
