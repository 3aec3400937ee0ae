import { missing, type Capabilities } from '../contract/capability.ts'

/** What BullMQ can do with all that the adapter has. */
export const bullmqCapabilities: Capabilities = {
  binaryHeaders: missing('a job’s metadata is JSON, so a value is text'),
  repeatedHeaders: missing('a job’s metadata is a JSON object: a name stands there once'),
  headerCase: true,
  headersOnSend: true,
  manyHeaders: true,
  batchSend: true,
  contextPerMessage: true,
  batchHandling: missing('a worker hands one job to its processor'),
  batchSpan: missing('a worker hands one job to its processor'),
  largeBatches: missing('a worker hands one job to its processor'),
  concurrentHandling: true,
  redelivery: true,
  exactDeliveryCount: true,
  moves: true,
  sentTime: true,
  separateProcesses: true,
  restart: true,
}

/** What it can do with `bullmqTelemetry` on the queue, and without `traceQueue`. */
export const bullmqTelemetryCapabilities: Capabilities = {
  ...bullmqCapabilities,
  headersOnSend: missing(
    'BullMQ tells its telemetry that something is added, not what, and `add` replaces the caller’s metadata; use `traceQueue`',
  ),
  manyHeaders: missing('`add` replaces the caller’s metadata; use `traceQueue`'),
  contextPerMessage: missing('BullMQ asks its telemetry for one context for all jobs of a call; use `traceQueue`'),
}
