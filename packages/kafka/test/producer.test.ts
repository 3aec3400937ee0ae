import { Kafka, logLevel } from 'kafkajs'
import { describe, expect, test } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { createRecording, idOf } from '../../testing/test/recording.ts'
import { traceKafka, traceProducer } from '../src/index.ts'
import { createProducer } from './fake-kafka.ts'

useContexts()

const kafka = new Kafka({ brokers: ['localhost:1'], logLevel: logLevel.NOTHING })

function createTraced(...args: Parameters<typeof createProducer>) {
  const recording = createRecording()
  const fake = createProducer(...args)
  return { ...recording, ...fake, traced: traceProducer(fake.producer, recording.options) }
}

describe('send', () => {
  test('puts the context of its span on the message, and says where the message went', async () => {
    const { traced, sent, span } = createTraced()
    const answer = await traced.send({ topic: 'orders', acks: 1, messages: [{ key: 'k', value: 'v' }] })

    expect(answer).toEqual([{ topicName: 'orders', partition: 1, errorCode: 0, baseOffset: '42' }])
    expect(sent[0]?.argument).toMatchObject({ topic: 'orders', acks: 1, messages: [{ key: 'k', value: 'v' }] })
    expect(idOf(sent[0]?.messages[0]?.headers?.['traceparent'] as string)).toBe(idOf(span('send orders')))
    expect(span('send orders')).toMatchObject({
      kind: 'producer',
      attributes: {
        'messaging.system.name': 'kafka',
        'messaging.operation.name': 'send',
        'messaging.operation.type': 'send',
        'messaging.destination.name': 'orders',
        'messaging.destination.partition.id': '1',
        'messaging.batch.message_count': 1,
        'kafka.offset': 42,
      },
    })
  })

  test('gives each of several messages a context of its own', async () => {
    const { traced, sent, spans } = createTraced()
    await traced.send({ topic: 'orders', messages: [{ value: '1' }, { value: '2' }] })
    const carried = sent[0]?.messages.map(({ headers }) => idOf(headers?.['traceparent'] as string))
    expect(carried).toEqual(spans('create orders').map(idOf))
    expect(new Set(carried).size).toBe(2)
    expect(spans('send orders')[0]?.attributes).not.toHaveProperty('kafka.offset')
  })

  test('fails as the client fails, with the same error, and marks its span', async () => {
    const error = new Error('no leader')
    const { traced, span } = createTraced(() => Promise.reject(error))
    await expect(traced.send({ topic: 'orders', messages: [{ value: '1' }] })).rejects.toBe(error)
    expect(span('send orders')).toMatchObject({ status: 'error', attributes: { 'error.type': 'Error' } })
  })

  test.each([
    ['an answer without acks', []],
    ['the answer of another client', undefined],
  ])('takes %s', async (_, answer) => {
    const { traced, span, failures } = createTraced(async () => answer as never)
    await expect(traced.send({ topic: 'orders', messages: [{ value: '1' }] })).resolves.toBe(answer)
    expect(span('send orders').status).toBe('unset')
    expect(failures).toEqual([])
  })

  test('records neither keys nor sizes unless asked to', async () => {
    const fake = createProducer()
    const { options, span } = createRecording({ capture: { messageKey: 'on', bodySize: true } })
    await traceProducer(fake.producer, options).send({ topic: 'a', messages: [{ key: Buffer.from('k'), value: 'vé' }] })
    expect(span('send a').attributes).toMatchObject({ 'kafka.message.key': 'k', 'messaging.message.body.size': 3 })

    const { traced, span: quiet } = createTraced()
    await traced.send({ topic: 'a', messages: [{ key: 'secret', value: null }] })
    expect(JSON.stringify(quiet('send a'))).not.toContain('secret')
    expect(quiet('send a').attributes).toMatchObject({ 'kafka.message.tombstone': true })
    expect(quiet('send a').attributes).not.toHaveProperty(['messaging.message.body.size'])
  })
})

describe('sendBatch', () => {
  test('to several topics has a span without a destination, and one for each message with its own', async () => {
    const { traced, sent, span } = createTraced()
    await traced.sendBatch({
      acks: 1,
      topicMessages: [
        { topic: 'orders', messages: [{ value: '1' }] },
        { topic: 'emails', messages: [{ value: '2' }] },
      ],
    })
    expect(sent[0]?.argument).toMatchObject({ acks: 1, topicMessages: [{ topic: 'orders' }, { topic: 'emails' }] })
    expect(sent[0]?.messages.map(({ headers }) => idOf(headers?.['traceparent'] as string))).toEqual([
      idOf(span('create orders')),
      idOf(span('create emails')),
    ])
    expect(span('send').attributes).not.toHaveProperty(['messaging.destination.name'])
    expect(span('send').attributes).toMatchObject({ 'messaging.batch.message_count': 2 })
  })

  test('with a topic that has no messages sends the others', async () => {
    const { traced, sent, span } = createTraced()
    await traced.sendBatch({
      topicMessages: [
        { topic: 'emails', messages: [] },
        { topic: 'orders', messages: [{ value: '1' }] },
      ],
    })
    expect(idOf(sent[0]?.messages[0]?.headers?.['traceparent'] as string)).toBe(idOf(span('send orders')))
  })
})

describe('a transaction', () => {
  test('is traced like its producer, and keeps its own members', async () => {
    const { traced, sent, transacted, span } = createTraced()
    const transaction = await traced.transaction()
    await transaction.send({ topic: 'orders', messages: [{ value: '1' }] })
    await transaction.sendBatch({ topicMessages: [{ topic: 'emails', messages: [{ value: '2' }] }] })
    expect(transaction.isActive()).toBe(true)
    await transaction.commit()

    expect(sent).toEqual([])
    expect(transacted.flatMap(({ messages }) => messages.map(({ headers }) => headers?.['traceparent']))).toEqual([
      expect.stringContaining(idOf(span('send orders'))),
      expect.stringContaining(idOf(span('send emails'))),
    ])
  })

  test('that cannot be begun fails as without us', async () => {
    const traced = traceKafka(kafka, createRecording().options).producer()
    await expect(traced.transaction()).rejects.toThrow('Must provide transactional id')
  })
})

test('a client wrapped twice makes one span, with the options of the second time', async () => {
  const first = createRecording()
  const { producer, sent } = createProducer()
  const second = createRecording()
  await traceProducer(traceProducer(producer, first.options), second.options).send({
    topic: 'orders',
    messages: [{ value: '1' }],
  })
  expect(first.recorder.spans).toEqual([])
  expect(idOf(sent[0]?.messages[0]?.headers?.['traceparent'] as string)).toBe(idOf(second.span('send orders')))
})

test('a client that another instrumentation has patched is told about, once', () => {
  const send = Object.assign(async () => [], { __wrapped: true })
  const producer = { ...createProducer().producer, send }
  const { options, failures } = createRecording()
  traceProducer(producer, options)
  traceProducer(producer, options)
  expect(failures).toEqual([expect.objectContaining({ message: expect.stringContaining('enabled: false') })])
})

test('a failure of ours sends the message as it came', async () => {
  const { producer, sent } = createProducer()
  const { options } = createRecording()
  const broken = {
    ...options,
    tracerProvider: {
      getTracer: () => ({
        startSpan: () => {
          throw new Error('broken')
        },
      }),
    } as never,
  }
  const record = { topic: 'orders', messages: [{ value: '1' }] }
  await expect(traceProducer(producer, broken).send(record)).resolves.toHaveLength(1)
  expect(sent[0]?.messages).toEqual(record.messages)
})
