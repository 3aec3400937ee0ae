import { missing, type Capabilities } from '../contract/capability.ts'

/** What kafkajs with Kafka can do. */
export const kafkaCapabilities: Capabilities = {
  binaryHeaders: true,
  repeatedHeaders: true,
  headerCase: true,
  headersOnSend: true,
  manyHeaders: true,
  batchSend: true,
  contextPerMessage: true,
  batchHandling: true,
  batchSpan: true,
  largeBatches: true,
  concurrentHandling: true,
  redelivery: true,
  exactDeliveryCount: missing(
    'Kafka counts no deliveries: another process that reads an offset again does not know it',
  ),
  moves: true,
  sentTime: true,
  separateProcesses: true,
  restart: true,
}
