import type { Fields, HeaderGetter } from '@tracebaton/core/adapter'

/** Reads a table of headers, of a message to send (which may inherit some of them) or of one received. */
export const tableGetter: HeaderGetter<unknown> = {
  keys(table) {
    const names: string[] = []
    if (isTable(table)) for (const name in table) names.push(name)
    return names
  },
  get: (table, name) => (isTable(table) ? table[name] : undefined),
}

/** Whether the client would take this for the headers of a message: where there is none it needs none. */
export function isHeaders(headers: unknown): boolean {
  return !headers || isTable(headers)
}

/**
 * A table whose prototype is the caller's, as the client itself makes one: it writes inherited headers too. Ours stand
 * in front, and hide what they replace: a header that is `undefined` is not written.
 */
export function withFields(
  headers: unknown,
  fields: Fields,
  isField: (name: string) => boolean,
): Readonly<Record<string, unknown>> {
  if (!isTable(headers)) return fields
  let hidden: Record<string, undefined> | undefined
  for (const name in headers) if (isField(name)) (hidden ??= {})[name] = undefined
  return { __proto__: headers, ...hidden, ...fields }
}

/** Bytes: the client has no more room for the headers of one message. */
const MOST_BYTES = 65_536

/** Bytes of a frame that are none of the headers': its own, and at most 255 for each of the other properties. */
const OTHER_BYTES = 3_000

/**
 * Whether fields fit onto a message: the client throws where the headers are too long for it, and the broker closes the
 * connection where they are longer than a frame.
 *
 * @param frameSize bytes that a frame may have
 */
export function createRoom(headers: unknown, frameSize: number, isField: (name: string) => boolean) {
  let used = 4
  const room = Math.min(MOST_BYTES, frameSize) - OTHER_BYTES
  if (isTable(headers)) {
    for (const name in headers) if (!isField(name)) used += entrySize(name, headers[name], room)
  }
  return (fields: Fields): boolean => {
    let size = used
    for (const name in fields) size += entrySize(name, fields[name], room)
    return size <= room
  }
}

/** Bytes of one header, as the client writes it; at least `enough` where it is longer than that. */
function entrySize(name: string, value: unknown, enough: number): number {
  return 1 + Buffer.byteLength(name) + valueSize(value, enough)
}

function valueSize(value: unknown, enough: number): number {
  if (typeof value === 'string') return 5 + Buffer.byteLength(value)
  if (typeof value !== 'object' || value === null) return 9
  if (ArrayBuffer.isView(value)) return 5 + value.byteLength
  let size = 5
  for (const key in value) {
    // One that contains itself has no end, and the client has no room for it either.
    if (size >= enough) break
    size += entrySize(key, (value as Record<string, unknown>)[key], enough - size)
  }
  return size
}

export function isTable(value: unknown): value is Record<string, unknown> {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}
