import { context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { beforeEach, describe, expect, it } from 'vitest'
import type { TracingOptions } from '../src/options.ts'
import { createAdapterTracing, type AdapterTracing } from '../src/tracing.ts'
import { movedField } from './field.ts'
import { OK, P, spanContext, T, traceparentOf } from './sample.ts'
import { registerContextManager, resetGlobals, w3cPropagator } from './sdk.ts'

resetGlobals()

const orders = { name: 'orders' }
const ambient = spanContext('f')
const elsewhere = spanContext('e')
const delivery = {
  system: 'kafka',
  destination: orders,
  carrier: { traceparent: OK, baggage: 'tenant=a' },
  identity: 'id',
}

/** What a message carries that is sent now. */
function sendOne(tracing: AdapterTracing, carrier: Readonly<Record<string, unknown>> = {}) {
  const publication = { system: 'kafka', operation: 'send', destination: { name: 'mails' }, batch: false }
  return tracing.send({ ...publication, messages: [{ carrier }] }, (injections) => injections[0]?.fields)
}

function exercise(tracing: AdapterTracing) {
  const publication = { system: 'kafka', operation: 'send', destination: orders, batch: true }
  const reception = { system: 'kafka', operation: 'receive', destination: orders, batch: true, startedAt: 0 }
  const settlement = { system: 'kafka', operation: 'commit', destination: orders, outcome: 'acked' as const }
  const many = Array.from({ length: 12 }, () => ({ carrier: { traceparent: OK } }))
  return [
    tracing.send({ ...publication, messages: [{ carrier: {} }, { carrier: {} }] }, () => 1),
    tracing.send({ ...publication, messages: many }, () => 2),
    tracing.send({ ...publication, messages: [] }, () => 3),
    tracing.receive(reception, [delivery]),
    tracing.process(delivery, () => 4),
    tracing.processBatch([delivery, delivery], () => tracing.process(delivery, () => 5)),
    tracing.settle({ ...settlement, keys: [], batch: false }, () => 6),
    tracing.capture(),
  ]
}

describe('with nothing registered', () => {
  it('everything gives what it would give without us', () => {
    const errors: unknown[] = []
    const tracing = createAdapterTracing({
      onError: (error) => errors.push(error),
      spans: { settle: true, emptyReceive: true },
    })
    expect(exercise(tracing)).toEqual([1, 2, 3, undefined, 4, 5, 6, {}])
    expect(errors).toEqual([])
  })

  it('messages go out as they came', () => {
    expect(sendOne(createAdapterTracing())).toBeUndefined()
    expect(sendOne(createAdapterTracing(), { traceparent: OK })).toBeUndefined()
  })

  it('errors pass through', () => {
    const tracing = createAdapterTracing()
    const error = new Error('theirs')
    const fail = () => {
      throw error
    }
    expect(() => tracing.process(delivery, fail)).toThrow(error)
    expect(() => sendOne(createAdapterTracing())).not.toThrow()
  })
})

describe('with a context manager and a propagator alone', () => {
  it('a message that its handler sends again keeps all that it carries', () => {
    const tracing = createAdapterTracing()
    const carrier = { traceparent: OK, tracebaton: movedField(OK, { attempt: 3 }) }
    expect(tracing.process({ ...delivery, carrier }, () => sendOne(tracing, carrier))).toBeUndefined()
    expect(tracing.process({ ...delivery, carrier }, () => sendOne(tracing))).toEqual({ traceparent: OK })
  })

  beforeEach(() => {
    registerContextManager()
    propagation.setGlobalPropagator(w3cPropagator())
  })

  it('everything gives what it would give without us', () => {
    expect(exercise(createAdapterTracing())).toEqual([1, 2, 3, undefined, 4, 5, 6, {}])
  })

  it('an ambient context goes onto the messages sent', () => {
    const fields = context.with(trace.setSpanContext(ROOT_CONTEXT, ambient), () => sendOne(createAdapterTracing()))
    expect(fields).toEqual({ traceparent: traceparentOf(ambient) })
  })

  it('an ambient context goes onto every message of a bulk send', () => {
    for (const count of [2, 12]) {
      const messages = Array.from({ length: count }, () => ({ carrier: {} }))
      const injections = context.with(trace.setSpanContext(ROOT_CONTEXT, ambient), () =>
        createAdapterTracing().send(
          { system: 'kafka', operation: 'send', destination: orders, batch: true, messages },
          (all) => all,
        ),
      )
      expect(injections.map((injection) => injection?.fields?.['traceparent'])).toEqual(
        messages.map(() => traceparentOf(ambient)),
      )
    }
  })

  it('the context of a message reaches its handler, and what that sends', () => {
    const tracing = createAdapterTracing()
    expect(tracing.process(delivery, () => sendOne(tracing))).toEqual(delivery.carrier)
  })

  it('the context of a message reaches what its asynchronous handler sends', async () => {
    const tracing = createAdapterTracing()
    const fields = await tracing.process(delivery, async () => {
      await Promise.resolve()
      return sendOne(tracing)
    })
    expect(fields).toEqual(delivery.carrier)
  })

  it('a message that carries another context keeps it', () => {
    const tracing = createAdapterTracing()
    expect(tracing.process(delivery, () => sendOne(tracing, { traceparent: traceparentOf(elsewhere) }))).toBeUndefined()
  })

  it('a linked message is passed on as well, because there is no other trace', () => {
    const tracing = createAdapterTracing({ relation: () => 'link' })
    expect(tracing.process(delivery, () => sendOne(tracing))).toEqual(delivery.carrier)
  })

  const policies: readonly [string, TracingOptions][] = [
    ['auto', {}],
    ['child', { relation: 'child' }],
    ['link', { relation: 'link' }],
    ['link-only', { trust: 'link-only' }],
    ['ignore', { trust: 'ignore' }],
  ]

  it.each(policies)('the ambient context never reaches a handler: %s', (_, options) => {
    const tracing = createAdapterTracing(options)
    const before = propagation.setBaggage(
      trace.setSpanContext(ROOT_CONTEXT, ambient),
      propagation.createBaggage({ ambient: { value: '1' } }),
    )
    for (const carrier of [delivery.carrier, {}, { traceparent: 'nonsense' }]) {
      const seen = context.with(before, () => tracing.process({ ...delivery, carrier }, () => context.active()))
      expect(trace.getSpanContext(seen)?.traceId).not.toBe(ambient.traceId)
      expect(propagation.getBaggage(seen)?.getEntry('ambient')).toBeUndefined()
    }
  })

  it.each(['link-only', 'ignore'] as const)('the context of an untrusted message goes nowhere: %s', (trust) => {
    const tracing = createAdapterTracing({ trust })
    const seen = tracing.process(delivery, () => ({
      fields: sendOne(tracing),
      captured: tracing.capture(),
      span: trace.getSpanContext(context.active()),
      baggage: propagation.getActiveBaggage(),
    }))
    expect(seen).toEqual({ fields: undefined, captured: {}, span: undefined, baggage: undefined })
  })

  it('the handler of a batch has no context, and its messages their own', () => {
    const tracing = createAdapterTracing()
    const seen = tracing.processBatch([delivery], () => [
      trace.getSpanContext(context.active()),
      tracing.process(delivery, () => trace.getSpanContext(context.active())),
    ])
    expect(seen[0]).toBeUndefined()
    expect(seen[1]).toMatchObject({ traceId: T, spanId: P })
  })

  it('the context after a handler is the one before', () => {
    const before = trace.setSpanContext(ROOT_CONTEXT, ambient)
    const tracing = createAdapterTracing()
    context.with(before, () => {
      tracing.process(delivery, () => undefined)
      expect(() =>
        tracing.process(delivery, () => {
          throw new Error('theirs')
        }),
      ).toThrow('theirs')
      expect(context.active()).toBe(before)
    })
  })

  it('the ambient span that belongs to a delivery stays its parent', () => {
    const tracing = createAdapterTracing()
    const fields = context.with(trace.setSpanContext(ROOT_CONTEXT, ambient), () =>
      tracing.process({ ...delivery, ambient: true }, () => sendOne(tracing)),
    )
    expect(fields).toEqual({ traceparent: traceparentOf(ambient), baggage: 'tenant=a' })
  })
})
