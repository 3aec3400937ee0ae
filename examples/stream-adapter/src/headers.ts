import { copyFields, type AdapterTracing, type HeaderGetter, type Injection } from '@tracebaton/core/adapter'
import type { Message, MessageHeaders } from './client.ts'

export const headersGetter: HeaderGetter<MessageHeaders | undefined> = {
  keys: (headers) => [...(headers?.keys() ?? [])],
  get: (headers, name) => headers?.get(name),
}

/** A copy of a message with our fields; the message itself if there is nothing to write. */
export function inject(tracing: AdapterTracing, message: Message, injection: Injection | undefined): Message {
  const fields = injection?.fields
  const headers = fields && tracing.guard(() => copyFields(message.headers, fields, tracing.isField, (text) => [text]))
  return headers === undefined ? message : { ...message, headers: new Map(headers) }
}
