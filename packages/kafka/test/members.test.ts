// oxlint-disable typescript/unbound-method -- the members of kafkajs's objects are closures
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Kafka, logLevel, type Consumer, type Producer, type Transaction } from 'kafkajs'
import { describe, expect, test, vi } from 'vitest'
import { createRecording } from '../../testing/test/recording.ts'
import { traceConsumer, traceKafka, traceProducer } from '../src/index.ts'
import { createProducer } from './fake-kafka.ts'

/** What becomes of each member of a client object. Whoever updates kafkajs decides here about a new one. */
type Members<Target> = Readonly<Record<keyof Target, 'traced' | 'plain'>>

const KAFKA: Members<Kafka> = { producer: 'traced', consumer: 'traced', admin: 'plain', logger: 'plain' }

const PRODUCER: Members<Producer> = {
  send: 'traced',
  sendBatch: 'traced',
  transaction: 'traced',
  connect: 'plain',
  disconnect: 'plain',
  isIdempotent: 'plain',
  events: 'plain',
  on: 'plain',
  logger: 'plain',
}

const TRANSACTION: Members<Transaction> = {
  send: 'traced',
  sendBatch: 'traced',
  sendOffsets: 'plain',
  commit: 'plain',
  abort: 'plain',
  isActive: 'plain',
}

const CONSUMER: Members<Consumer> = {
  run: 'traced',
  connect: 'plain',
  disconnect: 'plain',
  subscribe: 'plain',
  stop: 'plain',
  commitOffsets: 'plain',
  seek: 'plain',
  describeGroup: 'plain',
  pause: 'plain',
  paused: 'plain',
  resume: 'plain',
  on: 'plain',
  events: 'plain',
  logger: 'plain',
}

const kafka = new Kafka({ brokers: ['localhost:1'], logLevel: logLevel.NOTHING })

describe.each([
  ['class Kafka', KAFKA, kafka],
  ['type Producer', PRODUCER, kafka.producer()],
  ['type Transaction', TRANSACTION, await createProducer().producer.transaction()],
  ['type Consumer', CONSUMER, kafka.consumer({ groupId: 'billing' })],
])('%s', (declaration, members, object) => {
  test('has no member that is neither traced nor deliberately plain, by its types', async () => {
    const declared = [...(await declaredMembers(declaration))].toSorted()
    expect(declared).not.toEqual([])
    expect(Object.keys(members).toSorted()).toEqual(declared)
  })

  test('has no member that is neither traced nor deliberately plain, by its objects', () => {
    const found = [...Object.keys(object), ...Object.getOwnPropertyNames(Object.getPrototypeOf(object))]
    const own = found.filter((name) => !(name in Object.prototype))
    expect(Object.keys(members).toSorted()).toEqual(own.toSorted())
  })
})

describe('a look-alike', () => {
  const { options } = createRecording()
  const tracedKafka = traceKafka(kafka, options)
  const producer = kafka.producer()
  const tracedProducer = traceProducer(producer, options)
  const consumer = kafka.consumer({ groupId: 'billing' })
  const tracedConsumer = traceConsumer(consumer, options)

  test('has the prototype and the members of the object behind it', () => {
    expect(tracedKafka).toBeInstanceOf(Kafka)
    expect(tracedKafka.constructor).toBe(Kafka)
    expect(Object.keys(tracedProducer)).toEqual(Object.keys(producer))
    expect(Object.keys(tracedConsumer)).toEqual(Object.keys(consumer))
    expect('sendBatch' in tracedProducer).toBe(true)
    expect('nonsense' in tracedProducer).toBe(false)
  })

  test('has members that stay the same from one look to the next', () => {
    for (const [object, members] of [
      [tracedKafka, KAFKA],
      [tracedProducer, PRODUCER],
      [tracedConsumer, CONSUMER],
    ] as const) {
      for (const name of Object.keys(members)) expect(Reflect.get(object, name)).toBe(Reflect.get(object, name))
    }
  })

  test('leaves the object behind it as it was', () => {
    const fresh = kafka.producer()
    const before = { ...fresh }
    traceProducer(fresh, options)
    expect({ ...fresh }).toEqual(before)
    for (const name of Object.keys(before) as (keyof Producer)[]) expect(fresh[name]).toBe(before[name])
  })

  test('has the events and the logger of the object behind it', () => {
    expect(tracedProducer.events).toBe(producer.events)
    expect(tracedConsumer.events).toBe(consumer.events)
    expect(tracedKafka.logger()).toBe(kafka.logger())
    expect(tracedProducer.logger()).toBe(producer.logger())
    expect(tracedConsumer.logger()).toBe(consumer.logger())
  })

  test('adds no listener, and listens and stops listening as the object behind it', async () => {
    const heard = vi.fn<() => void>()
    const remove = tracedProducer.on(tracedProducer.events.DISCONNECT, heard)
    await producer.disconnect()
    expect(heard).toHaveBeenCalledOnce()
    remove()
    await producer.disconnect()
    expect(heard).toHaveBeenCalledOnce()
    expect(() => tracedConsumer.on('nonsense' as 'consumer.stop', heard)).toThrow('Event name should be one of')
  })

  test('makes plain admin clients, and producers and consumers that are told apart', () => {
    const admin = tracedKafka.admin()
    expect(Object.keys(admin)).toEqual(Object.keys(kafka.admin()))
    expect(tracedKafka.producer()).not.toBe(tracedKafka.producer())
    expect(tracedKafka.producer({ idempotent: true }).isIdempotent()).toBe(true)
    expect(() => tracedKafka.consumer({ groupId: '' })).toThrow('groupId must be a non-empty string')
    expect(() => tracedKafka.consumer(undefined as never)).toThrow('groupId must be a non-empty string')
  })

  test('of a frozen object works', async () => {
    const { producer: plain, sent } = createProducer()
    await traceProducer(Object.freeze(plain), options).send({ topic: 'orders', messages: [{ value: '1' }] })
    expect(sent[0]?.messages[0]?.headers?.['traceparent']).toBeDefined()
  })

  test('can be spread and taken apart', async () => {
    const { producer: plain, sent } = createProducer()
    const { send } = { ...traceProducer(plain, options) }
    await send({ topic: 'orders', messages: [{ value: '1' }] })
    expect(sent[0]?.messages[0]?.headers?.['traceparent']).toBeDefined()
  })

  test('can be spied on and wrapped once more by hand, without touching the object behind it', async () => {
    const { producer: plain, sent } = createProducer()
    const behind = plain.send
    const traced = traceProducer(plain, options)
    const spy = vi.spyOn(traced, 'send')
    const byHand = traced.send
    traced.send = (record) => byHand(record)
    await traced.send({ topic: 'orders', messages: [{ value: '1' }] })
    expect(spy).toHaveBeenCalledOnce()
    expect(sent).toHaveLength(1)
    expect(plain.send).toBe(behind)
    const isIdempotent = vi.spyOn(tracedProducer, 'isIdempotent').mockReturnValue(true)
    expect(tracedProducer.isIdempotent()).toBe(true)
    expect(isIdempotent).toHaveBeenCalledOnce()
  })
})

/** The members that a declaration of kafkajs lists, together with those of a type that it extends. */
async function declaredMembers(declaration: string): Promise<ReadonlySet<string>> {
  const folder = dirname(createRequire(import.meta.url).resolve('kafkajs/package.json'))
  const types = await readFile(join(folder, 'types/index.d.ts'), 'utf8')
  const start = new RegExp(`^(?:export )?${declaration}\\b(?: = (?<base>\\w+) &)?[^\\n]*\\n`, 'm').exec(types)
  if (start === null) throw new Error(`kafkajs declares no ${declaration}`)
  const from = start.index + start[0].length
  const body = types.slice(from, types.indexOf('\n}', from))
  const names = [...body.matchAll(/^ {2}(?:readonly )?(\w+)[(:?]/gm)].map(([, name = '']) => name)
  const base = start.groups?.['base']
  const inherited = base === undefined ? [] : await declaredMembers(`type ${base}`)
  return new Set([...names.filter((name) => name !== 'constructor'), ...inherited])
}
