import { isPlain, replaceFields, type FieldChanges, type HeaderGetter, type IsField } from '@tracebaton/core/adapter'

/** Reads a table of headers, of a message to send (which may inherit some of them) or of one received. */
export const tableGetter: HeaderGetter<unknown> = {
  keys(table) {
    if (!isTable(table)) return []
    if (isPlain(table)) return Object.keys(table)
    const names: string[] = []
    for (const name in table) names.push(name)
    return names
  },
  get: (table, name) => (isTable(table) ? table[name] : undefined),
}

/** Whether the client would take this for the headers of a message: where there is none it needs none. */
export function isHeaders(headers: unknown): boolean {
  return !headers || isTable(headers)
}

/**
 * A copy of the caller's headers with ours in place of earlier ones. Of an object with a prototype of its own the client
 * writes what it inherits, too: then the copy inherits from it, and a header that is `undefined` hides one and is not
 * written. Of a plain object that is not done, because V8 takes long to make a prototype of an object.
 */
export function withFields(
  headers: unknown,
  fields: FieldChanges,
  isField: IsField,
): Readonly<Record<string, unknown>> {
  if (!isTable(headers)) return fields
  if (isPlain(headers)) return replaceFields<unknown>(headers, fields, isField, asItIs)
  let hidden: Record<string, undefined> | undefined
  for (const name in headers) if (isField(name, fields)) (hidden ??= {})[name] = undefined
  return { __proto__: headers, ...hidden, ...fields }
}

function asItIs(text: string): string {
  return text
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
 * @param most bytes that headers and content may have together; a message that has more without us may have ours, too
 */
export function createRoom(
  headers: unknown,
  frameSize: number,
  isField: IsField,
  most: number = Infinity,
  contentSize: number = 0,
) {
  const room = Math.min(MOST_BYTES, frameSize) - OTHER_BYTES
  const plenty = Math.min(room, most - contentSize)
  return (fields: FieldChanges): boolean => {
    // Nearly always there is far more room than that.
    if (tableSize(headers, room, mostBytes) + tableSize(fields, room, mostBytes) <= plenty) return true
    const kept = tableSize(headers, room, bytes, (name) => isField(name, fields))
    const size = kept + tableSize(fields, room) - 4
    return size <= room && (size + contentSize <= most || tableSize(headers, room) + contentSize > most)
  }
}

function bytes(text: string): number {
  return Buffer.byteLength(text)
}

/** Bytes that a text cannot exceed. */
function mostBytes(text: string): number {
  return 3 * text.length
}

/** Bytes of a table, or a list, as the client writes it; more than `enough` where it is longer than that. */
function tableSize(table: unknown, enough: number, bytesOf = bytes, isReplaced?: (name: string) => boolean): number {
  let size = 4
  if (!isTable(table)) return size
  for (const name in table) {
    // One that contains itself has no end, and the client has no room for it either.
    if (size > enough) break
    const value = table[name]
    if (value === undefined || isReplaced?.(name) === true) continue
    size += 6 + bytesOf(name)
    if (typeof value === 'string') size += bytesOf(value)
    else if (ArrayBuffer.isView(value)) size += value.byteLength
    else size += typeof value === 'object' && value !== null ? tableSize(value, enough - size + 4, bytesOf) - 4 : 4
  }
  return size
}

/** Names, and texts of other properties, have a byte for their length. */
const LONGEST_SHORT = 255

/** Bytes of a frame beside headers and texts: its own, and properties that are numbers. */
const FRAME_BYTES = 100

/** Deeper values would take as many calls of the client in each other. */
const DEEPEST = 100

/**
 * Whether the client can write the headers of a message that it has read, asked for one after the other: it reads more than
 * it writes, and what other clients write may take more bytes here.
 *
 * @param others the other properties
 * @see https://github.com/amqp-node/amqplib/blob/main/lib/codec.js
 */
export function createWriter(others: Readonly<Record<string, unknown>>, frameSize: number) {
  const texts = Object.values(others).filter((value) => typeof value === 'string')
  const used = texts.reduce((sum, text) => sum + 1 + Buffer.byteLength(text), FRAME_BYTES)
  let left = Math.min(MOST_BYTES, frameSize - used)
  return (name: string, value: unknown): boolean => {
    const size = isWritable(name, value, 0) ? tableSize({ [name]: value }, left + 4) - 4 : Infinity
    if (size > left) return false
    left -= size
    return true
  }
}

function isWritable(name: string, value: unknown, depth: number): boolean {
  return Buffer.byteLength(name) <= LONGEST_SHORT && isWritableValue(value, depth)
}

function isWritableValue(value: unknown, depth: number): boolean {
  if (typeof value === 'number') {
    // From 2^50 on it is written as a whole number of 64 bits, and so is one that is not a number.
    return value >= -(2 ** 63) && (Math.abs(value) < 2 ** 50 || value >= 2 ** 63 || Number.isInteger(value))
  }
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return true
  if (depth >= DEEPEST) return false
  if (Array.isArray(value)) return value.every((one) => isWritableValue(one, depth + 1))
  const table = value as Readonly<Record<string, unknown>>
  if (Object.hasOwn(table, '!')) return isWritableTyped(table['!'], table['value'])
  for (const name in table) if (!isWritable(name, table[name], depth + 1)) return false
  return true
}

/** A value with its type, as the client reads some; or a table that looks like one, and would come out as something else. */
function isWritableTyped(type: unknown, value: unknown): boolean {
  if (type === 'timestamp') return isUnsigned(value)
  const { places, digits } = (value ?? {}) as { readonly places?: unknown; readonly digits?: unknown }
  return type === 'decimal' && isUnsigned(places) && places < 2 ** 8 && isUnsigned(digits) && digits < 2 ** 32
}

function isUnsigned(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 64
}

/** Whether the client can write another property that it has read: a text, or a number. */
export function isWritableProperty(_name: string, value: unknown): boolean {
  return typeof value === 'string'
    ? Buffer.byteLength(value) <= LONGEST_SHORT
    : value === undefined || isUnsigned(value)
}

export function isTable(value: unknown): value is Record<string, unknown> {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}
