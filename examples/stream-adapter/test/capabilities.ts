import { missing, type Capabilities } from '../../../integration-tests/src/contract/capability.ts'

/** What streams in memory can do. */
export const streamCapabilities: Capabilities = {
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
  exactDeliveryCount: true,
  moves: true,
  sentTime: true,
  separateProcesses: missing('the streams live in one process'),
  restart: missing('there is no broker'),
}
