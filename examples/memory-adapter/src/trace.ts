import { lookAlike, resolveTracing, type TracingInput } from '@tracebaton/core'
import { traceHandling } from './consumer.ts'
import { tracePublishing } from './producer.ts'
import type { Queues } from './queues.ts'

/** Wraps queues: gives an object of the same type that is traced. The original stays as it is. Never throws. */
export function traceQueues<Client extends Queues>(queues: Client, options?: TracingInput): Client {
  const tracing = resolveTracing(options)
  return lookAlike<Queues>(queues, {
    ...tracePublishing(tracing, queues),
    ...traceHandling(tracing, queues),
  }) as Client
}
