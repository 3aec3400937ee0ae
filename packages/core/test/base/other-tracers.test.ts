import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { trace } from '@opentelemetry/api'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { otherTracerOf, silentTracer } from '../../src/base/other-tracers.ts'
import type { OnError } from '../../src/base/report.ts'
import { leaveToUs, warnOfInstrumentation } from '../../src/client/original.ts'
import { createAdapterTracing } from '../../src/tracing.ts'
import { createSdk, registerContextManager, resetGlobals } from '../sdk.ts'

resetGlobals()
beforeEach(registerContextManager)

const FOLLOWERS = {
  library: 'kafkajs',
  datadog: ['kafkajs', 'test:datadog:start'],
  sentry: ['Kafka', 'test:sentry:start'],
} as const

const plain = (): void => undefined

function listen(channel: string): void {
  subscribe(channel, plain)
  onTestFinished(() => void unsubscribe(channel, plain))
}

const patched = Object.assign(() => undefined, { __wrapped: true })
const byElastic = Object.assign(() => undefined, { [Symbol('elasticAPMIsWrapped')]: true })

describe('a client that another tracer follows', () => {
  test.each([
    [
      'dd-trace, which listens to a channel',
      'test:datadog:start',
      plain,
      /dd-trace: .*tracer\.use\('kafkajs', false\)/,
    ],
    ['Sentry, which listens to another one', 'test:sentry:start', plain, /Sentry: .*name !== 'Kafka'/],
    ['Elastic, which marks what it patches', undefined, byElastic, /elastic-apm-node: .*ignoreMessageQueues/],
    ['an official instrumentation', undefined, patched, /instrumentation-kafkajs': \{ enabled: false \}/],
  ])('is told about, once: %s', (_, channel, send, text) => {
    if (channel !== undefined) listen(channel)
    const warn = vi.fn<(message: string) => void>()
    const tracing = { warn, guard: <Result>(work: () => Result) => work() }
    warnOfInstrumentation(tracing, { send }, 'send', FOLLOWERS)
    warnOfInstrumentation(tracing, { send }, 'send', FOLLOWERS)
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(text))
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('every span is there twice'))
  })

  test('is not told about where an instrumentation leaves its messages to us, and another tracer is', () => {
    const warn = vi.fn<(message: string) => void>()
    const tracing = { warn, guard: <Result>(work: () => Result) => work() }
    const client = { send: patched }
    leaveToUs(client)
    warnOfInstrumentation(tracing, client, 'send', FOLLOWERS)
    expect(warn).not.toHaveBeenCalled()
    listen('test:datadog:start')
    warnOfInstrumentation(tracing, client, 'send', FOLLOWERS)
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('dd-trace'))
  })

  test('is named with the settings that spare it', () => {
    listen('test:datadog:start')
    const followers = { library: 'aws-sdk', datadog: ['aws-sdk', 'test:datadog:start', '{ sqs: false }'] } as const
    expect(otherTracerOf(plain, followers)).toEqual(['dd-trace', "tracer.use('aws-sdk', { sqs: false })"])
  })

  test('is left to us also where two loads of core follow it', async () => {
    vi.resetModules()
    const other = await import('../../src/client/original.ts')
    expect(other.leaveToUs).not.toBe(leaveToUs)
    const warn = vi.fn<(message: string) => void>()
    const client = { send: patched }
    other.leaveToUs(client)
    warnOfInstrumentation({ warn, guard: (work) => work() }, client, 'send', FOLLOWERS)
    expect(warn).not.toHaveBeenCalled()
  })

  test('is none if its channels are not listened to and its method is its own', () => {
    expect(otherTracerOf(plain, FOLLOWERS)).toBeUndefined()
    expect(otherTracerOf(undefined, FOLLOWERS)).toBeUndefined()
    expect(otherTracerOf(plain, { library: 'amqplib' })).toBeUndefined()
  })
})

const home = globalThis as { [key: string | symbol]: unknown }
const DATADOG = Symbol.for('dd-trace')

describe('a tracer that registers no SDK', () => {
  afterEach(() => {
    delete home['__SENTRY__']
    delete home[DATADOG]
  })

  const handle = (onError: OnError, options: object = {}): void => {
    const tracing = createAdapterTracing({ onError, ...options })
    for (let round = 0; round < 2; round++) tracing.process({ system: 'kafka', destination: {}, carrier: {} }, plain)
  }

  test('is told about with the first message, once, and how it registers one', () => {
    home['__SENTRY__'] = {}
    const onError = vi.fn<OnError>()
    const tracing = createAdapterTracing({ onError })
    expect(onError).not.toHaveBeenCalled()
    tracing.isIdle()
    tracing.isIdle()
    expect(onError).toHaveBeenCalledExactlyOnceWith(
      new Error(
        'No OpenTelemetry SDK is registered, so nothing is recorded. Sentry is one if told: ' +
          'Sentry.init({ enableOpenTelemetrySetup: true })',
      ),
      { stage: 'options' },
    )
    handle(onError)
    expect(onError).toHaveBeenCalledTimes(2)
  })

  test.each([
    ['nobody is there', plain, {}],
    ['an SDK is registered', () => trace.setGlobalTracerProvider(createSdk().tracerProvider), {}],
    ['a provider is given', plain, { tracerProvider: createSdk().tracerProvider }],
    ['metrics are recorded', plain, { meterProvider: new MeterProvider() }],
  ])('is not told about if %s', (name, register, options) => {
    if (name !== 'nobody is there') home[DATADOG] = {}
    register()
    const onError = vi.fn<OnError>()
    handle(onError, options)
    expect(onError).not.toHaveBeenCalled()
  })

  test('is known by what it leaves in the process', () => {
    expect(silentTracer()).toBeUndefined()
    home[DATADOG] = {}
    expect(silentTracer()).toEqual(['dd-trace', 'new tracer.TracerProvider().register()'])
  })
})
