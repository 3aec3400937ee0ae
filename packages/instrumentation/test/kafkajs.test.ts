import { trace } from '@opentelemetry/api'
import { traceKafka } from '@tracebaton/kafka'
import { describe, expect, it } from 'vitest'
import { KafkaJsInstrumentation } from '../src/index.ts'
import type { HollowKafka, HollowKafkajs } from './clients.ts'
import { installer } from './installed.ts'
import { recorded, withContexts } from './sdk.ts'

withContexts()
const install = installer()
const load = (): HollowKafkajs => install().require('kafkajs') as HollowKafkajs

const send = (kafka: HollowKafka) => kafka.producer().send({ topic: 'orders', messages: [{ value: 'one' }] })

describe('a Kafka of the patched module', () => {
  it('traces what it sends and handles', async () => {
    const { names, spans } = recorded(new KafkaJsInstrumentation())
    const { Kafka } = load()
    const kafka = new Kafka({ clientId: 'billing-7', brokers: [] })
    const active: unknown[] = []
    await kafka.consumer({ groupId: 'billing' }).run({
      eachMessage: async () => void active.push(trace.getActiveSpan()?.spanContext().spanId),
    })
    await send(kafka)
    expect(names()).toEqual(['process orders', 'send orders'])
    const [process] = spans()
    expect(active).toEqual([process?.spanContext().spanId])
    expect(process?.attributes['messaging.consumer.group.name']).toBe('billing')
    expect(spans().map(({ attributes }) => attributes['messaging.client.id'])).toEqual(['billing-7', 'billing-7'])
    expect(kafka.sent[0]?.headers).toHaveProperty('traceparent')
  })

  it('is that of the module in all that can be seen', () => {
    const before = load()
    recorded(new KafkaJsInstrumentation())
    const { Kafka, CompressionTypes, ...others } = load()
    expect([Kafka.name, Kafka.length, Kafka.made]).toEqual([before.Kafka.name, before.Kafka.length, 0])
    expect([CompressionTypes, others]).toEqual([{ None: 0 }, {}])
    expect(new Kafka({ brokers: ['a:1'] }).brokers).toEqual(['a:1'])
    expect(Kafka.made).toBe(1)
  })

  it('may be extended, with private fields and methods of its own', async () => {
    const { names } = recorded(new KafkaJsInstrumentation())
    const { Kafka } = load()
    class Mine extends Kafka {
      #secret = 'kept'
      override producer(config?: unknown) {
        return Object.assign(super.producer(config), { secret: this.#secret })
      }
    }
    const mine = new Mine({ brokers: [] })
    expect(mine.producer()).toMatchObject({ secret: 'kept' })
    expect([mine instanceof Mine, mine instanceof Kafka, mine.constructor]).toEqual([true, true, Mine])
    expect(new Kafka({ brokers: [] })).not.toBeInstanceOf(Mine)
    await send(mine)
    expect(names()).toEqual(['send orders'])
  })

  it('takes objects of the class behind it for its own', () => {
    recorded(new KafkaJsInstrumentation())
    const { Kafka } = load()
    const Behind = Object.getPrototypeOf(Kafka) as typeof Kafka
    expect(new Behind({ brokers: [] })).toBeInstanceOf(Kafka)
  })

  it('has one span of each call where it is wrapped by hand as well', async () => {
    const { names, tracerProvider } = recorded(new KafkaJsInstrumentation())
    const { Kafka } = load()
    const options = { tracerProvider }
    await send(traceKafka(traceKafka(new Kafka({ brokers: [] }), options), options))
    expect(names()).toEqual(['send orders'])
  })

  it('is patched in each copy that a process loads', async () => {
    const { names } = recorded(new KafkaJsInstrumentation())
    const copies = [load(), load()]
    for (const { Kafka } of copies) await send(new Kafka({ brokers: [] }))
    expect(copies[0]?.Kafka).not.toBe(copies[1]?.Kafka)
    expect(names()).toEqual(['send orders', 'send orders'])
  })
})
