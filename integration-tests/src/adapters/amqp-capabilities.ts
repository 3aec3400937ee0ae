import { missing, type Capabilities } from '../contract/capability.ts'

const oneByOne = missing('the broker hands out messages one by one; prefetch lets several be handled at a time')

/** What amqplib with RabbitMQ can do. */
export const amqpCapabilities: Capabilities = {
  binaryHeaders: true,
  repeatedHeaders: true,
  headerCase: true,
  headersOnSend: true,
  manyHeaders: true,
  batchSend: missing('a call publishes one message'),
  contextPerMessage: true,
  batchHandling: oneByOne,
  batchSpan: oneByOne,
  largeBatches: oneByOne,
  concurrentHandling: true,
  redelivery: true,
  exactDeliveryCount: missing(
    'classic queues do not count deliveries, and quorum queues do not count all of them: the attempt is at least that',
  ),
  moves: true,
  sentTime: true,
  separateProcesses: true,
  restart: true,
}
