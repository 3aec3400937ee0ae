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

/** `latin1` is quicker, for a text of which anything but ASCII is malformed. */
type Encoding = 'utf8' | 'latin1'

/** All values of a header, decoded; see {@link decode}. */
export function decodeAll(value: unknown, most: number = Infinity): readonly string[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) return [decode(value, most)]
  // A list inside a list is no header: it counts as one that cannot be read.
  return value.filter((one) => one !== undefined && one !== null).map((one) => decode(one, most))
}

/** Text or bytes as text. A value that is neither becomes the empty text, which nobody accepts. */
function decode(value: unknown, most: number = Infinity, encoding: Encoding = 'utf8'): string {
  if (typeof value === 'string') return value.length > most ? '' : value
  if (!types.isUint8Array(value) || value.byteLength > most) return ''
  const bytes = Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  return bytes.toString(encoding)
}

/** Names of headers to look for, in any letter case; most other names are told apart by their length and first letter. */
export interface FieldNames {
  /** In lower case. */
  readonly names: ReadonlySet<string>
  /** The name in lower case, if it is one of them. */
  readonly match: (name: string) => string | undefined
}

export function fieldNames(names: ReadonlySet<string>): FieldNames {
  const lengths = new Uint8Array(128)
  const letters = new Uint8Array(128)
  for (const name of names) {
    lengths[name.length & 127] = 1
    letters[name.charCodeAt(0) & 127] = 1
  }
  return {
    names,
    match(name) {
      if (lengths[name.length & 127] === 0 || letters[(name.charCodeAt(0) | 32) & 127] === 0) return undefined
      if (names.has(name)) return name
      const lower = name.toLowerCase()
      return names.has(lower) ? lower : undefined
    },
  }
}

/** The headers of one message that were looked for, in order, still undecoded. There are only a few. */
export class Headers {
  /** In lower case. */
  readonly names: string[] = []
  readonly values: unknown[] = []
  /** The names of all headers as they were written: Jaeger's hold the names of baggage entries. */
  readonly spelled: readonly string[]

  constructor(spelled: readonly string[]) {
    this.spelled = spelled
  }

  add(name: string, value: unknown): void {
    this.names.push(name)
    this.values.push(value)
  }

  has(name: string): boolean {
    return this.names.includes(name)
  }

  /** The values of a header, as they came. */
  all(name: string): unknown[] {
    return this.values.filter((_, index) => this.names[index] === name)
  }

  /** All values of a header, decoded. One of more than `most` characters or bytes becomes the empty text. */
  texts(name: string, most: number = Infinity): readonly string[] {
    return this.all(name).flatMap((value) => decodeAll(value, most))
  }

  /** The one value of a header; `undefined` where there is none or more than one, of which neither can be trusted. */
  text(name: string, most: number = Infinity, encoding: Encoding = 'utf8'): string | undefined {
    const first = this.names.indexOf(name)
    if (first === -1) return undefined
    const value = this.values[first]
    if (!Array.isArray(value) && this.names.indexOf(name, first + 1) === -1) return decode(value, most, encoding)
    const texts = this.texts(name, most)
    return texts.length === 1 ? texts[0] : undefined
  }
}

/**
 * One pass over the bag, in any letter case. May throw what the getter throws.
 *
 * @param wanted the headers to take; `undefined`: all
 */
export function readHeaders<Carrier>(
  carrier: Carrier,
  getter: HeaderGetter<Carrier>,
  wanted: FieldNames | undefined,
): Headers | undefined {
  const spelled = getter.keys(carrier)
  let headers: Headers | undefined
  for (const key of spelled) {
    const name = wanted === undefined ? key.toLowerCase() : wanted.match(key)
    if (name === undefined) continue
    const value = getter.get(carrier, key)
    if (value === undefined || value === null) continue
    headers ??= new Headers(spelled)
    headers.add(name, value)
  }
  return headers
}

/** Lists may be continued in a second header, identities may not. */
export function isList(name: string): boolean {
  const lower = name.toLowerCase()
  return lower === 'tracestate' || lower === 'baggage'
}

/** Headers as propagators of OpenTelemetry read them. */
export const headersGetter = {
  keys: ({ spelled }: Headers): string[] => [...spelled],
  get(headers: Headers, key: string): string | string[] | undefined {
    const name = key.toLowerCase()
    if (!isList(name)) return headers.text(name)
    const texts = headers.texts(name)
    return texts.length < 2 ? texts[0] : [...texts]
  },
}

/** How propagators of OpenTelemetry write. An empty value is no value: SQS refuses a message for it. */
export const fieldsSetter = {
  set(fields: Record<string, string>, key: string, value: unknown): void {
    if (typeof value === 'string' && value !== '') fields[key] = value
  },
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

/**
 * The same for headers that are no plain object: a Map, an array of pairs, or a bag that gives its entries when it is
 * iterated. Make the client's own bag of the entries: `new Map(copyFields(…))`.
 */
export function copyFields<Value>(
  entries: Iterable<readonly [name: string, value: Value]> | null | undefined,
  fields: Fields,
  isField: (name: string) => boolean,
  encode: (text: string) => Value,
): [name: string, value: Value][] {
  const copy: [string, Value][] = []
  for (const [name, value] of entries ?? []) {
    if (!isField(name) && !Object.hasOwn(fields, name)) copy.push([name, value])
  }
  for (const [name, text] of Object.entries(fields)) copy.push([name, encode(text)])
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
