import {
  Kafka,
  logLevel,
  type Consumer,
  type ConsumerRunConfig,
  type EachBatchPayload,
  type EachMessagePayload,
  type KafkaMessage,
  type Message,
  type Producer,
  type ProducerBatch,
  type ProducerRecord,
  type RecordMetadata,
  type Transaction,
} from 'kafkajs'
import { expect, expectTypeOf, test } from 'vitest'
import type {
  BatchPayload,
  BatchRecordLike,
  ConsumerLike,
  KafkaLike,
  MessageLike,
  MessagePayload,
  MetadataLike,
  ProducerLike,
  ReceivedMessage,
  RecordLike,
  RunConfigLike,
  SenderLike,
} from '../src/client.ts'
import { forEachMessage, traceConsumer, traceHandler, traceKafka, traceProducer } from '../src/index.ts'

const kafka = new Kafka({ brokers: ['localhost:1'], logLevel: logLevel.NOTHING })

test('the types of kafkajs fit the structure that is asked for', () => {
  expectTypeOf<Kafka>().toExtend<KafkaLike>()
  expectTypeOf<Producer>().toExtend<ProducerLike>()
  expectTypeOf<Transaction>().toExtend<SenderLike>()
  expectTypeOf<Consumer>().toExtend<ConsumerLike>()
  expectTypeOf<ProducerRecord>().toExtend<RecordLike>()
  expectTypeOf<ProducerBatch>().toExtend<BatchRecordLike>()
  expectTypeOf<Message>().toExtend<MessageLike>()
  expectTypeOf<RecordMetadata>().toExtend<MetadataLike>()
  expectTypeOf<KafkaMessage>().toExtend<ReceivedMessage>()
  expectTypeOf<EachMessagePayload>().toExtend<MessagePayload>()
  expectTypeOf<EachBatchPayload>().toExtend<BatchPayload>()
  // Handlers take the real payload, which has more than we ask for.
  expectTypeOf<Omit<ConsumerRunConfig, 'eachMessage' | 'eachBatch'>>().toExtend<RunConfigLike>()
  expect(kafka).toBeInstanceOf(Kafka)
})

test('wrapping gives the same type back', () => {
  expectTypeOf(traceKafka(kafka)).toEqualTypeOf<Kafka>()
  expectTypeOf(traceKafka(kafka).producer()).toEqualTypeOf<Producer>()
  expectTypeOf(traceProducer(kafka.producer())).toEqualTypeOf<Producer>()
  expectTypeOf(traceConsumer(kafka.consumer({ groupId: 'billing' }))).toEqualTypeOf<Consumer>()
  // @ts-expect-error -- a consumer sends nothing
  expectTypeOf(traceProducer).toBeCallableWith(kafka.consumer({ groupId: 'billing' }))
  expect(traceKafka(kafka)).toBeInstanceOf(Kafka)
})

test('the parameters of handlers are inferred', () => {
  const config: Parameters<Consumer['run']>[0] = {
    eachBatch: async (payload) => {
      const results = await forEachMessage(payload, async (message) => {
        expectTypeOf(message).toEqualTypeOf<KafkaMessage>()
        return message.offset
      })
      expectTypeOf(results).toEqualTypeOf<string[]>()
      const handle = traceHandler(async (message: KafkaMessage, more: number) => `${message.offset}${more}`)
      expectTypeOf(handle).toEqualTypeOf<(message: KafkaMessage, more: number) => Promise<string>>()
    },
  }
  expect(config.eachBatch).toBeTypeOf('function')
})
