import { getTracebatonInstrumentations } from './all.ts'
import { patchExports } from './module-hook.ts'
import { processWide } from './process-wide.ts'

/** The modules of clients, as they are loaded. */
export type ClientModule =
  | '@aws-sdk/client-sqs'
  | 'amqplib'
  | 'amqplib/callback_api'
  | 'bullmq'
  | 'kafkajs'
  | 'sqs-consumer'

/**
 * The exports of a client's module with what makes it traced, for module systems that are not Node's, as that of Jest, in
 * whose `jest.mock` it takes what `jest.requireActual` gives. If there are no instrumentations yet, there are all of them
 * now. Never throws.
 */
export function patchModule<Exports extends object>(name: ClientModule, exports: Exports): Exports {
  const patched = patchExports(name, exports)
  if (patched !== exports) return patched as Exports
  processWide('tracebaton.instrumentation.default.0', () => getTracebatonInstrumentations())
  return patchExports(name, exports) as Exports
}
