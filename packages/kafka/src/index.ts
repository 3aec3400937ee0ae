export { traceKafka } from './trace.ts'
export { traceProducer } from './producer.ts'
export { deadLetter, redrive, retryLater } from './dead-letter.ts'
export { forEachMessage, traceConsumer, traceHandler, type ConsumerOptions } from './consumer.ts'
export type { ConsumerLike, KafkaLike, ProducerLike } from './client.ts'
export {
  createTracing,
  logFields,
  type DeadLetterOptions,
  type RedriveOptions,
  type RetryOptions,
  type Tracing,
  type TracingInput,
  type TracingOptions,
} from '@tracebaton/core'
