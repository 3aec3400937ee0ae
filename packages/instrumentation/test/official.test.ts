import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { inPlaceOfOfficial, KafkaJsInstrumentation } from '../src/index.ts'
import type { HollowKafkajs } from './clients.ts'
import { installer } from './installed.ts'
import { recorded, warnings, withContexts } from './sdk.ts'

withContexts()
const install = installer()

function createOfficial(name: string) {
  const services = new Map([
    ['SQS', {}],
    ['S3', {}],
  ])
  const instrumentationName = `@opentelemetry/instrumentation-${name}`
  return { instrumentationName, disable: vi.fn<() => void>(), servicesExtensions: { services } }
}

function namesOf(list: ReturnType<typeof inPlaceOfOfficial>): readonly string[] {
  onTestFinished(() => {
    for (const one of list) one.disable()
  })
  return list.map(({ instrumentationName }) => instrumentationName.replace(/^@\w+\//, ''))
}

describe('inPlaceOfOfficial', () => {
  it('disables and leaves out the official ones of our clients, and keeps the others', () => {
    const [kafka, amqp, aws, http] = ['kafkajs', 'amqplib', 'aws-sdk', 'http'].map(createOfficial)
    const list = inPlaceOfOfficial([[kafka!, aws!, http!], amqp!])
    expect(namesOf(list)).toEqual([
      'instrumentation/amqplib',
      'instrumentation/bullmq',
      'instrumentation/kafkajs',
      'instrumentation/sqs',
      'instrumentation-aws-sdk',
      'instrumentation-http',
    ])
    expect([kafka, amqp, aws, http].map((one) => one?.disable.mock.calls.length)).toEqual([1, 1, 0, 0])
    expect([...(aws?.servicesExtensions.services.keys() ?? [])]).toEqual(['S3'])
  })

  it('keeps what is no instrumentation for the SDK to judge', () => {
    const list = inPlaceOfOfficial([undefined as never, [null as never]])
    expect(list.slice(-2)).toEqual([undefined, null])
    namesOf(list.slice(0, -2))
  })

  it('never throws: neither where one cannot be disabled, nor without options', () => {
    const kafka = createOfficial('kafkajs')
    kafka.disable.mockImplementation(() => {
      throw new Error('stuck')
    })
    const list = inPlaceOfOfficial([kafka], null as never)
    expect(namesOf(list)).toHaveLength(4)
  })

  it('keeps the official one of a client that it leaves out', () => {
    const [kafka, aws] = ['kafkajs', 'aws-sdk'].map(createOfficial)
    const list = inPlaceOfOfficial([kafka!, aws!], { kafkajs: false, sqs: false, amqplib: false })
    expect(namesOf(list)).toEqual(['instrumentation/bullmq', 'instrumentation-kafkajs', 'instrumentation-aws-sdk'])
    expect(aws?.servicesExtensions.services.has('SQS')).toBe(true)
  })
})

it('a Kafka says once that another instrumentation has patched its class from outside', () => {
  const said = warnings()
  recorded(new KafkaJsInstrumentation())
  const { Kafka } = install().require('kafkajs') as HollowKafkajs
  const own = Reflect.get(Kafka.prototype, 'producer')
  Kafka.prototype.producer = Object.assign(() => Reflect.apply(own, new Kafka({ brokers: [] }), []), {
    __wrapped: true,
  })
  expect([new Kafka({ brokers: [] }), new Kafka({ brokers: [] })]).toHaveLength(2)
  expect(said).toEqual([expect.stringContaining('kafkajs is also traced by another instrumentation')])
})
