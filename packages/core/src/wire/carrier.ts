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

/** Values that are looked at of one header: what is repeated more often says nothing by that. */
const MOST_VALUES = 64

/** Names that a propagator is told. It finds the fields that it asks for by name behind them, too. */
const MOST_NAMES = 256

/** Characters or bytes of a value that a propagator is given. */
const LONGEST = 8_192

/** The same of a `tracestate`, in all its headers. */
const LONGEST_TRACESTATE = 1_024

/** Text or bytes as text. What is neither, or longer than `most`, becomes the empty text, which nobody accepts. */
function decode(value: unknown, most: number, encoding: Encoding = 'utf8'): string {
  if (typeof value === 'string') return value.length > most ? '' : value
  if (!types.isUint8Array(value) || value.byteLength > most) return ''
  const bytes = Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  return bytes.toString(encoding)
}

/** A value as a propagator would be given it. */
export function decodeText(value: unknown): string {
  return decode(value, LONGEST)
}

/** The whole members of a list within `most` characters or bytes: a copy, which holds on to no more than that. */
function cut(value: unknown, most: number): string {
  const start =
    typeof value === 'string' ? value.slice(0, most + 1) : decode((value as Uint8Array).subarray(0, most + 1), Infinity)
  return Buffer.from(start.slice(0, Math.max(0, start.lastIndexOf(',', most)))).toString()
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length
  return types.isUint8Array(value) ? value.byteLength : 0
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
    letters[(name.charCodeAt(0) | 32) & 127] = 1
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

/** One header of a message. */
interface Entry {
  /** In lower case. */
  readonly name: string
  readonly values: unknown[]
  readonly before: Entry | undefined
}

/** So many headers are looked through one by one. Nearly every message has one or two that are looked for, and a map is dear. */
const FEW = 16

/**
 * The headers of one message that were looked for, still undecoded. Whatever a message holds, each header is found at once,
 * and no more of it is looked at than its bounds say.
 */
export class Headers {
  /** How many names there are. */
  size = 0
  /** The names of all headers as they were written: Jaeger's hold the names of baggage entries. */
  readonly spelled: readonly string[]
  private latest: Entry | undefined
  private others: Map<string, Entry> | undefined

  constructor(spelled: readonly string[]) {
    this.spelled = spelled
  }

  add(name: string, value: unknown): void {
    const entry = this.find(name)
    if (entry === undefined) {
      const added = { name, values: [value], before: this.latest }
      this.size += 1
      if (this.size <= FEW) this.latest = added
      else (this.others ??= new Map()).set(name, added)
    } else if (entry.values.length < MOST_VALUES) entry.values.push(value)
  }

  /** By its name in lower case. */
  private find(name: string): Entry | undefined {
    for (let entry = this.latest; entry !== undefined; entry = entry.before) if (entry.name === name) return entry
    return this.others?.get(name)
  }

  has(name: string): boolean {
    return this.find(name) !== undefined
  }

  /** The values of a header as they came, those of arrays one by one. A list inside a list is one that cannot be read. */
  all(name: string): readonly unknown[] {
    return (this.find(name)?.values ?? [])
      .flatMap((value): unknown => (Array.isArray(value) ? value.slice(0, MOST_VALUES) : [value]))
      .slice(0, MOST_VALUES)
      .filter((value) => value !== undefined && value !== null)
  }

  /** The one value of a header; `undefined` where there is none or more than one, of which neither can be trusted. */
  text(name: string, most: number = LONGEST, encoding: Encoding = 'utf8'): string | undefined {
    const values = this.find(name)?.values
    if (values === undefined) return undefined
    if (values.length === 1 && !Array.isArray(values[0])) return decode(values[0], most, encoding)
    const all = this.all(name)
    return all.length === 1 ? decode(all[0], most, encoding) : undefined
  }

  /** The values of a header whose list may go on in the next one: in all up to `most` characters or bytes. */
  texts(name: string): string[] {
    let left = name === 'tracestate' ? LONGEST_TRACESTATE : LONGEST
    const values = this.find(name)?.values
    const only = values?.length === 1 ? values[0] : undefined
    // Nearly always there is one.
    if (typeof only === 'string' ? only.length <= left : types.isUint8Array(only) && only.byteLength <= left) {
      return [decode(only, left)]
    }
    const texts: string[] = []
    for (const value of this.all(name)) {
      const size = sizeOf(value)
      texts.push(size > left ? cut(value, left) : decode(value, left))
      left -= size
      if (left < 0) break
    }
    return texts
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

export function baggageIn(headers: Headers): readonly unknown[] | undefined {
  return headers.has('baggage') ? headers.all('baggage') : undefined
}

/** Lists may be continued in a second header, identities may not. */
export function isList(name: string): boolean {
  const lower = name.toLowerCase()
  return lower === 'tracestate' || lower === 'baggage'
}

/** Headers as propagators of OpenTelemetry read them. */
export const headersGetter = {
  keys: ({ spelled }: Headers): string[] => spelled.slice(0, MOST_NAMES),
  get(headers: Headers, key: string): string | string[] | undefined {
    const name = key.toLowerCase()
    if (!isList(name)) return headers.text(name)
    const texts = headers.texts(name)
    return texts.length < 2 ? texts[0] : texts
  },
}

/** Bytes of a name that every broker takes: amqplib throws for a longer one. Jaeger's hold the names of baggage entries. */
const LONGEST_NAME = 255

/** How propagators of OpenTelemetry write. An empty value is no value: SQS refuses a message for it. */
export const fieldsSetter = {
  set(fields: Record<string, string>, key: string, value: unknown): void {
    if (typeof value !== 'string' || value === '') return
    if (key !== '' && Buffer.byteLength(key) <= LONGEST_NAME) fields[key] = value
  },
}

/** What becomes of the headers of one message: texts to write, and `undefined` for one that is only taken off. */
export type FieldChanges = Readonly<Record<string, string | undefined>>

/** Whether a header is replaced, or taken off, where these fields are written. */
export type IsField = (name: string, fields: FieldChanges) => boolean

/**
 * A copy of the caller's headers with the given fields in place of every earlier one, whatever its letter case. The
 * other headers keep their order, their repeats and their bytes; the original, which may be frozen or shared, is only read.
 *
 * @param isField that of `AdapterTracing`
 * @param encode how this broker stores a text
 */
export function replaceFields<Value>(
  headers: Readonly<Record<string, Value>> | null | undefined,
  fields: FieldChanges,
  isField: IsField,
  encode: (text: string) => Value,
): Record<string, Value> {
  // Growing the copy that a spread makes is many times slower, but only a spread keeps a key of that name.
  const copy: Record<string, Value> =
    headers !== null && headers !== undefined && Object.hasOwn(headers, '__proto__')
      ? { ...headers }
      : Object.assign({}, headers)
  removeFields(copy, (name) => isField(name, fields) && typeof fields[name] !== 'string')
  for (const name of Object.keys(fields)) {
    const text = fields[name]
    if (text !== undefined) copy[name] = encode(text)
  }
  return copy
}

/**
 * The same for headers that are no plain object: a Map, an array of pairs, or a bag that gives its entries when it is
 * iterated. Make the client's own bag of the entries: `new Map(copyFields(…))`.
 */
export function copyFields<Value>(
  entries: Iterable<readonly [name: string, value: Value]> | null | undefined,
  fields: FieldChanges,
  isField: IsField,
  encode: (text: string) => Value,
): [name: string, value: Value][] {
  const copy: [string, Value][] = []
  for (const [name, value] of entries ?? []) {
    if (!isField(name, fields) && !Object.hasOwn(fields, name)) copy.push([name, value])
  }
  for (const [name, text] of Object.entries(fields)) if (text !== undefined) copy.push([name, encode(text)])
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
