/** The values of a header as text, one for each time it stands on the message. */
function textsOf(value: unknown): string[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value.flatMap(textsOf)
  return [value instanceof Uint8Array ? Buffer.from(value).toString() : (value as string)]
}

/** All headers of a message as text, in the order in which they stand there. */
export function toTexts(headers: object | undefined): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, textsOf(value)]))
}
