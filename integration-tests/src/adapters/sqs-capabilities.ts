import { missing, type Capabilities } from '../contract/capability.ts'

/** What the AWS client with SQS can do. */
export const sqsCapabilities: Capabilities = {
  binaryHeaders: true,
  repeatedHeaders: missing('a message attribute has one value'),
  headerCase: missing('an attribute arrives only when it is asked for, by its exact name'),
  headersOnSend: true,
  manyHeaders: missing('a message has ten attributes, ours included; with less room it carries less of its context'),
  batchSend: true,
  contextPerMessage: true,
  batchHandling: true,
  batchSpan: missing('the loop over received messages is the application’s; the receive span links them instead'),
  largeBatches: missing('a receive call gives at most ten messages'),
  concurrentHandling: true,
  redelivery: true,
  exactDeliveryCount: true,
  moves: true,
  sentTime: true,
  separateProcesses: true,
  restart: true,
}
