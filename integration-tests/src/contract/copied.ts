import type { Received } from './fixture.ts'

/** The headers of a message, to be sent once more with it. */
export function copied({ headers }: Received): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, values[0] ?? '']))
}
