import { isObject } from '@tracebaton/core/adapter'
import type { FieldChanges, HeaderGetter, OutgoingMessage } from '@tracebaton/core/adapter'
import type { HeaderValue, MessageLike } from './client.ts'

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
  return isObject(headers)
}

/**
 * Bytes that a batch of records may have where neither the topic (`max.message.bytes`) nor the broker says otherwise.
 *
 * @see https://kafka.apache.org/documentation/#topicconfigs_max.message.bytes
 */
export const MOST_BYTES = 1_048_588

/**
 * Bytes of a batch beside its records.
 *
 * @see https://kafka.apache.org/documentation/#recordbatch
 */
const BATCH = 61

/** Bytes of a record, and of a header, beside their texts and bytes; at most. */
const RECORD = 36
const HEADER = 10

/**
 * Whether fields fit onto the messages that a call sends to one topic. The client may divide them by partition and
 * compress them; here they are one batch, as it is. Messages that are beyond the limit without our fields show that it is
 * another one, or that they are divided or compressed: then everything fits.
 *
 * @param limit bytes of a batch
 */
export function createRoom(messages: readonly MessageLike[], limit: number): NonNullable<OutgoingMessage['fits']> {
  let most = 0
  let answers: Map<number, boolean> | undefined
  return (fields, count) => {
    if (most === 0) for (const message of messages) most += mostOf(message)
    let growth = 0
    for (const name in fields) growth += HEADER + longest(name) + longest(fields[name])
    if (BATCH + most + count * growth <= limit) return true
    // The messages of a call get fields of one length, and it is measured once.
    answers ??= new Map()
    let answer = answers.get(growth)
    if (answer === undefined) answers.set(growth, (answer = holds(messages, fields, count, limit)))
    return answer
  }
}

/**
 * A message that keeps the context it came with, and so is not among those that are counted, grows by nothing. Which these
 * are is not told: those that would grow most are taken for the others.
 */
function holds(messages: readonly MessageLike[], fields: FieldChanges, count: number, limit: number): boolean {
  const bare = recordSizes(messages, {})
  const growths = recordSizes(messages, fields).map((size, index) => size - (bare[index] ?? 0))
  const most = growths.toSorted((left, right) => right - left).slice(0, count)
  const size = BATCH + sumOf(bare)
  return size > limit || size + sumOf(most) <= limit
}

/** Bytes that a record cannot exceed: looks at lengths alone. */
function mostOf({ key, value, headers }: MessageLike): number {
  let most = RECORD + longest(key) + longest(value)
  for (const name in headers) {
    const values = headers[name]
    if (Array.isArray(values)) for (const one of values) most += HEADER + longest(name) + longest(one)
    else most += HEADER + longest(name) + longest(values)
  }
  return most
}

/** A letter has at most three bytes. */
function longest(text: unknown): number {
  return typeof text === 'string' ? 3 * text.length : bytesOf(text)
}

/** Bytes of the records of these messages, with the fields on each. */
function recordSizes(messages: readonly MessageLike[], fields: FieldChanges): readonly number[] {
  const now = Date.now()
  const times = messages.map(({ timestamp }) => (timestamp === undefined ? now : Number(timestamp)))
  const first = times.reduce((least, time) => Math.min(least, time), Infinity)
  return messages.map(({ key, value, headers }, offset) => {
    const written: Readonly<Record<string, unknown>> = Object.assign({}, headers, fields)
    const all = Object.entries(written).flatMap(([name, values]): (readonly [string, unknown])[] => {
      if (Array.isArray(values)) return values.map((one: unknown) => [name, one] as const)
      // What is only taken off takes no room.
      return values === undefined ? [] : [[name, values]]
    })
    let record = 1 + varint((times[offset] ?? now) - first) + varint(offset) + varint(all.length)
    for (const part of [key, value, ...all.flat()]) record += part == null ? 1 : sized(bytesOf(part))
    return sized(record)
  })
}

function sumOf(sizes: readonly number[]): number {
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** Bytes with their number before them. */
function sized(bytes: number): number {
  return varint(bytes) + bytes
}

/** Bytes of a number from 0 on: each holds seven bits, and one bit is the sign. */
function varint(value: number): number {
  let bytes = 1
  for (let rest = value * 2; rest >= 128 && bytes < 10; rest /= 128) bytes += 1
  return bytes
}

function bytesOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  return ArrayBuffer.isView(value) ? value.byteLength : 0
}
