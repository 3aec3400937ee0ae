import { names } from './facts.ts'
import {
  spanKinds,
  spanStatuses,
  type RecordedEvent,
  type RecordedLink,
  type RecordedSpan,
  type SpanAttributes,
} from './span.ts'

/** The part of a span context that is recorded. */
export interface SdkSpanContext {
  readonly traceId: string
  readonly spanId: string
  readonly traceFlags?: number
  readonly isRemote?: boolean
  readonly traceState?: { serialize(): string } | undefined
}

/** A moment as the SDK keeps it: whole seconds since the epoch, and ns within the second. */
export type HighResolutionTime = readonly [seconds: number, nanoseconds: number]

/**
 * The part of an OpenTelemetry SDK's span that is recorded. Structural, so that SDK 2 and SDK 3 spans both fit without
 * the package depending on either; the fields that only SDK 1 has are read too.
 */
export interface SdkSpan {
  readonly name: string
  readonly kind: number
  readonly spanContext: () => SdkSpanContext
  readonly parentSpanContext?: SdkSpanContext | undefined
  readonly parentSpanId?: string | undefined
  readonly startTime: HighResolutionTime
  readonly endTime: HighResolutionTime
  readonly ended: boolean
  readonly status: { readonly code: number; readonly message?: string | undefined }
  readonly attributes: SpanAttributes
  readonly links: readonly { readonly context: SdkSpanContext; readonly attributes?: SpanAttributes | undefined }[]
  readonly events: readonly {
    readonly name: string
    readonly time: HighResolutionTime
    readonly attributes?: SpanAttributes | undefined
  }[]
  readonly resource: SdkResource
  readonly instrumentationScope?: SdkScope | undefined
  readonly instrumentationLibrary?: SdkScope | undefined
  readonly droppedLinksCount?: number
}

/** The part of a resource that is recorded. */
export interface SdkResource {
  readonly attributes: SpanAttributes
  readonly asyncAttributesPending?: boolean | undefined
  getRawAttributes?(): readonly (readonly [string, unknown])[]
}

/** The part of an instrumentation scope that is recorded. */
export interface SdkScope {
  readonly name: string
  readonly version?: string | undefined
}

/** Turns a span of the SDK, ended or not, into plain data that later changes of the span do not reach. */
export function fromSdkSpan(span: SdkSpan): RecordedSpan {
  const context = span.spanContext()
  const parentSpanId = span.parentSpanContext?.spanId ?? span.parentSpanId
  const resource = resourceAttributes(span.resource)
  const service = resource[names.service[0]]
  const scope = span.instrumentationScope ?? span.instrumentationLibrary
  return {
    name: span.name,
    kind: spanKinds[span.kind] ?? 'internal',
    ...identity(context),
    ...(parentSpanId ? { parentSpanId } : {}),
    ...(parentSpanId && span.parentSpanContext ? { remoteParent: span.parentSpanContext.isRemote === true } : {}),
    startTime: milliseconds(span.startTime),
    ...(span.ended ? { endTime: milliseconds(span.endTime) } : {}),
    attributes: { ...span.attributes },
    links: span.links.map(fromSdkLink),
    ...(span.droppedLinksCount ? { droppedLinks: span.droppedLinksCount } : {}),
    events: span.events.map((event): RecordedEvent => ({
      name: event.name,
      time: milliseconds(event.time),
      attributes: { ...event.attributes },
    })),
    status: spanStatuses[span.status.code] ?? 'unset',
    ...(span.status.message === undefined ? {} : { statusMessage: span.status.message }),
    service: typeof service === 'string' ? service : '',
    resource,
    scope: scope?.name ?? '',
    ...(scope?.version ? { scopeVersion: scope.version } : {}),
  }
}

function fromSdkLink(link: SdkSpan['links'][number]): RecordedLink {
  const role = link.attributes?.[names.linkRole[0]]
  return {
    ...identity(link.context),
    ...(typeof role === 'string' ? { role } : {}),
    remote: link.context.isRemote === true,
    attributes: { ...link.attributes },
  }
}

function identity(context: SdkSpanContext): Pick<RecordedLink, 'traceId' | 'spanId' | 'traceFlags' | 'traceState'> {
  const traceState = context.traceState?.serialize()
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    ...(context.traceFlags === undefined ? {} : { traceFlags: context.traceFlags }),
    ...(traceState ? { traceState } : {}),
  }
}

// While asynchronous detectors still run, reading `attributes` makes SDK 2 log an error. What is known is enough here.
function resourceAttributes(resource: SdkResource): SpanAttributes {
  if (!resource.asyncAttributesPending || !resource.getRawAttributes) return resource.attributes
  const known = resource.getRawAttributes().filter(([, value]) => !(value instanceof Object && 'then' in value))
  // Among equal keys the first one counts.
  return Object.fromEntries(known.toReversed())
}

function milliseconds([seconds, nanoseconds]: HighResolutionTime): number {
  return seconds * 1000 + nanoseconds / 1e6
}
