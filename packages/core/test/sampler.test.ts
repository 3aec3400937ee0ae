import { context, ROOT_CONTEXT, SpanKind, trace, TraceFlags } from '@opentelemetry/api'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base'
import { beforeEach, describe, expect, it } from 'vitest'
import { linkAwareSampler } from '../src/sampler.ts'
import { createAdapterTracing } from '../src/tracing.ts'
import type { TracingOptions } from '../src/options.ts'
import { movedField } from './field.ts'
import { spanContext, traceparentOf } from './sample.ts'
import { createSdk, registerContextManager, resetGlobals } from './sdk.ts'

resetGlobals()
beforeEach(registerContextManager)

const sampled = spanContext('a')
const dropped = spanContext('b', TraceFlags.NONE)
const rarely = () => new ParentBasedSampler({ root: linkAwareSampler(new AlwaysOffSampler()) })

/** How many spans are kept of the attempt on one message. */
function keptOf(message: { readonly [header: string]: string }, options: TracingOptions = {}): number {
  const sdk = createSdk(rarely())
  const tracing = createAdapterTracing({ tracerProvider: sdk.tracerProvider, ...options })
  tracing.process({ system: 'kafka', destination: { name: 'orders' }, carrier: message }, () => undefined)
  return sdk.ended().length
}

const sampleHalf = () =>
  createSdk(new ParentBasedSampler({ root: linkAwareSampler(new TraceIdRatioBasedSampler(0.5)) }))

const field = (previous: typeof sampled) => movedField(dropped, { attempt: 2, previousAttempt: previous })

const messageAfter = (previous: typeof sampled) => ({
  traceparent: traceparentOf(dropped),
  tracebaton: field(previous),
})

describe('a sampler that looks at links', () => {
  it('keeps both ends of a queue together, although they are two traces', () => {
    expect(keptOf({ traceparent: traceparentOf(sampled) }, { relation: 'link' })).toBe(1)
    expect(keptOf({ traceparent: traceparentOf(dropped) }, { relation: 'link' })).toBe(0)
  })

  it('keeps a span whose previous attempt was kept', () => {
    expect(keptOf(messageAfter(spanContext('c')), { relation: 'link' })).toBe(1)
    expect(keptOf(messageAfter(spanContext('c', TraceFlags.NONE)), { relation: 'link' })).toBe(0)
  })

  it('does not listen to producers that are not trusted in full', () => {
    const message = { traceparent: traceparentOf(sampled) }
    expect(keptOf(message, { trust: 'link-only' })).toBe(0)
    expect(keptOf(message, { trust: 'ignore' })).toBe(0)
    expect(keptOf({ tracebaton: movedField(sampled) }, { trust: 'link-only' })).toBe(0)
  })

  it('does not overrule a parent', () => {
    const sdk = createSdk(rarely())
    const tracer = sdk.tracerProvider.getTracer('test')
    tracer.startSpan('child', { links: [{ context: sampled }] }, trace.setSpanContext(ROOT_CONTEXT, dropped)).end()
    tracer.startSpan('child', {}, trace.setSpanContext(ROOT_CONTEXT, sampled)).end()
    expect(sdk.ended().map(({ parentSpanContext }) => parentSpanContext?.traceId)).toEqual([sampled.traceId])
  })

  it('keeps every consumer of a message whose producer was kept, whatever the ratio', () => {
    const producer = sampleHalf()
    const consumer = sampleHalf()
    const sending = createAdapterTracing({ tracerProvider: producer.tracerProvider, relation: 'link' })
    const receiving = createAdapterTracing({ tracerProvider: consumer.tracerProvider, relation: 'link' })
    for (let index = 0; index < 50; index++) {
      const carrier = context.with(ROOT_CONTEXT, () =>
        sending.send(
          { system: 'kafka', operation: 'send', destination: {}, batch: false, messages: [{ carrier: {} }] },
          (injections) => injections[0]?.fields ?? {},
        ),
      )
      receiving.process({ system: 'kafka', destination: {}, carrier }, () => undefined)
    }
    const linked = new Set(consumer.ended().flatMap(({ links }) => links.map((link) => link.context.spanId)))
    const unheard = producer.ended().filter((span) => !linked.has(span.spanContext().spanId))
    expect(producer.ended().length).toBeGreaterThan(0)
    expect(unheard).toEqual([])
  })

  it('asks the inner sampler about everything else, with all that it was told', () => {
    const asked: unknown[][] = []
    const sampler = linkAwareSampler({
      shouldSample(...facts) {
        asked.push(facts)
        return { decision: 0, attributes: { inner: true } }
      },
      toString: () => 'Inner',
    })
    const links = [{ context: dropped }]
    const attributes = { a: 1 }
    const result = sampler.shouldSample(ROOT_CONTEXT, sampled.traceId, 'process', SpanKind.CONSUMER, attributes, links)
    expect(result).toEqual({ decision: 0, attributes: { inner: true } })
    expect(asked).toEqual([[ROOT_CONTEXT, sampled.traceId, 'process', SpanKind.CONSUMER, attributes, links]])
    expect(sampler.toString()).toBe('LinkAwareSampler{Inner}')
  })

  it('fits the sampler type of the SDK', () => {
    expect(createSdk(linkAwareSampler(new AlwaysOnSampler())).ended()).toEqual([])
  })
})
