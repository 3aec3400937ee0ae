import { types } from 'node:util'

/** The header fields that go onto one message: name to text, every name in lower case unless a propagator wants otherwise. */
export type Fields = Readonly<Record<string, string>>

/**
 * How to read a broker's header bag. Values may be text, bytes, or arrays of these where a header repeats; anything
 * else counts as unreadable. A `TextMapGetter` of the OpenTelemetry API fits as it is.
 */
export interface HeaderGetter<Carrier> {
  keys(carrier: Carrier): readonly string[]
  get(carrier: Carrier, key: string): unknown
}

/** How to write one header. A `TextMapSetter` of the OpenTelemetry API fits as it is. */
export interface HeaderSetter<Carrier> {
  set(carrier: Carrier, key: string, value: string): void
}

/** Reads a plain object; anything that is no object has no headers. */
export const recordGetter: HeaderGetter<unknown> = {
  keys: (carrier) => (isRecord(carrier) ? Object.keys(carrier) : []),
  get: (carrier, key) => (isRecord(carrier) ? carrier[key] : undefined),
}

/** Writes onto a plain object. */
export const recordSetter: HeaderSetter<unknown> = {
  set: (carrier, key, value) => {
    if (isRecord(carrier)) carrier[key] = value
  },
}

/** All values of a header, decoded; see {@link decode}. */
export function decodeAll(value: unknown): readonly string[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value.flatMap(decodeAll) : [decode(value)]
}

/** Text or bytes as text. A value that is neither becomes the empty text, which nobody accepts. */
export function decode(value: unknown): string {
  if (typeof value === 'string') return value
  if (!types.isUint8Array(value)) return ''
  const bytes = Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  return bytes.toString('utf8')
}

/**
 * A copy of the caller's headers with the given fields in place of every earlier one, whatever its letter case. The
 * other headers keep their order, their repeats and their bytes; the original, which may be frozen or shared, is only read.
 *
 * @param isField whether a name belongs to the fields that are being replaced
 * @param encode how this broker stores a text
 */
export function replaceFields<Value>(
  headers: Readonly<Record<string, Value>> | null | undefined,
  fields: Fields,
  isField: (name: string) => boolean,
  encode: (text: string) => Value,
): Record<string, Value> {
  // Growing the copy that a spread makes is many times slower, but only a spread keeps a key of that name.
  const copy: Record<string, Value> =
    headers !== null && headers !== undefined && Object.hasOwn(headers, '__proto__')
      ? { ...headers }
      : Object.assign({}, headers)
  removeFields(copy, (name) => isField(name) && !Object.hasOwn(fields, name))
  for (const name of Object.keys(fields)) copy[name] = encode(fields[name] ?? '')
  return copy
}

/** Removes the fields from a plain object, whatever their letter case. */
export function removeFields(carrier: unknown, isField: (name: string) => boolean): void {
  if (!isRecord(carrier)) return
  for (const name of Object.keys(carrier)) if (isField(name)) delete carrier[name]
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
