import { context as contexts, propagation, trace, TraceFlags } from '@opentelemetry/api'
import { ParentBasedSampler, AlwaysOnSampler } from '@opentelemetry/sdk-trace-base'
import { beforeAll, expect, test } from 'vitest'
import { OURS } from '../../src/base/names.ts'
import type { Delivery } from '../../src/verdict/delivery.ts'
import { createAdapterTracing } from '../../src/tracing.ts'
import { delivery, publication, SPAN, TRACE, TRACEPARENT } from '../messages.ts'
import { createTraced, useContexts } from '../traced.ts'

beforeAll(useContexts)

const UNSAMPLED = TRACEPARENT.replace(/1$/, '0')

/** A message without headers, and with a context in the slot of its broker. */
const slotted = (decides: boolean, part: Partial<Delivery> = {}) =>
  delivery({ carrier: { baggage: 'tenant=7' }, key: 1, slot: { traceparent: UNSAMPLED, decides }, ...part })
const handle = (options: Parameters<typeof createTraced>[0], received: Delivery) => {
  const traced = createTraced(options, new ParentBasedSampler({ root: new AlwaysOnSampler() }))
  const recorded = traced.tracing.process(received, () => trace.getActiveSpan()?.isRecording())
  return { traced, recorded }
}

test.each(['auto', 'child'] as const)(
  'a context in the slot that decides nothing is linked, and the consumer’s own root decides (relation %s)',
  (relation) => {
    const { traced, recorded } = handle({ relation }, slotted(false))
    const span = traced.span('process orders')
    expect([recorded, span.parentSpanContext]).toEqual([true, undefined])
    expect(span.spanContext().traceId).not.toBe(TRACE)
    expect(span.links.map(({ context, attributes }) => [context.spanId, attributes?.[OURS.linkRole]])).toEqual([
      [SPAN, 'creation'],
    ])
    expect(span.attributes).toMatchObject({ [OURS.creationTraceId]: TRACE })
    expect(span.attributes).not.toHaveProperty(OURS.contextStatus)
  },
)

test('a context in the slot that decides is a parent like any other', () => {
  const { traced, recorded } = handle({}, slotted(true))
  expect([recorded, traced.spans]).toEqual([false, []])
})

test('a context that decides nothing goes no further: the copy has a context of its own, and the baggage of the message', () => {
  const traced = createTraced()
  const received = slotted(false)
  const call = { move: { kind: 'retry', delivery: received } } as const
  const send = () => traced.tracing.send(publication([{ carrier: received.carrier }], call), ([one]) => one?.fields)
  for (const fields of [traced.tracing.process(received, send), send()]) {
    expect(fields?.['traceparent']).toMatch(/-01$/)
    expect(fields?.['traceparent']).not.toContain(SPAN)
    expect(fields?.['baggage']).toBe('tenant=7')
  }
})

test('without an SDK a context that decides nothing is not passed on, and one that decides is', () => {
  const tracing = createAdapterTracing({})
  const seen = [false, true].map((decides) =>
    tracing.process(slotted(decides), () => trace.getSpanContext(contexts.active())),
  )
  expect(seen).toMatchObject([undefined, { spanId: SPAN, traceFlags: TraceFlags.NONE }])
  expect(propagation.getActiveBaggage()).toBeUndefined()
})
