export { traceKafka } from './trace.ts'
export { traceProducer, type KafkaOptions } from './producer.ts'
export { deadLetter, redrive, retryLater, type Sent } from './dead-letter.ts'
export {
  attemptOf,
  forEachMessage,
  traceConsumer,
  traceHandler,
  type ConsumerOptions,
  type HandlerOptions,
} from './consumer.ts'
export type {
  BatchPayload,
  ConsumerLike,
  HeaderValue,
  KafkaLike,
  MessagePayload,
  ProducerLike,
  ReceivedMessage,
  SenderLike,
} from './client.ts'
export { createTracing, logFields } from '@tracebaton/core'
export type * from '@tracebaton/core'
