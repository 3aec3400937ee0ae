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
  const now = Date.now()
  const first = messages.reduce((least, message) => Math.min(least, timeOf(message, now)), Infinity)
  const written = writtenOf(fields)
  let size = BATCH
  const growths = messages.map((message, offset) => {
    const time = timeOf(message, now) - first
    const bare = recordSize(message, NOTHING, offset, time)
    size += bare
    return recordSize(message, written, offset, time) - bare
  })
  const grown = count < growths.length ? growths.toSorted((left, right) => right - left).slice(0, count) : growths
  return size > limit || grown.reduce((sum, growth) => sum + growth, size) <= limit
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

/** Fields as they are written, measured once for all messages. What is only taken off takes no room. */
interface Written {
  readonly fields: FieldChanges
  readonly count: number
  readonly bytes: number
}

const NOTHING: Written = { fields: {}, count: 0, bytes: 0 }

function writtenOf(fields: FieldChanges): Written {
  const own = Object.entries(fields).filter(([, text]) => text !== undefined)
  return {
    fields,
    count: own.length,
    bytes: own.reduce((sum, [name, text]) => sum + partSize(name) + partSize(text), 0),
  }
}

function timeOf({ timestamp }: MessageLike, now: number): number {
  return timestamp === undefined ? now : Number(timestamp)
}

/** Bytes of a record with the fields on it: of thousands in one call, so that it makes nothing. */
function recordSize({ key, value, headers }: MessageLike, written: Written, offset: number, time: number): number {
  let { count, bytes } = written
  for (const name in headers) {
    if (Object.hasOwn(written.fields, name)) continue
    const values = headers[name]
    if (values === undefined) continue
    if (Array.isArray(values)) {
      count += values.length
      for (const one of values) bytes += partSize(name) + partSize(one)
    } else {
      count += 1
      bytes += partSize(name) + partSize(values)
    }
  }
  return sized(1 + varint(time) + varint(offset) + varint(count) + partSize(key) + partSize(value) + bytes)
}

/** Bytes of a key, a value, or a part of a header; one that is missing has a number that says so. */
function partSize(part: unknown): number {
  return part === undefined || part === null ? 1 : sized(bytesOf(part))
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
