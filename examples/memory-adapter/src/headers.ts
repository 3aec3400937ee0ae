import type { HeaderGetter } from '@tracebaton/core/adapter'
import type { HeaderValue } from './queues.ts'

/** Reads headers: text, bytes, and lists of these where a header repeats. Core decodes them. */
export const headersGetter: HeaderGetter<Readonly<Record<string, HeaderValue>> | undefined> = {
  keys: (headers) => Object.keys(headers ?? {}),
  get: (headers, key) => headers?.[key],
}

/** Our fields as header values. */
export function toHeader(text: string): HeaderValue {
  return text
}
