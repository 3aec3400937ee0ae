import { context, propagation, ROOT_CONTEXT, trace, TraceFlags } from '@opentelemetry/api'
import { B3Propagator } from '@opentelemetry/propagator-b3'
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest'
import { METRICS, OURS } from '../src/base/names.ts'
import type { OnError } from '../src/base/report.ts'
import { CORE_SCOPE } from '../src/base/scope.ts'
import type { TracingOptions } from '../src/options.ts'
import { resolveTracing } from '../src/instances.ts'
import {
  createAdapterTracing,
  createTracing,
  type CapturedContext,
  type Tracing,
  type TracingInput,
} from '../src/tracing.ts'
import { measure } from './measure.ts'
import { OK, spanContext, T } from './sample.ts'
import { createSdk, only, registerContextManager, resetGlobals, w3cPropagator } from './sdk.ts'

resetGlobals()
beforeEach(registerContextManager)

const KAFKA = { name: '@tracebaton/kafka', version: '1.2.3' }
const SQS = { name: '@tracebaton/sqs', version: '1.2.3' }

describe('a captured context', () => {
  const span = spanContext('a')
  const active = propagation.setBaggage(
    trace.setSpanContext(ROOT_CONTEXT, span),
    propagation.createBaggage({ tenant: { value: 'ä, b' } }),
  )
  const options = [
    ['no propagator', {}, undefined],
    ['the W3C propagators', { propagator: w3cPropagator() }, 'ä, b'],
    ['B3', { propagator: new B3Propagator() }, undefined],
  ] as const

  it.each(options)('comes back from JSON, with %s', (_, given, tenant) => {
    const tracing = createAdapterTracing(given)
    const captured = context.with(active, () => tracing.capture())
    const record: CapturedContext = JSON.parse(JSON.stringify(captured))
    const back = tracing.from(record)
    expect(record).toEqual(captured)
    expect(trace.getSpanContext(back)).toEqual({ ...span, isRemote: true })
    expect(propagation.getBaggage(back)?.getEntry('tenant')?.value).toBe(tenant)
  })

  it('is what a message sent in it later carries', () => {
    const sdk = createSdk()
    const tracing = createAdapterTracing({ tracerProvider: sdk.tracerProvider, propagator: w3cPropagator() })
    const record = context.with(active, () => tracing.capture())
    const fields = context.with(tracing.from(record), () =>
      tracing.send(
        { system: 'kafka', operation: 'send', destination: {}, batch: false, messages: [{ carrier: {} }] },
        (injections) => injections[0]?.fields,
      ),
    )
    const sent = only(sdk.ended())
    expect(sent.parentSpanContext?.spanId).toBe(span.spanId)
    expect(fields?.['traceparent']).toContain(sent.spanContext().spanId)
    expect(fields?.['baggage']).toBe('tenant=%C3%A4%2C%20b')
  })

  it('is empty where there is none, and gives none back', () => {
    const tracing = createAdapterTracing()
    expect(tracing.capture()).toEqual({})
    expect(context.with(active, () => trace.getSpanContext(tracing.from({})))).toBeUndefined()
  })

  it.each([[null], [undefined], ['text'], [7], [{ traceparent: 7 }], [[]]])(
    'is nothing when the record is %j',
    (record) => {
      expect(trace.getSpanContext(createAdapterTracing().from(record as never))).toBeUndefined()
    },
  )

  it('keeps the flags', () => {
    const dropped = trace.setSpanContext(ROOT_CONTEXT, { ...span, traceFlags: TraceFlags.NONE })
    const tracing = createAdapterTracing()
    expect(trace.getSpanContext(tracing.from(context.with(dropped, () => tracing.capture())))?.traceFlags).toBe(0)
  })
})

/** Every option there is, and none of them set. */
const UNDEFINED: { readonly [Option in keyof Required<TracingInput>]: undefined } = {
  tracing: undefined,
  relation: undefined,
  trust: undefined,
  maxTraceAge: undefined,
  baggage: undefined,
  errorStatus: undefined,
  followUp: undefined,
  peerService: undefined,
  maxOpen: undefined,
  maxMessageBytes: undefined,
  spanPerMessageUpTo: undefined,
  republish: undefined,
  deadLetter: undefined,
  convention: undefined,
  spans: undefined,
  capture: undefined,
  destinationTemplate: undefined,
  outcomeOf: undefined,
  hooks: undefined,
  onError: undefined,
  tracerProvider: undefined,
  meterProvider: undefined,
  propagator: undefined,
}

describe('the tracing that an adapter uses', () => {
  it('is one for the defaults and each scope', () => {
    expect(resolveTracing(undefined, KAFKA)).toBe(resolveTracing(undefined, KAFKA))
    expect(resolveTracing(undefined, KAFKA)).not.toBe(resolveTracing(undefined, SQS))
    expect(resolveTracing({ tracing: createAdapterTracing() }, KAFKA)).toBe(resolveTracing(undefined, KAFKA))
  })

  it('is one for each options object and each scope', () => {
    const options = { relation: 'link' } as const
    expect(resolveTracing(options, KAFKA)).toBe(resolveTracing(options, KAFKA))
    expect(resolveTracing(options, KAFKA)).not.toBe(resolveTracing(options, SQS))
    expect(resolveTracing(options, KAFKA)).not.toBe(resolveTracing({ relation: 'link' }, KAFKA))
    expect(resolveTracing(Object.freeze({}), KAFKA)).toBeDefined()
  })

  it('is made from the options of the instance that is given, by its own core', () => {
    const { options } = createAdapterTracing({ relation: 'link' })
    const other = { options, process: () => expect.unreachable('machinery of another core') }
    expect(resolveTracing({ tracing: other, relation: 'child' }, KAFKA)).toBe(resolveTracing(options, KAFKA))
  })

  it('names its adapter, the version and the schema as the scope of spans', () => {
    const scopeFor = (options: TracingOptions) => {
      const sdk = createSdk()
      const tracing = resolveTracing({ ...options, tracerProvider: sdk.tracerProvider }, KAFKA)
      tracing.process({ system: 'kafka', destination: {}, carrier: {} }, () => undefined)
      return only(sdk.ended()).instrumentationScope
    }
    const newest = 'https://opentelemetry.io/schemas/1.45.0'
    expect(scopeFor({})).toEqual({ ...KAFKA, schemaUrl: newest })
    expect(scopeFor({ convention: '1.45' })).toEqual({ ...KAFKA, schemaUrl: newest })
    const older = 'https://opentelemetry.io/schemas/1.44.0'
    expect(scopeFor({ convention: '1.44' })).toEqual({ ...KAFKA, schemaUrl: older })
  })

  it('names the same scope on metrics', async () => {
    const { tracing, scopes } = measure({}, KAFKA)
    tracing.process({ system: 'kafka', destination: {}, carrier: {} }, () => undefined)
    tracing.guard(() => {
      throw new Error('ours')
    })
    expect(await scopes()).toEqual([
      { ...KAFKA, schemaUrl: 'https://opentelemetry.io/schemas/1.45.0' },
      // Of the ages of messages.
      { ...CORE_SCOPE, schemaUrl: undefined },
    ])
  })

  it('follows the options where it is given none', () => {
    const sdk = createSdk()
    const { tracerProvider } = sdk
    const tracing = resolveTracing({ tracing: undefined, trust: 'ignore', tracerProvider }, KAFKA)
    tracing.process({ system: 'kafka', destination: {}, carrier: { traceparent: OK } }, () => undefined)
    const span = only(sdk.ended())
    expect(span.parentSpanContext).toBeUndefined()
    expect(span.links).toEqual([])
    expect(span.attributes[OURS.contextStatus]).toBe('untrusted')
  })

  it('takes an option that is not defined for one that is not there', () => {
    expectTypeOf(UNDEFINED).toExtend<TracingInput>()
    const sdk = createSdk()
    const tracing = resolveTracing({ ...UNDEFINED, tracerProvider: sdk.tracerProvider }, KAFKA)
    tracing.process({ system: 'kafka', destination: {}, carrier: { traceparent: OK } }, () => undefined)
    expect(only(sdk.ended()).parentSpanContext?.traceId).toBe(T)
  })
})

/** The names under which two facts come out. */
const keysFor = (convention?: '1.44' | '1.45' | 'compatible') => {
  const sdk = createSdk()
  const tracing = createAdapterTracing({ tracerProvider: sdk.tracerProvider, ...(convention && { convention }) })
  tracing.process({ system: 'aws.sqs', destination: {}, carrier: {}, facts: { offset: 1 } }, () => undefined)
  return Object.keys(only(sdk.ended()).attributes).filter((key) => /offset|system/.test(key))
}

describe('an instance', () => {
  it('has for users what they need, and at run time all that adapters use', () => {
    expectTypeOf(createTracing).returns.toHaveProperty('capture')
    expectTypeOf<keyof Tracing>().toEqualTypeOf<'options' | 'extract' | 'inject' | 'capture' | 'from'>()
    expect(createAdapterTracing()).toMatchObject({ process: expect.any(Function), send: expect.any(Function) })
  })

  it('uses what is registered later', () => {
    const tracing = createAdapterTracing()
    const sdk = createSdk()
    tracing.process({ system: 'kafka', destination: {}, carrier: { traceparent: OK } }, () => undefined)
    trace.setGlobalTracerProvider(sdk.tracerProvider)
    tracing.process({ system: 'kafka', destination: {}, carrier: { traceparent: OK } }, () => undefined)
    expect(only(sdk.ended()).name).toBe('process')
  })

  it('reports misuse without stopping anything, and counts it as no failure of its own', async () => {
    const onError = vi.fn<OnError>()
    const { tracing, points } = measure({ onError })
    tracing.warn('wrapped twice')
    expect(onError).toHaveBeenCalledExactlyOnceWith(new Error('wrapped twice'), { stage: 'options' })
    tracing.guard(() => {
      throw new Error('ours')
    })
    expect((await points())[METRICS.errors[0]]).toMatchObject([{ labels: { [OURS.stage]: 'describe' }, value: 1 }])
  })

  it('contains the work of an adapter', () => {
    const onError = vi.fn<OnError>()
    const tracing = createAdapterTracing({ onError })
    expect(tracing.guard(() => 7)).toBe(7)
    expect(
      tracing.guard(() => {
        throw new Error('no headers')
      }),
    ).toBeUndefined()
    expect(onError).toHaveBeenCalledWith(new Error('no headers'), { stage: 'describe' })
  })

  describe('names its attributes', () => {
    afterEach(() => vi.unstubAllEnvs())

    it.each([
      [undefined, ['messaging.system.name', 'messaging.system', 'kafka.offset']],
      ['messaging', ['messaging.system.name', 'kafka.offset']],
      ['messaging/dup', ['messaging.system.name', 'messaging.system', 'kafka.offset', 'messaging.kafka.offset']],
    ])('as the standard variable asks: %s', (variable, keys) => {
      vi.stubEnv('OTEL_SEMCONV_STABILITY_OPT_IN', variable)
      expect(keysFor()).toEqual(keys)
    })

    it('as the option says, before the variable', () => {
      vi.stubEnv('OTEL_SEMCONV_STABILITY_OPT_IN', 'messaging')
      expect(keysFor('1.44')).toEqual(['messaging.system', 'messaging.kafka.offset'])
    })
  })
})
