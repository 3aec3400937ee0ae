import type { OnError } from '@tracebaton/core'
import { Kafka, logLevel } from 'kafkajs'
import { describe, expect, test, vi } from 'vitest'
import { expectGivenBack, expectRefusal, type Wrap } from '../../testing/test/misfits.ts'
import { forEachMessage, traceConsumer, traceHandler } from '../src/consumer.ts'
import { deadLetter, redrive, retryLater } from '../src/dead-letter.ts'
import { traceProducer } from '../src/producer.ts'
import { traceKafka } from '../src/trace.ts'
import { batchPayload, createProducer, received } from './fake-kafka.ts'

const kafka = new Kafka({ brokers: ['localhost:1'], logLevel: logLevel.NOTHING })
/** Of another client: it sends records that name their topics, and hands out streams. */
class Producer {
  async send(): Promise<void> {}
}
class Consumer {
  async consume(): Promise<void> {}
}

describe('what does not fit comes back as it is, and is named', () => {
  test.each<[string, Wrap, unknown, string]>([
    ['a producer', traceKafka, kafka.producer(), 'use traceProducer'],
    ['a consumer', traceProducer, kafka.consumer({ groupId: 'billing' }), 'use traceConsumer'],
    ['a client', traceConsumer, kafka, 'use traceKafka'],
    ['a class', traceKafka, Kafka, 'it takes a client'],
    ['a producer of another client', traceProducer, new Producer(), 'with the API of kafkajs'],
    ['a consumer of another client', traceConsumer, new Consumer(), 'with the API of kafkajs'],
    ...[traceKafka, traceProducer, traceConsumer].map((wrap): [string, Wrap, unknown, string] => [
      'a client of @platformatic/kafka',
      wrap,
      { connectToBrokers: () => {}, send: () => {}, consume: () => {} },
      'a client of @platformatic/kafka, which is not traced yet',
    ]),
    ['nothing', traceKafka, undefined, 'undefined, which is not traced'],
    ['no handler', traceHandler, 'handle', 'it takes a function'],
  ])('%s', (_, wrap, given, advice) => {
    expectGivenBack(wrap, given, advice)
  })

  test('a client that fits says nothing', () => {
    const onError = vi.fn<OnError>()
    const traced = traceKafka(kafka, { onError })
    traced.producer()
    traced.consumer({ groupId: 'billing' })
    expect(onError).not.toHaveBeenCalled()
  })
})

describe('a helper that is given something else than it takes', () => {
  const message = received()
  const { producer } = createProducer()

  test.each([
    ['the message', () => retryLater(producer, message as never), 'the payload of eachMessage'],
    [
      'the arguments in another order',
      () => deadLetter({ message } as never, producer as never, { to: 'a' }),
      'a producer',
    ],
    ['nothing', () => redrive(producer, undefined as never), 'the payload of eachMessage'],
    ['the messages', () => forEachMessage([message] as never, () => undefined), 'what eachBatch gets'],
    ['no function', () => forEachMessage(batchPayload([message]), undefined as never), 'a function second'],
  ])('rejects: %s', async (_, call, takes) => {
    await expectRefusal(call, takes)
  })

  test('takes null for no options', async () => {
    const payload = { topic: 'orders', partition: 0, message }
    await expect(retryLater(producer, payload, null as never)).resolves.toBe('retried')
  })
})
