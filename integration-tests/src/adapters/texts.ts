/** The values of a header as text, one for each time it stands on the message. */
export function textsOf(value: unknown): string[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value.flatMap(textsOf)
  return [value instanceof Uint8Array ? Buffer.from(value).toString() : (value as string)]
}
