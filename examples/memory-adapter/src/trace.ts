import { lookAlike, resolveTracing, type AdapterTracing, type TracingInput } from '@tracebaton/core/adapter'
import { traceHandling } from './consumer.ts'
import { tracePublishing } from './producer.ts'
import type { Queues } from './queues.ts'
import { SCOPE } from './scope.ts'

/** What stands behind each of our look-alikes. */
const traced = new WeakMap<object, { readonly original: Queues; readonly tracing: AdapterTracing }>()

/** Wraps queues: gives an object of the same type that is traced. The original stays as it is. Never throws. */
export function traceQueues<Client extends Queues>(queues: Client, options?: TracingInput): Client {
  const tracing = resolveTracing(options, SCOPE)
  const { original } = originalOf(queues)
  const client = lookAlike<Queues>(original, {
    ...tracePublishing(tracing, original),
    ...traceHandling(tracing, original),
  })
  traced.set(client, { original, tracing })
  return client as Client
}

/** The queues themselves, and how they are traced; they may not be. */
export function originalOf(queues: Queues): { readonly original: Queues; readonly tracing?: AdapterTracing } {
  return traced.get(queues) ?? { original: queues }
}
