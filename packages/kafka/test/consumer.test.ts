import { context, propagation, trace } from '@opentelemetry/api'
import { Kafka, logLevel, type Consumer, type ConsumerRunConfig, type IHeaders } from 'kafkajs'
import { describe, expect, test, vi } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { attemptOf, createRecording, idOf, rolesOf } from '../../testing/test/recording.ts'
import { deadLetter, traceConsumer, traceHandler, traceKafka } from '../src/index.ts'
import { createConsumer, createProducer, received, type RecordMessage } from './fake-kafka.ts'

useContexts()

const TRACE = '12345678901234567890123456789012'
const PARENT = '1234567890123456'
const OLD = `00-${TRACE}-${PARENT}-01`

function createTraced() {
  const recording = createRecording()
  const fake = createConsumer()
  const traced = traceConsumer(fake.consumer, { ...recording.options, groupId: `group-${crypto.randomUUID()}` })
  return { ...recording, ...fake, traced }
}

describe('run', () => {
  test('without arguments, or without handlers, passes them on as they are', async () => {
    const { traced, runs } = createTraced()
    await traced.run()
    expect(runs.at(-1)).toEqual([])
    const config = Object.freeze({ autoCommit: false })
    await traced.run(config)
    expect(runs.at(-1)).toEqual([{ autoCommit: false }])
    for (const nonsense of [null, 'text', 0] as never[]) {
      await traced.run(nonsense)
      expect(runs.at(-1)).toEqual([nonsense])
    }
  })

  test('takes a frozen configuration, leaves it as it is, and takes it again for another consumer', async () => {
    const handled: string[] = []
    const eachMessage: ConsumerRunConfig['eachMessage'] = async ({ message }) => void handled.push(message.offset)
    const config = Object.freeze({ autoCommit: false, partitionsConsumedConcurrently: 3, eachMessage })
    const [first, second] = [createTraced(), createTraced()]
    await first.traced.run(config)
    await second.traced.run(config)
    await first.deliver(received({}, 1))
    await second.deliver(received({}, 2))

    expect(config).toEqual({ autoCommit: false, partitionsConsumedConcurrently: 3, eachMessage })
    expect(first.runs[0]).toEqual([{ ...config, eachMessage: expect.any(Function) }])
    expect(handled).toEqual(['1', '2'])
    expect([first, second].map(({ spans }) => spans('process orders').length)).toEqual([1, 1])
  })

  test('takes a configuration whose values are inherited', async () => {
    class Config {
      readonly #commit = false
      get autoCommit(): boolean {
        return this.#commit
      }
      async eachMessage(): Promise<void> {}
    }
    const { traced, config, deliver, span } = createTraced()
    await traced.run(new Config())
    await deliver(received())
    expect(config().autoCommit).toBe(false)
    expect(span('process orders').status).toBe('unset')
  })

  test.each([undefined, null, {}, { groupId: 'billing' }])(
    'fails with %j as without us, when it fails',
    async (config) => {
      const kafka = new Kafka({ brokers: ['localhost:1'], logLevel: logLevel.NOTHING, retry: { retries: 0 } })
      const plain = kafka.consumer({ groupId: 'billing', retry: { retries: 0 } })
      const traced = traceConsumer(
        kafka.consumer({ groupId: 'billing', retry: { retries: 0 } }),
        createRecording().options,
      )
      const ends = await Promise.allSettled(
        [plain, traced].map((consumer) => consumer.run(config as ConsumerRunConfig)),
      )
      expect(ends[1]).toEqual(ends[0])
      await Promise.all([plain.disconnect(), traced.disconnect()])
    },
  )
})

describe('eachMessage', () => {
  test('runs in the span of its attempt: a child of the send that links it, with its baggage', async () => {
    const { traced, deliver, span } = createTraced()
    let active: unknown
    let tenant: unknown
    await traced.run({
      eachMessage: async () => {
        active = trace.getActiveSpan()?.spanContext().spanId
        tenant = propagation.getActiveBaggage()?.getEntry('tenant')?.value
      },
    })
    await deliver(received({ traceparent: Buffer.from(OLD), baggage: Buffer.from('tenant=a') }, 8))

    const attempt = span('process orders')
    expect(attempt).toMatchObject({ kind: 'consumer', traceId: TRACE, parentSpanId: PARENT })
    expect(attempt.attributes).toMatchObject({
      'messaging.system.name': 'kafka',
      'messaging.operation.name': 'process',
      'messaging.destination.name': 'orders',
      'messaging.destination.partition.id': '0',
      'messaging.consumer.group.name': expect.stringMatching(/^group-/),
      'kafka.offset': 8,
    })
    expect(rolesOf(attempt)).toEqual(['creation'])
    expect(attemptOf(attempt)).toEqual({
      attempt: 1,
      source: 'assumed',
      kind: 'first',
      outcome: 'acked',
      status: 'unset',
    })
    expect({ active, tenant }).toEqual({ active: attempt.spanId, tenant: 'a' })
  })

  test.each<[string, IHeaders, string]>([
    ['bytes', { traceparent: Buffer.from(OLD) }, 'present'],
    ['text', { traceparent: OLD }, 'present'],
    ['an array of one', { traceparent: [Buffer.from(OLD)] }, 'present'],
    ['another letter case', { TraceParent: Buffer.from(OLD) }, 'present'],
    ['an array of two', { traceparent: [Buffer.from(OLD), Buffer.from(OLD)] }, 'malformed'],
    ['two letter cases', { traceparent: Buffer.from(OLD), TRACEPARENT: Buffer.from(OLD) }, 'malformed'],
    ['nonsense', { traceparent: Buffer.from([0xff, 0xfe]) }, 'malformed'],
    ['none', {}, 'absent'],
    ['undefined', { traceparent: undefined }, 'absent'],
    ['a number', { traceparent: 5 } as never, 'malformed'],
    ['null headers', null as never, 'absent'],
    ['no headers', undefined as never, 'absent'],
  ])('reads a context of any shape: %s', async (_, headers, status) => {
    const { traced, deliver, span } = createTraced()
    const handler = vi.fn<() => Promise<void>>(async () => {})
    await traced.run({ eachMessage: handler })
    await deliver({ ...received(), headers })
    expect(handler).toHaveBeenCalledOnce()
    expect(span('process orders').attributes['tracebaton.context.status'] ?? 'present').toBe(status)
    expect(span('process orders').traceId === TRACE).toBe(status === 'present')
  })

  test('is never below the span that was active around run', async () => {
    const { traced, deliver, provider, span } = createTraced()
    const ambient = provider.getTracer('test').startSpan('start-up')
    await context.with(trace.setSpan(context.active(), ambient), async () => {
      await traced.run({ eachMessage: async () => {} })
      await deliver(received())
    })
    ambient.end()
    expect(span('process orders').parentSpanId).toBeUndefined()
    expect(span('process orders').traceId).not.toBe(span('start-up').traceId)
  })

  test('gets the payload and the caller that kafkajs gives, and its result goes back', async () => {
    const { traced, config } = createTraced()
    let seen: unknown[] = []
    const result = Promise.resolve('done')
    await traced.run({
      eachMessage(this: unknown, payload) {
        seen = [this, payload]
        return result as Promise<never>
      },
    })
    const eachMessage = config().eachMessage as unknown as (this: unknown, payload: unknown) => unknown
    const [runner, payload] = [{}, { topic: 'orders', partition: 0, message: received() }]
    await expect(eachMessage.call(runner, payload)).resolves.toBe('done')
    expect(seen[0]).toBe(runner)
    expect(seen[1]).toBe(payload)
  })

  test.each([
    ['an error', new RangeError('no')],
    ['null', null],
    ['nothing', undefined],
    ['text', 'no'],
  ])('that throws at once, or rejects, with %s ends its span and throws on the same', async (_, thrown) => {
    for (const fail of [
      () => Promise.reject(thrown),
      () => {
        throw thrown
      },
    ]) {
      const { traced, deliver, span, recorder } = createTraced()
      await traced.run({ eachMessage: fail })
      await expect(
        deliver(received()).then(
          () => 'resolved',
          (error: unknown) => ({ error }),
        ),
      ).resolves.toEqual({ error: thrown })
      expect(attemptOf(span('process orders'))).toMatchObject({ outcome: 'requeued', status: 'error' })
      expect(recorder.open).toEqual([])
    }
  })

  test('gets an unreadable payload as well', async () => {
    const { traced, config, failures } = createTraced()
    const handler = vi.fn<() => Promise<void>>(async () => {})
    await traced.run({ eachMessage: handler })
    await config().eachMessage?.(undefined as never)
    expect(handler).toHaveBeenCalledWith(undefined)
    expect(failures).toHaveLength(1)
  })
})

const link = (digit: string): string => `00-${digit.repeat(32)}-${digit.repeat(16)}-01`

describe('eachBatch', () => {
  test('makes one root span of the batch that links every message', async () => {
    const { traced, deliverBatch, span, provider } = createTraced()
    await traced.run({ eachBatch: async () => {} })
    const ambient = provider.getTracer('test').startSpan('start-up')
    await context.with(trace.setSpan(context.active(), ambient), () =>
      deliverBatch([received({ traceparent: link('a') }, 5), received({ traceparent: link('b') }, 6), received()]),
    )
    const batch = span('process orders')
    expect(batch.parentSpanId).toBeUndefined()
    expect(batch.attributes).toMatchObject({
      'messaging.batch.message_count': 3,
      'messaging.destination.partition.id': '0',
    })
    expect(batch.links.map(({ spanId, attributes }) => [spanId, attributes['kafka.offset']])).toEqual([
      ['a'.repeat(16), 5],
      ['b'.repeat(16), 6],
    ])
  })

  test('that fails is a failed span, but no attempt of its messages', async () => {
    const { traced, deliverBatch, deliver, spans } = createTraced()
    const message = received({ traceparent: OLD })
    await traced.run({ eachBatch: async () => Promise.reject(new Error('no')) })
    await expect(deliverBatch([message])).rejects.toThrow('no')
    await traced.run({ eachMessage: async () => {} })
    await deliver(message)
    const [batch, attempt] = spans('process orders')
    expect(batch?.status).toBe('error')
    expect(batch?.attributes).not.toHaveProperty(['tracebaton.delivery.attempt'])
    expect(attempt && attemptOf(attempt)).toMatchObject({ attempt: 1, kind: 'first' })
  })

  test('gets an empty batch and an unreadable one as well', async () => {
    const { traced, deliverBatch, config } = createTraced()
    const handler = vi.fn<() => Promise<void>>(async () => {})
    await traced.run({ eachBatch: handler })
    await deliverBatch([])
    await config().eachBatch?.({} as never)
    expect(handler).toHaveBeenCalledTimes(2)
  })
})

test('a consumer of a traced client knows its group, even when it is wrapped again', async () => {
  const { options, span } = createRecording()
  const fake = createConsumer()
  const kafka = { producer: () => ({}), consumer: () => fake.consumer } as unknown as Kafka
  const consumer: Consumer = traceKafka(kafka, createRecording().options).consumer({ groupId: 'billing' })
  await traceConsumer(consumer, options).run({ eachMessage: async () => {} })
  await fake.deliver(received())
  expect(span('process orders').attributes['messaging.consumer.group.name']).toBe('billing')
  expect(attemptOf(span('process orders'))).toMatchObject({ attempt: 1, kind: 'first' })
})

test('the id of a traced client stands on the spans of all that is made from it', async () => {
  const { options, spans } = createRecording()
  const [consuming, producing] = [createConsumer(), createProducer()]
  const hollow = { producer: () => producing.producer, consumer: () => consuming.consumer } as unknown as Kafka
  const kafka = traceKafka(hollow, { ...options, clientId: 'billing-7' })
  const producer = kafka.producer()
  const message = { topic: 'orders', messages: [{ value: '1' }] }
  await producer.send(message)
  await (await producer.transaction()).send(message)
  await kafka.consumer({ groupId: 'billing' }).run({
    eachMessage: async (payload) => void (await deadLetter(producer, payload, { to: 'dead' })),
    eachBatch: async () => {},
  })
  await consuming.deliver(received())
  await consuming.deliverBatch([received()])
  const all = ['send orders', 'process orders', 'send dead'].flatMap((name) => spans(name))
  expect(all).toHaveLength(5)
  for (const { attributes } of all) {
    expect(attributes).toMatchObject({ 'messaging.client.id': 'billing-7', 'messaging.client_id': 'billing-7' })
  }
})

test('a message, its headers and its payload stay as they came', async () => {
  const { traced, deliver, deliverBatch } = createTraced()
  const message: RecordMessage = Object.freeze({ ...received(), headers: Object.freeze({ traceparent: OLD }) })
  const before = JSON.stringify(message)
  await traced.run({ eachMessage: async () => {}, eachBatch: async () => {} })
  await deliver(message)
  await deliver(message)
  await deliverBatch(Object.freeze([message]) as RecordMessage[])
  expect(JSON.stringify(message)).toBe(before)
  expect(idOf(String(message.headers?.['traceparent']))).toBe(`${TRACE}-${PARENT}`)
})

test('the handler has the name, the number of parameters and the properties of the one that is wrapped', () => {
  const handler = Object.assign(function charge(_message: ReturnType<typeof received>, _more: unknown) {}, {
    pattern: 'orders',
  })
  const handle = traceHandler(handler)
  expect([handle.name, handle.length, Reflect.get(handle, 'pattern')]).toEqual(['charge', 2, 'orders'])
})

describe('a seek in the handler of a message', () => {
  test.each([
    ['0', '7', 'requeued'],
    ['0', '6', 'acked'],
    ['0', '8', 'acked'],
    ['1', '7', 'acked'],
  ])(
    'of partition %s to offset %s, where it came from partition 0 and offset 7: %s',
    async (partition, offset, outcome) => {
      const place = { topic: 'orders', partition: Number(partition), offset }
      const { traced, deliver, seeks, span } = createTraced()
      await traced.run({ eachMessage: async () => traced.seek(place) })
      await deliver(received({}, 7))
      expect(attemptOf(span('process orders'))).toMatchObject({ outcome })
      expect(seeks).toEqual([[place]])
    },
  )

  test('and one outside of any handler go through as they are', () => {
    const { traced, seeks, recorder } = createTraced()
    traced.seek({ topic: 'orders', partition: 0, offset: '7' })
    traced.seek(undefined as never)
    expect(seeks).toEqual([[{ topic: 'orders', partition: 0, offset: '7' }], [undefined]])
    expect(recorder.spans).toEqual([])
  })
})
