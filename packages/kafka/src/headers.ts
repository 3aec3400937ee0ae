import type { HeaderGetter } from '@tracebaton/core/adapter'
import type { HeaderValue } from './client.ts'

/** Reads record headers: text, bytes, and arrays of these where a header repeats. */
export const headersGetter: HeaderGetter<unknown> = {
  keys: (headers) => (isHeaders(headers) ? Object.keys(headers) : []),
  get: (headers, key) => (isHeaders(headers) ? headers[key] : undefined),
}

/** Our fields as header values: the client encodes text as UTF-8. */
export function toHeader(text: string): HeaderValue {
  return text
}

function isHeaders(headers: unknown): headers is Record<string, unknown> {
  return typeof headers === 'object' && headers !== null
}
