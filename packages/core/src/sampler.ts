import {
  TraceFlags,
  type Attributes,
  type Context,
  type Link,
  type SpanKind,
  type TraceState,
} from '@opentelemetry/api'

/** What a sampler answers; the shape of OpenTelemetry SDKs 2 and 3. `decision` 2 records and samples. */
export interface SamplingResult {
  readonly decision: 0 | 1 | 2
  readonly attributes?: Readonly<Attributes>
  readonly traceState?: TraceState
}

/** A sampler, in the shape of OpenTelemetry SDKs 2 and 3. */
export interface Sampler {
  shouldSample(
    context: Context,
    traceId: string,
    spanName: string,
    spanKind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): SamplingResult
  toString(): string
}

const RECORD_AND_SAMPLED = 2

/**
 * Samples a span that links a sampled one, so that whoever keeps a send also keeps what came of it, although that is
 * another trace; asks the inner sampler about every other span.
 *
 * Give it to `ParentBasedSampler` as `root`. Links of producers that are not trusted in full never count.
 */
export function linkAwareSampler(inner: Sampler): Sampler {
  return {
    shouldSample(context, traceId, spanName, spanKind, attributes, links) {
      const linked = links.some(({ context: target }) => (target.traceFlags & TraceFlags.SAMPLED) !== 0)
      return linked
        ? { decision: RECORD_AND_SAMPLED }
        : inner.shouldSample(context, traceId, spanName, spanKind, attributes, links)
    },
    toString: () => `LinkAwareSampler{${inner.toString()}}`,
  }
}
