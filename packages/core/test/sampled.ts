import { ROOT_CONTEXT, SpanKind, TraceFlags, type Attributes, type Link, type SpanContext } from '@opentelemetry/api'
import type { Sampler, SamplingResult } from '../src/sampler.ts'

/** Ids from a seed, so that rates are the same in every run. */
export function createIds(seed: number): (digits: number) => string {
  let state = seed
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  return (digits) => {
    let id = ''
    while (id.length < digits) id += next().toString(16).padStart(8, '0')
    return id
  }
}

/** What a sampler says of a span without a parent. */
export function decisionOn(
  sampler: Sampler,
  traceId: string,
  links: Link[] = [],
  attributes: Attributes = {},
): SamplingResult {
  return sampler.shouldSample(ROOT_CONTEXT, traceId, 'process orders', SpanKind.CONSUMER, attributes, links)
}

/** The context of such a span. */
export function spanBy(
  sampler: Sampler,
  traceId: string,
  links: Link[] = [],
  attributes: Attributes = {},
): SpanContext {
  const { decision, traceState } = decisionOn(sampler, traceId, links, attributes)
  return {
    traceId,
    spanId: traceId.slice(0, 16),
    traceFlags: decision === 2 ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
    ...(traceState !== undefined && { traceState }),
  }
}

/** The 56 bits that consistent samplers decide by, as the specification of OpenTelemetry says. */
export function randomnessOf({ traceId, traceState }: SpanContext): string {
  return /(?:^|;)rv:([\da-f]{14})(?:;|$)/.exec(traceState?.get('ot') ?? '')?.[1] ?? traceId.slice(-14)
}
