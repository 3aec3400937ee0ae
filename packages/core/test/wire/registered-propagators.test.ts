import {
  context,
  propagation,
  ROOT_CONTEXT,
  trace,
  type Context,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
} from '@opentelemetry/api'
import { suppressTracing } from '@opentelemetry/core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createAdapterTracing } from '../../src/tracing.ts'
import type { TracingOptions } from '../../src/options.ts'
import { OK, P, spanContext, T, traceparentOf } from '../sample.ts'
import { registerContextManager, resetGlobals, w3cPropagator } from '../sdk.ts'

resetGlobals()
beforeEach(registerContextManager)
afterEach(() => vi.unstubAllEnvs())

const OWN = 'x-own'
const other = spanContext('b')
const active = trace.setSpanContext(ROOT_CONTEXT, other)

const late = () => Promise.reject(new Error('late'))

/** Writes and reads one header of its own. */
class OwnPropagator implements TextMapPropagator {
  readonly asked: string[] = []
  readonly #fields: string[]

  constructor(...fields: string[]) {
    this.#fields = fields
  }

  fields(): string[] {
    return this.#fields
  }

  inject(from: Context, carrier: unknown, setter: TextMapSetter): void {
    this.asked.push(`inject ${context.active() === from}`)
    setter.set(carrier, OWN, `${trace.getSpanContext(from)?.traceId}/${trace.getSpanContext(from)?.spanId}`)
  }

  extract(into: Context, carrier: unknown, getter: TextMapGetter): Context {
    this.asked.push(`extract ${context.active() === into}`)
    const [traceId = '', spanId = ''] = String(getter.get(carrier, OWN)).split('/')
    return trace.setSpanContext(into, { traceId, spanId, traceFlags: 1 })
  }
}

const written = (options: TracingOptions, from: Context = active, carrier: object = {}) => {
  createAdapterTracing(options).inject(from, carrier)
  return carrier
}
const statusOf = (options: TracingOptions, carrier: object) => createAdapterTracing(options).extract(carrier).status

describe('a propagator', () => {
  test('is asked in the context that it is to write, and reads in an empty one', () => {
    const propagator = new OwnPropagator(OWN)
    const tracing = createAdapterTracing({ propagator })
    context.with(active, () => {
      tracing.inject(trace.setSpanContext(ROOT_CONTEXT, spanContext('c')), {})
      tracing.extract({ [OWN]: `${T}/${P}` })
    })
    expect(propagator.asked).toEqual(['inject true', 'extract true'])
  })

  test('is asked for baggage in the same way', () => {
    const asked: boolean[] = []
    const propagator = w3cPropagator()
    const inject = propagator.inject.bind(propagator)
    const extract = propagator.extract.bind(propagator)
    propagator.inject = (from, carrier, setter) => {
      asked.push(context.active() === from)
      inject(from, carrier, setter)
    }
    propagator.extract = (into, carrier, getter) => {
      asked.push(context.active() === into)
      return extract(into, carrier, getter)
    }
    const tracing = createAdapterTracing({ propagator })
    const { context: read } = context.with(active, () => tracing.extract({ traceparent: OK, baggage: 'a=1' }))
    tracing.inject(read, {})
    expect(asked).toEqual([true, true])
  })

  test('that writes nothing is reported once', () => {
    const told: unknown[] = []
    const propagator = new OwnPropagator(OWN)
    propagator.inject = () => {}
    const tracing = createAdapterTracing({ propagator, onError: (error) => told.push(String(error)) })
    for (let i = 0; i < 3; i++) tracing.inject(active, {})
    expect(told).toEqual([expect.stringContaining('writes nothing')])
  })

  test.each([['a global one', true] as const, ['a given one', false] as const])(
    'that names no fields writes and reads what it wants: %s',
    (_, global) => {
      const propagator = new OwnPropagator()
      if (global) propagation.setGlobalPropagator(propagator)
      const options = global ? {} : { propagator }
      expect(written(options)).toEqual({ [OWN]: `${other.traceId}/${other.spanId}` })
      expect([statusOf(options, { [OWN]: `${T}/${P}` }), statusOf(options, { traceparent: OK })]).toEqual([
        'present',
        'absent',
      ])
    },
  )

  test('that is registered, names no fields and writes none means that nothing is written, and that is no mistake', () => {
    const told: unknown[] = []
    propagation.setGlobalPropagator({ fields: () => [], inject: () => {}, extract: (into) => into })
    const options = { onError: (error: unknown) => told.push(error) }
    expect([written(options), statusOf(options, { traceparent: OK }), told]).toEqual([{}, 'absent', []])
  })

  test('that gives promises costs no more than what it would have written, and no rejection is unhandled', async () => {
    const unhandled: unknown[] = []
    const note = (reason: unknown) => unhandled.push(reason)
    process.on('unhandledRejection', note)
    const told: string[] = []
    for (const method of ['fields', 'inject', 'extract'] as const) {
      const propagator = Object.assign(new OwnPropagator(OWN), { [method]: late })
      const options = { propagator, onError: (error: unknown) => told.push(`${method}: ${String(error)}`) }
      written(options)
      statusOf(options, { [OWN]: `${T}/${P}` })
    }
    await vi.waitFor(() => expect(told.join()).toMatch(/fields: .*inject: .*extract: /))
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })
})

describe('OTEL_PROPAGATORS=none', () => {
  beforeEach(() => vi.stubEnv('OTEL_PROPAGATORS', 'none'))

  test('means that nothing is written or read where no propagator is registered', () => {
    expect([written({}), statusOf({}, { traceparent: OK })]).toEqual([{}, 'absent'])
  })

  test('says nothing of a propagator that is registered, or given', () => {
    expect(written({ propagator: w3cPropagator() })).toEqual({ traceparent: traceparentOf(other) })
    propagation.setGlobalPropagator(w3cPropagator())
    expect(written({})).toEqual({ traceparent: traceparentOf(other) })
  })
})

describe('while tracing is suppressed', () => {
  const suppressed = suppressTracing(active)

  test('nothing is written, and nothing is captured', () => {
    const options = { propagator: w3cPropagator() }
    expect(written(options, suppressed)).toEqual({})
    expect(context.with(suppressed, () => createAdapterTracing(options).capture())).toEqual({})
  })
})

test('baggage travels without a span, in text and on a message', () => {
  const bag = propagation.setBaggage(ROOT_CONTEXT, propagation.createBaggage({ tenant: { value: '7' } }))
  const tracing = createAdapterTracing({ propagator: w3cPropagator() })
  expect(written({ propagator: w3cPropagator() }, bag)).toEqual({ baggage: 'tenant=7' })
  const record = context.with(bag, () => tracing.capture())
  expect(propagation.getBaggage(tracing.from(record))?.getEntry('tenant')?.value).toBe('7')
  const message = { carrier: {} }
  const publication = { system: 'kafka', operation: 'send', destination: {}, batch: false, messages: [message] }
  const [injection] = context.with(bag, () => tracing.send(publication, (all) => all))
  expect(injection?.fields).toEqual({ baggage: 'tenant=7' })
})
