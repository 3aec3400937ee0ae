import { originalOf, resolveTracing, sendOne, traced, type TracingInput } from '@tracebaton/core/adapter'
import type { StreamClient } from './client.ts'
import { traceConsumer } from './consumer.ts'
import { SCOPE, toPublication } from './describe.ts'
import { inject } from './headers.ts'

/** Gives a client of the same type that is traced. The original stays as it is. Never throws. */
export function traceStreams<Client extends StreamClient>(client: Client, options?: TracingInput): Client {
  const tracing = resolveTracing(options, SCOPE)
  const original = originalOf<StreamClient>(client)
  const members: Partial<StreamClient> = {
    publish(stream, message) {
      const describe = () => toPublication(stream, [message], false)
      return sendOne(tracing, describe, (injection) => original.publish(stream, inject(tracing, message, injection)))
    },
    publishAll(stream, messages) {
      const publication = tracing.guard(() => toPublication(stream, messages, true))
      if (publication === undefined) return original.publishAll(stream, messages)
      return tracing.send(publication, (injections) => {
        const copies = messages.map((message, index) => inject(tracing, message, injections[index]))
        return original.publishAll(stream, copies)
      })
    },
    consumer: (...args) => traceConsumer(tracing, original.consumer(...args)),
  }
  return traced(original, members, tracing) as Client
}
