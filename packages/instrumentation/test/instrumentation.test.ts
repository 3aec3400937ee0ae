import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { metrics, trace } from '@opentelemetry/api'
import { registerInstrumentations, type Instrumentation } from '@opentelemetry/instrumentation'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { getTracebatonInstrumentations, KafkaJsInstrumentation } from '../src/index.ts'
import { packages } from '../src/packages.ts'
import type { HollowKafka, HollowKafkajs } from './clients.ts'
import { installer } from './installed.ts'
import { createSdk, recorded, warnings, withContexts } from './sdk.ts'

withContexts()
const install = installer()

function createKafka(): HollowKafka {
  const { Kafka } = install().require('kafkajs') as HollowKafkajs
  return new Kafka({ brokers: [] })
}

function missing(): never {
  throw new Error("Cannot find module '@opentelemetry/api'")
}

type Producer = ReturnType<HollowKafka['producer']>
const send = (producer: Producer) => producer.send({ topic: 'orders', messages: [{ value: 'one' }] })

describe('an instrumentation', () => {
  it('is enabled unless it is told otherwise, and says its options', () => {
    const hooks = {}
    const instrumentation = new KafkaJsInstrumentation({ enabled: false, hooks })
    expect(instrumentation.isEnabled()).toBe(false)
    expect(instrumentation.getConfig()).toEqual({ enabled: false, hooks })
    const { instrumentation: other } = recorded(new KafkaJsInstrumentation())
    expect([other.isEnabled(), other.getConfig()]).toEqual([true, { enabled: true }])
    expect(other.instrumentationName).toBe('@tracebaton/instrumentation/kafkajs')
  })

  it('is what the SDK registers, enables and unloads', async () => {
    const sdk = createSdk()
    const reader = new PeriodicExportingMetricReader({
      exporter: new InMemoryMetricExporter(AggregationTemporality.DELTA),
      exportIntervalMillis: 1_000_000,
    })
    const meterProvider = new MeterProvider({ readers: [reader] })
    const instrumentation: Instrumentation & KafkaJsInstrumentation = new KafkaJsInstrumentation({ enabled: false })
    const { tracerProvider } = sdk
    const unload = registerInstrumentations({ instrumentations: [instrumentation], tracerProvider, meterProvider })
    const producer = createKafka().producer()
    await send(producer)
    expect(sdk.names()).toEqual(['send orders'])
    const { resourceMetrics } = await reader.collect()
    const measured = resourceMetrics.scopeMetrics.flatMap((scope) =>
      scope.metrics.map(({ descriptor }) => descriptor.name),
    )
    expect(measured).toContain('messaging.client.sent.messages')
    unload()
    await send(producer)
    expect([sdk.names().length, instrumentation.isEnabled()]).toEqual([1, false])
    await meterProvider.shutdown()
  })

  it('takes other providers and options for what was made before, too', async () => {
    const first = recorded(new KafkaJsInstrumentation())
    const producer = createKafka().producer()
    await send(producer)
    const second = createSdk()
    first.instrumentation.setTracerProvider(second.tracerProvider)
    await send(producer)
    expect([first.names().length, second.names().length]).toEqual([1, 1])
    const onSend = vi.fn<() => void>()
    first.instrumentation.setConfig({ hooks: { onSend } })
    await send(producer)
    expect(onSend).toHaveBeenCalledOnce()
    expect(second.names().length).toBe(2)
  })

  it('follows the global provider that an SDK hands out before it registers one', async () => {
    const { instrumentation } = recorded(new KafkaJsInstrumentation())
    instrumentation.setTracerProvider(trace.getTracerProvider())
    instrumentation.setMeterProvider(metrics.getMeterProvider())
    const producer = createKafka().producer()
    await send(producer)
    const sdk = createSdk()
    trace.setGlobalTracerProvider(sdk.tracerProvider)
    await send(producer)
    expect(sdk.names()).toEqual(['send orders'])
  })

  it('passes calls through while it is disabled', async () => {
    const { instrumentation, names } = recorded(new KafkaJsInstrumentation())
    const kafka = createKafka()
    const before = kafka.producer()
    instrumentation.disable()
    const between = kafka.producer()
    await send(before)
    await send(between)
    expect(names()).toEqual([])
    expect(kafka.sent.map(({ headers }) => headers)).toEqual([undefined, undefined])
    instrumentation.enable()
    await send(before)
    await send(between)
    expect(names()).toEqual(['send orders', 'send orders'])
  })

  it('gives way to a later one, and is asked again when that is disabled', async () => {
    const first = recorded(new KafkaJsInstrumentation())
    const producer = createKafka().producer()
    const second = recorded(new KafkaJsInstrumentation())
    await send(producer)
    expect([first.names().length, second.names().length]).toEqual([0, 1])
    second.instrumentation.disable()
    await send(producer)
    expect([first.names().length, second.names().length]).toEqual([1, 1])
  })

  it('leaves a module that it does not know as it is, and says so', () => {
    const said = warnings()
    recorded(new KafkaJsInstrumentation())
    const { folder, require } = install()
    writeFileSync(join(folder, 'node_modules/kafkajs/index.js'), 'exports.Kafka = class { other() {} }\n')
    const { Kafka } = require('kafkajs') as HollowKafkajs
    expect(Object.getPrototypeOf(Kafka)).toBe(Function.prototype)
    expect(said).toEqual([expect.stringContaining('Kafka has no method producer')])
  })

  it('leaves a module that is a function as it is', () => {
    const said = warnings()
    recorded(new KafkaJsInstrumentation())
    const { folder, require } = install()
    const text = 'class Kafka { producer() {} consumer() {} }; module.exports = Object.assign(Kafka, { Kafka })'
    writeFileSync(join(folder, 'node_modules/kafkajs/index.js'), text)
    const Kafka = require('kafkajs') as new () => object
    expect(new Kafka()).toBeInstanceOf(Kafka)
    expect(said).toEqual([expect.stringContaining('it exports a function')])
  })

  it('leaves a client as it is where the API is not installed, and tells Node', () => {
    const instrumentation = new KafkaJsInstrumentation()
    onTestFinished(() => instrumentation.disable())
    const { require } = install()
    const spies = [
      vi.spyOn(packages, 'api', 'get').mockImplementation(missing),
      vi.spyOn(packages, 'core', 'get').mockImplementation(missing),
    ]
    const told = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    onTestFinished(() => [...spies, told].forEach((spy) => spy.mockRestore()))
    const { Kafka } = require('kafkajs') as HollowKafkajs
    expect(Object.getPrototypeOf(Kafka)).toBe(Function.prototype)
    expect(told).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('kafkajs/index.js is not'))
  })
})

describe('getTracebatonInstrumentations', () => {
  it('makes one for each client that is not left out, with its options', () => {
    const made = getTracebatonInstrumentations({ trust: 'ignore', sqs: false, bullmq: { sandboxes: true } })
    onTestFinished(() => {
      for (const instrumentation of made) instrumentation.disable()
    })
    expect(made.map((one) => [one.instrumentationName, one.getConfig()])).toEqual([
      ['@tracebaton/instrumentation/amqplib', { enabled: true, trust: 'ignore' }],
      ['@tracebaton/instrumentation/bullmq', { enabled: true, trust: 'ignore', sandboxes: true }],
      ['@tracebaton/instrumentation/kafkajs', { enabled: true, trust: 'ignore' }],
    ])
  })
})
