import { context, ROOT_CONTEXT, trace, TraceFlags } from '@opentelemetry/api'
import { beforeEach, describe, expect, it } from 'vitest'
import { withWork } from '../src/base/light-context.ts'
import { logFields } from '../src/log-fields.ts'
import type { TracingOptions } from '../src/options.ts'
import { createAdapterTracing } from '../src/tracing.ts'
import { firstField, movedField } from './field.ts'
import { OK, P, spanContext, T } from './sample.ts'
import { createSdk, registerContextManager, resetGlobals } from './sdk.ts'

resetGlobals()
beforeEach(registerContextManager)

const delivery = {
  system: 'kafka',
  destination: { name: 'orders' },
  carrier: { traceparent: OK },
  facts: { messageId: 'm-1' },
}
const inside = (options: TracingOptions = {}, more: object = {}) =>
  createAdapterTracing({ tracerProvider: createSdk().tracerProvider, ...options }).process(
    { ...delivery, ...more },
    () => ({
      fields: logFields(),
      span: trace.getSpanContext(context.active()),
    }),
  )

describe('the fields of a log line', () => {
  it('are none outside of any span', () => {
    expect(logFields()).toEqual({})
    context.disable()
    expect(logFields()).toEqual({})
  })

  it('are the span’s inside of one', () => {
    const span = spanContext('a', TraceFlags.NONE)
    const fields = context.with(trace.setSpanContext(ROOT_CONTEXT, span), logFields)
    expect(fields).toEqual({ trace_id: span.traceId, span_id: span.spanId, trace_flags: '00' })
  })

  it('say in a handler which attempt it is, on which message', () => {
    const { fields, span } = inside()
    expect(fields).toEqual({
      trace_id: T,
      span_id: span?.spanId,
      trace_flags: '01',
      'messaging.destination.name': 'orders',
      'messaging.message.id': 'm-1',
      'tracebaton.delivery.attempt': 1,
    })
    expect(JSON.parse(JSON.stringify(fields))).toEqual(fields)
  })

  it('name the trace where the message began, where that is another one', () => {
    const { fields, span } = inside({ relation: 'link' })
    expect(fields['tracebaton.origin.trace_id']).toBe(T)
    expect(fields['trace_id']).toBe(span?.traceId)
    expect(span?.traceId).not.toBe(T)
  })

  it('name the origin that stale lineage tells', () => {
    const origin = 'e'.repeat(32)
    const carrier = { traceparent: OK, tracebaton: movedField(`${origin}-${P}-01`) }
    expect(inside({}, { carrier }).fields['tracebaton.origin.trace_id']).toBe(origin)
  })

  it('name the first send of the journey as the span does, so that one search finds the lines of all its traces', () => {
    const first = spanContext('f')
    const later = { traceparent: OK, tracebaton: firstField(OK, { journey: first }) }
    for (const [options, carrier, expected] of [
      [{}, { traceparent: OK }, undefined],
      [{ relation: 'link' }, { traceparent: OK }, T],
      [{}, later, first.traceId],
      [{ relation: 'link' }, later, first.traceId],
      [{ relation: 'link', trust: 'link-only' }, later, undefined],
    ] as const) {
      const sdk = createSdk()
      const { fields } = inside({ tracerProvider: sdk.tracerProvider, ...options }, { carrier })
      expect(fields['tracebaton.journey.trace_id']).toBe(expected)
      expect(sdk.ended()[0]?.attributes['tracebaton.journey.trace_id']).toBe(expected)
    }
  })

  it('name no trace of a producer that is not believed', () => {
    const { fields } = inside({ trust: 'ignore' })
    expect(fields).not.toHaveProperty(['tracebaton.origin.trace_id'])
    expect(JSON.stringify(fields)).not.toContain(T)
  })

  it('count the attempt', () => {
    expect(inside({}, { count: { deliveries: 3, exact: true } }).fields['tracebaton.delivery.attempt']).toBe(3)
  })

  it('say what the message has been through, where there is something to say', () => {
    const carrier = {
      traceparent: OK,
      tracebaton: movedField(OK, { attempt: 2, maxAttempts: 5, kind: 'delayed', redrives: 1 }),
      'tracebaton-original-destination': 'orders-first',
      'tracebaton-attempts': '1',
      'tracebaton-error-type': 'TypeError',
    }
    expect(inside({}, { carrier }).fields).toMatchObject({
      'tracebaton.delivery.attempt': 2,
      'tracebaton.delivery.max_attempts': 5,
      'tracebaton.delivery.kind': 'delayed',
      'tracebaton.delivery.redrives': 1,
      'tracebaton.original_destination': 'orders-first',
      'tracebaton.attempts_before': 1,
      'tracebaton.last_error_type': 'TypeError',
    })
  })

  it('leave out what is unknown', () => {
    const { fields } = inside({}, { destination: {}, facts: undefined })
    expect(Object.keys(fields)).toEqual(['trace_id', 'span_id', 'trace_flags', 'tracebaton.delivery.attempt'])
  })

  it('are those of the span that is active, deeper inside', () => {
    const child = spanContext('d')
    const tracing = createAdapterTracing({ tracerProvider: createSdk().tracerProvider })
    const fields = tracing.process(delivery, () =>
      context.with(trace.setSpanContext(context.active(), child), logFields),
    )
    expect(fields).toMatchObject({ span_id: child.spanId, 'messaging.message.id': 'm-1' })
  })

  it('name no single message in the handler of a batch', () => {
    const tracing = createAdapterTracing({ tracerProvider: createSdk().tracerProvider })
    const fields = tracing.processBatch([delivery, delivery], logFields)
    expect(Object.keys(fields)).toEqual(['trace_id', 'span_id', 'trace_flags'])
  })

  it('name the span that the message carries where there is no SDK', () => {
    const fields = createAdapterTracing().process(delivery, logFields)
    expect(fields).toEqual({ trace_id: T, span_id: P, trace_flags: '01' })
  })

  it('never throw', () => {
    const broken = withWork(ROOT_CONTEXT, undefined, {
      get verdict(): never {
        throw new Error('closed')
      },
    })
    expect(context.with(broken, logFields)).toEqual({})
    const hollow = withWork(trace.setSpanContext(ROOT_CONTEXT, spanContext('a')), undefined, { verdict: {} })
    expect(context.with(hollow, logFields)['trace_id']).toBe('a'.repeat(32))
  })
})
