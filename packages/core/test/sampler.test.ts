import {
  context,
  diag,
  INVALID_SPAN_CONTEXT,
  ROOT_CONTEXT,
  SpanKind,
  trace,
  TraceFlags,
  type Link,
  type SpanContext,
} from '@opentelemetry/api'
import { AlwaysOffSampler, AlwaysOnSampler, ParentBasedSampler } from '@opentelemetry/sdk-trace-base'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { OURS } from '../src/base/names.ts'
import { journeySampler, linkAwareSampler, type JourneySamplerOptions, type Sampler } from '../src/sampler.ts'
import { createAdapterTracing, type AdapterTracing } from '../src/tracing.ts'
import type { TracingOptions } from '../src/options.ts'
import { parseTracestate } from '../src/wire/tracestate.ts'
import { movedField } from './field.ts'
import { spanContext, traceparentOf } from './sample.ts'
import { decisionOn, randomnessOf, spanBy } from './sampled.ts'
import { createSdk, registerContextManager, resetGlobals } from './sdk.ts'

resetGlobals()
beforeEach(registerContextManager)

const sampled = spanContext('a')
const dropped = spanContext('b', TraceFlags.NONE)
const off = new AlwaysOffSampler()
const on = new AlwaysOnSampler()
const MODES = ['same-dice', 'follow', 'any'] as const

const linkTo = (...contexts: SpanContext[]): Link[] => contexts.map((target) => ({ context: target }))
const withState = (target: SpanContext, ot: string): SpanContext => ({
  ...target,
  traceState: parseTracestate([`ot=${ot},vendor=1`])!,
})
const otOf = (ot: string, root: Sampler = on): string | undefined =>
  decisionOn(journeySampler(root), 'c'.repeat(32), linkTo(withState(sampled, ot))).traceState?.serialize()

/** A sampler that notes what it is asked, and gives one answer. */
function asking(answer: ReturnType<Sampler['shouldSample']>): { sampler: Sampler; asked: unknown[][] } {
  const asked: unknown[][] = []
  const shouldSample: Sampler['shouldSample'] = (...facts) => {
    asked.push(facts)
    return answer
  }
  return { sampler: { shouldSample, toString: () => 'Inner' }, asked }
}

/** How many spans are kept of the attempt on one message, by a consumer that keeps nothing of its own accord. */
function keptOf(message: object, options: TracingOptions = {}, sampling: JourneySamplerOptions = { mode: 'follow' }) {
  const sdk = createSdk(new ParentBasedSampler({ root: journeySampler(off, sampling) }))
  const tracing = createAdapterTracing({ tracerProvider: sdk.tracerProvider, relation: 'link', ...options })
  tracing.process({ system: 'kafka', destination: { name: 'orders' }, carrier: message }, () => undefined)
  return sdk.ended().length
}

describe('a sampler of journeys', () => {
  it('keeps both ends of a queue together, although they are two traces', () => {
    expect(keptOf({ traceparent: traceparentOf(sampled) })).toBe(1)
    expect(keptOf({ traceparent: traceparentOf(dropped) })).toBe(0)
  })

  it.each(MODES)('%s does not overrule a parent, as root or alone', (mode) => {
    for (const sampler of [
      journeySampler(on, { mode }),
      new ParentBasedSampler({ root: journeySampler(on, { mode }) }),
    ]) {
      const sdk = createSdk(sampler)
      const tracer = sdk.tracerProvider.getTracer('test')
      tracer.startSpan('child', { links: linkTo(sampled) }, trace.setSpanContext(ROOT_CONTEXT, dropped)).end()
      tracer.startSpan('child', { links: linkTo(dropped) }, trace.setSpanContext(ROOT_CONTEXT, sampled)).end()
      expect(sdk.ended().map(({ parentSpanContext }) => parentSpanContext?.traceId)).toEqual([sampled.traceId])
    }
  })

  it.each(MODES)('%s leaves the trace state of a parent as it is', (mode) => {
    const parent = trace.setSpanContext(ROOT_CONTEXT, withState(sampled, 'th:8;rv:0123456789abcd'))
    const sdk = createSdk(journeySampler(off, { mode }))
    sdk.tracerProvider
      .getTracer('test')
      .startSpan('child', { links: linkTo(sampled) }, parent)
      .end()
    const states = sdk.ended().map((span) => span.spanContext().traceState?.serialize())
    expect(states).toEqual(['ot=th:8;rv:0123456789abcd,vendor=1'])
  })

  it.each(MODES)('%s asks the root sampler about a span without links, with all that it was told', (mode) => {
    const { sampler, asked } = asking({ decision: 0, attributes: { inner: true } })
    const facts = [ROOT_CONTEXT, sampled.traceId, 'process', SpanKind.CONSUMER, { a: 1 }, [] as Link[]] as const
    const journeys = journeySampler(sampler, { mode })
    expect(journeys.shouldSample(...facts)).toEqual({ decision: 0, attributes: { inner: true } })
    expect(asked).toEqual([facts])
    expect(journeys.toString()).toBe(`JourneySampler{${mode}, root=Inner}`)
  })

  it.each(MODES)('in mode %s it does not listen to producers that are not trusted in full', (mode) => {
    const message = { traceparent: traceparentOf(sampled), tracestate: 'ot=rv:ffffffffffffff' }
    for (const trust of ['link-only', 'ignore'] as const) {
      const { sampler, asked } = asking({ decision: 0 })
      const sdk = createSdk(journeySampler(sampler, { mode }))
      const tracing = createAdapterTracing({ tracerProvider: sdk.tracerProvider, trust })
      for (const carrier of [
        message,
        { tracebaton: movedField(sampled) },
        { ...message, tracebaton: movedField(sampled) },
      ]) {
        tracing.process({ system: 'kafka', destination: {}, carrier }, () => undefined)
      }
      expect(asked.map(([, traceId]) => traceId)).not.toContain(sampled.traceId)
      expect(asked).toHaveLength(3)
    }
  })

  it.each(MODES)('%s asks the root sampler about a span whose links name no trace', (mode) => {
    const { sampler, asked } = asking({ decision: 2 })
    const invalid = [INVALID_SPAN_CONTEXT, { ...sampled, traceId: 'not an id' }, { ...sampled, traceId: '' }]
    for (const target of invalid) {
      expect(decisionOn(journeySampler(sampler, { mode }), 'c'.repeat(32), linkTo(target))).toEqual({ decision: 2 })
    }
    expect(asked.map(([, traceId]) => traceId)).toEqual(invalid.map(() => 'c'.repeat(32)))
    const { decision } = decisionOn(
      journeySampler(off, { mode }),
      'c'.repeat(32),
      linkTo(sampled, INVALID_SPAN_CONTEXT),
    )
    expect(decision).toBe(mode === 'same-dice' ? 0 : 2)
  })

  it.each(MODES)('%s listens to the links that can be read, and begins the span whatever the others are', (mode) => {
    const unreadable = { ...dropped, traceState: { _internalState: {} } as never }
    const start = (...targets: unknown[]) =>
      createSdk(journeySampler(off, { mode }))
        .tracerProvider.getTracer('test')
        .startSpan('process', { links: targets.map((target) => ({ context: target as SpanContext })) })
        .spanContext().traceFlags
    expect([start(undefined), start(null), start(unreadable)]).toEqual([0, 0, 0])
    expect(start(sampled, undefined, null)).toBe(mode === 'same-dice' ? 0 : 1)
    expect(linkAware(on, [{ context: undefined as never }])).toBe(2)
  })

  it('takes null for an option that is not given', () => {
    const nothing = { mode: null, budget: null, escalate: null } as never
    for (const options of [null as never, nothing]) {
      const sampler = journeySampler(off, options)
      expect([String(sampler), decisionOn(sampler, 'c'.repeat(32)).decision]).toEqual([
        'JourneySampler{same-dice, root=AlwaysOffSampler}',
        0,
      ])
    }
    expect(escalatedBy({ attempt: null } as never, { 'messaging.operation.type': 'process' }).decision).toBe(0)
  })

  it('same-dice is what it does unless told otherwise', () => {
    expect(journeySampler(on).toString()).toContain('same-dice')
  })

  it('takes the defaults instead of what is not valid, and says so', () => {
    const warn = vi.fn<(message: string) => void>()
    diag.setLogger({ error() {}, warn, info() {}, debug() {}, verbose() {} }, { suppressOverrideMessage: true })
    const wrong = [
      journeySampler(undefined as never, { mode: 'any' }),
      journeySampler(off, { mode: 'Follow' as never }),
      journeySampler(off, { mode: 'any', budget: Number.NaN }),
    ]
    diag.disable()
    expect(warn.mock.calls.map(([message]) => message)).toEqual([
      'tracebaton: The option root of journeySampler is undefined; it has to be a sampler',
      "tracebaton: The option mode of journeySampler is 'Follow'; it has to be same-dice, follow, any",
      'tracebaton: The option budget of journeySampler is a number; it has to be a number from 1 on',
    ])
    expect(wrong.map(String)).toEqual([
      'JourneySampler{any, root=everything}',
      'JourneySampler{same-dice, root=AlwaysOffSampler}',
      'JourneySampler{any, root=AlwaysOffSampler}',
    ])
    expect(wrong.map((sampler) => decisionOn(sampler, 'c'.repeat(32)).decision)).toEqual([2, 0, 0])
    expect(wrong.map((sampler) => decisionOn(sampler, 'c'.repeat(32), linkTo(sampled)).decision)).toEqual([2, 0, 2])
  })

  it('fits the sampler type of the SDK', () => {
    expect(createSdk(journeySampler(on)).ended()).toEqual([])
  })
})

describe('same-dice', () => {
  it('asks the root sampler about the trace of the newest link, and hands its randomness on', () => {
    const { sampler, asked } = asking({ decision: 2 })
    const { traceState, decision } = decisionOn(journeySampler(sampler), 'c'.repeat(32), linkTo(sampled, dropped))
    expect(asked.map(([, traceId]) => traceId)).toEqual([dropped.traceId])
    expect([decision, traceState?.serialize()]).toEqual([2, `ot=rv:${'b'.repeat(14)}`])
  })

  it('keeps a randomness that is there, and other pairs, but neither a threshold nor another vendor’s member', () => {
    expect(otOf('th:c;rv:0123456789abcd;p:8')).toBe('ot=rv:0123456789abcd;p:8')
    expect(otOf('x:1')).toBe(`ot=rv:${'a'.repeat(14)};x:1`)
  })

  it.each(['rv:0123456789ABCD', 'rv:012', 'rv:', 'rv:0123456789abcde', 'nothing', ''])(
    'takes %s for no randomness',
    (ot) => {
      expect(otOf(ot === '' ? 'a:' : ot)).toMatch(/^ot=rv:a{14}(;a:)?$/)
    },
  )

  it('writes the randomness beside a pair of the same length and end', () => {
    const state = parseTracestate([`ot=ab:${'a'.repeat(14)}`])!
    const { traceState } = decisionOn(journeySampler(on), 'c'.repeat(32), linkTo({ ...sampled, traceState: state }))
    expect(traceState?.serialize()).toBe(`ot=rv:${'a'.repeat(14)};ab:${'a'.repeat(14)}`)
  })

  it('keeps what the root sampler says of its own: its threshold, its randomness, its members', () => {
    const state = parseTracestate(['mine=1,ot=th:e;q:2'])!
    expect(otOf('rv:0123456789abcd;q:1', asking({ decision: 2, traceState: state }).sampler)).toBe(
      'ot=rv:0123456789abcd;th:e;q:2,mine=1',
    )
    const own = parseTracestate(['ot=rv:fedcba98765432'])!
    expect(otOf('rv:0123456789abcd', asking({ decision: 2, traceState: own }).sampler)).toBe('ot=rv:fedcba98765432')
  })

  it('writes no member of more than 256 characters', () => {
    const long = `a:${'1'.repeat(200)}`
    const state = parseTracestate([`ot=b:${'2'.repeat(100)}`])!
    const text = otOf(`rv:0123456789abcd;${long}`, asking({ decision: 2, traceState: state }).sampler)
    expect(text).toBe(`ot=rv:0123456789abcd;b:${'2'.repeat(100)}`)
  })

  it('asks about the trace that a randomness came from, if a link or the span names it', () => {
    const rv = `rv:${'d'.repeat(14)}`
    const { sampler, asked } = asking({ decision: 2 })
    const named = { [OURS.journeyTraceId]: 'd'.repeat(32) }
    const journeys = journeySampler(sampler)
    decisionOn(journeys, 'c'.repeat(32), linkTo(withState(sampled, rv)), named)
    decisionOn(journeys, 'c'.repeat(32), [{ context: withState(sampled, rv), attributes: named }])
    decisionOn(journeys, 'c'.repeat(32), linkTo(withState(spanContext('d'), rv)))
    expect(asked.map(([, traceId]) => traceId)).toEqual(Array.from({ length: 3 }, () => 'd'.repeat(32)))
  })

  it('asks about a trace id of the same randomness if nobody names the trace that it came from', () => {
    const { sampler, asked } = asking({ decision: 2 })
    const named = { [OURS.journeyTraceId]: 'e'.repeat(32) }
    for (const rv of ['00000000000000', 'ffffffffffffff', '0123456789abcd']) {
      decisionOn(journeySampler(sampler), 'c'.repeat(32), linkTo(withState(sampled, `rv:${rv}`)), named)
    }
    expect(asked.map(([, traceId]) => String(traceId).slice(18))).toEqual([
      '00000000000000',
      'ffffffffffffff',
      '0123456789abcd',
    ])
    for (const [, traceId] of asked) expect(traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/)
  })
})

describe('follow', () => {
  it('decides as the newest link was decided', () => {
    const sampler = journeySampler(on, { mode: 'follow' })
    expect(decisionOn(sampler, 'c'.repeat(32), linkTo(sampled, dropped)).decision).toBe(0)
    expect(decisionOn(sampler, 'c'.repeat(32), linkTo(dropped, sampled)).decision).toBe(2)
  })
})

describe('any', () => {
  it('looks at so many of the newest traces, each counted once', () => {
    const contexts = [sampled, ...['1', '2', '2', '3'].map((digit) => spanContext(digit, TraceFlags.NONE))]
    const decisionWith = (budget: number) =>
      decisionOn(journeySampler(off, { mode: 'any', budget }), 'c'.repeat(32), linkTo(...contexts)).decision
    expect([1, 2, 3, 4].map(decisionWith)).toEqual([0, 0, 0, 2])
  })

  it('decides about a message of a batch as about the message, and not as about its batch', () => {
    const sampler = journeySampler(off, { mode: 'any' })
    const batch: Link = { context: sampled, attributes: { [OURS.linkRole]: 'batch' } }
    const decisionFor = (...links: Link[]) => decisionOn(sampler, 'c'.repeat(32), links).decision
    expect(decisionFor(batch, ...linkTo(dropped))).toBe(0)
    expect(decisionFor(batch, ...linkTo(spanContext('d')))).toBe(2)
    expect(decisionFor(batch)).toBe(2)
  })
})

const linkAware = (root: Sampler, links: Link[]) => decisionOn(linkAwareSampler(root), 'c'.repeat(32), links).decision

describe('the sampler that was there before', () => {
  it('samples what links a sampled span, and asks the inner sampler about the rest', () => {
    expect(linkAware(off, linkTo(sampled, dropped))).toBe(2)
    expect(linkAware(off, linkTo(dropped))).toBe(0)
    expect(linkAware(on, linkTo(dropped))).toBe(2)
    expect(linkAwareSampler(asking({ decision: 0 }).sampler).toString()).toBe('LinkAwareSampler{Inner}')
  })

  it('does not listen to links that decide nothing', () => {
    const [link] = linkTo(sampled)
    expect(linkAware(off, [{ ...link!, attributes: { [OURS.linkDecides]: false } }])).toBe(0)
  })
})

/** What is said of a span with such facts, whose newest link is not sampled. */
const escalatedBy = (sampling: JourneySamplerOptions['escalate'], facts: object, root: Sampler = off) =>
  decisionOn(journeySampler(root, { escalate: sampling }), 'c'.repeat(32), linkTo(dropped), { ...facts })

describe('escalation', () => {
  it('samples from an attempt on, and says so', () => {
    const sampling = { attempt: 3 }
    expect(escalatedBy(sampling, {}).decision).toBe(0)
    expect(escalatedBy(sampling, { [OURS.attempt]: 2 }).decision).toBe(0)
    expect(escalatedBy(sampling, { [OURS.attempt]: 3 })).toMatchObject({
      decision: 2,
      attributes: { [OURS.samplingReason]: 'attempt' },
    })
    expect(escalatedBy(sampling, { [OURS.attempt]: 3 }).traceState?.get('ot')).toBe(`rv:${'b'.repeat(14)}`)
  })

  it('samples no span for an attempt that is none', () => {
    for (const attempt of [0, 1]) {
      expect(escalatedBy({ attempt }, { 'http.request.method': 'POST' }).decision).toBe(0)
      expect(escalatedBy({ attempt }, { 'messaging.operation.type': 'send' }).decision).toBe(0)
      expect(escalatedBy({ attempt }, { 'messaging.operation.type': 'process' }).decision).toBe(2)
    }
  })

  it('samples dead letters, and says so', () => {
    for (const fact of [{ [OURS.kind]: 'dead_letter' }, { [OURS.deadLetterSource]: 'orders' }]) {
      expect(escalatedBy({ deadLetter: true }, fact)).toMatchObject({
        decision: 2,
        attributes: { [OURS.samplingReason]: 'dead_letter' },
      })
      expect(escalatedBy({ attempt: 2 }, fact).decision).toBe(0)
    }
  })

  it('says nothing of what is sampled anyway', () => {
    expect(escalatedBy({ attempt: 2 }, { [OURS.attempt]: 2 }, on).attributes).toBeUndefined()
  })

  it('is not what it does unless told so', () => {
    expect(decisionOn(journeySampler(off), 'c'.repeat(32), [], { [OURS.attempt]: 9 }).decision).toBe(0)
  })

  it('finds the facts on spans of ours when they start', () => {
    const message = {
      traceparent: traceparentOf(dropped),
      tracebaton: movedField(dropped, { attempt: 2, kind: 'delayed' }),
    }
    const dead = {
      traceparent: traceparentOf(dropped),
      tracebaton: movedField(dropped, { attempt: 1, kind: 'dead_letter' }),
    }
    expect(keptOf(message, {}, { escalate: { attempt: 2 } })).toBe(1)
    expect(keptOf(message, {}, { escalate: { attempt: 3 } })).toBe(0)
    expect(keptOf(dead, {}, { escalate: { deadLetter: true } })).toBe(1)
    expect(keptOf(message, {}, { escalate: { deadLetter: true } })).toBe(0)
  })
})

/** What a service says of a new trace, noted. */
const services = (root: Sampler, options: JourneySamplerOptions) => {
  const spans: SpanContext[] = []
  const journeys = journeySampler(root, options)
  const noting: Sampler = {
    shouldSample(...facts) {
      const [, traceId, , , attributes, links] = facts
      if (links.length > 0 || spans.length === 0) spans.push(spanBy(journeys, traceId, links, attributes))
      return journeys.shouldSample(...facts)
    },
    toString: () => 'noting',
  }
  const sdk = createSdk(new ParentBasedSampler({ root: noting }))
  return { spans, tracing: createAdapterTracing({ tracerProvider: sdk.tracerProvider, relation: 'link' }) }
}
const send = (tracing: AdapterTracing): object =>
  tracing.send(
    { system: 'kafka', operation: 'send', destination: {}, batch: false, messages: [{ carrier: {} }] },
    (injections) => injections[0]?.fields ?? {},
  )
const half: Sampler = {
  // Looks at the whole id, as the ratio sampler of SDKs does.
  shouldSample: (_, traceId) => ({ decision: Number.parseInt(traceId.slice(0, 1), 16) % 2 === 0 ? 2 : 0 }),
  toString: () => 'half',
}

describe('through four hops of messages', () => {
  it('same-dice has one decision, one randomness and a trace for each hop', () => {
    for (let journey = 0; journey < 100; journey++) {
      const { spans, tracing } = services(half, {})
      let carrier = context.with(ROOT_CONTEXT, () => send(tracing))
      for (let hop = 0; hop < 4; hop++) {
        tracing.process({ system: 'kafka', destination: {}, carrier }, () => {
          carrier = send(tracing)
        })
      }
      expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(5)
      expect(new Set(spans.map(randomnessOf)).size).toBe(1)
      expect(new Set(spans.map(({ traceFlags }) => traceFlags)).size).toBe(1)
    }
  })
})
